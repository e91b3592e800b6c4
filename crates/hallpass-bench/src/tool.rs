//! The programs that are driven, and the Debian packages they are in.

use std::path::Path;
use std::process::Command;

use crate::command::output_of;
use crate::failure::Failure;

/// A program that has to be installed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool {
    program: &'static str,
    debian_package: &'static str,
}

/// What nothing can be measured without.
pub(crate) const NEEDED_BY_ALL: [Tool; 4] = [
    Tool { program: "wrk", debian_package: "wrk" },
    Tool { program: "psql", debian_package: "postgresql" },
    Tool { program: "taskset", debian_package: "util-linux" },
    Tool { program: "git", debian_package: "git" },
];

/// What the contenders on Node need.
const NEEDED_BY_NODE: [Tool; 2] = [
    Tool { program: "node", debian_package: "nodejs" },
    Tool { program: "npm", debian_package: "npm" },
];

/// NestJS runs on no older one.
const OLDEST_NODE: (u32, u32) = (20, 19);

/// Refuses when one of `tools` is missing.
pub(crate) fn require(tools: &[Tool]) -> Result<(), Failure> {
    match tools.iter().find(|tool| !tool.is_installed()) {
        Some(&Tool { program, debian_package }) => {
            Err(Failure::ToolMissing { program, debian_package })
        }
        None => Ok(()),
    }
}

/// Refuses when Node or npm is missing, or Node is too old.
pub(crate) fn require_node() -> Result<(), Failure> {
    require(&NEEDED_BY_NODE)?;
    let version = output_of(Command::new("node").arg("--version"))?;
    match major_and_minor(&version) {
        Some(found) if found >= OLDEST_NODE => Ok(()),
        _ => {
            let (major, minor) = OLDEST_NODE;
            Err(Failure::NodeTooOld { found: version, needed: format!("{major}.{minor}") })
        }
    }
}

/// Reads the beginning of a version such as `v20.19.0`.
fn major_and_minor(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

impl Tool {
    fn is_installed(self) -> bool {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| is_file_in(&folder, self.program))
    }
}

fn is_file_in(folder: &Path, program: &str) -> bool {
    folder.join(program).is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        let is_new_enough =
            |version| major_and_minor(version).is_some_and(|found| found >= OLDEST_NODE);
        let table = [
            ("v18.20.4", false),
            ("v20.9.0", false),
            ("v20.19.0", true),
            ("v22.0.0", true),
            ("v100.1.0", true),
            ("20.19.0", false),
            ("", false),
        ];
        for (version, expected) in table {
            assert_eq!(is_new_enough(version), expected, "{version}");
        }
    }
}
