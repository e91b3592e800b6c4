//! The programs that are driven, and the Debian packages they are in.

use std::path::Path;

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
pub(crate) const NEEDED_BY_NODE: [Tool; 2] = [
    Tool { program: "node", debian_package: "nodejs" },
    Tool { program: "npm", debian_package: "npm" },
];

/// Refuses when one of `tools` is missing.
pub(crate) fn require(tools: &[Tool]) -> Result<(), Failure> {
    match tools.iter().find(|tool| !tool.is_installed()) {
        Some(&Tool { program, debian_package }) => {
            Err(Failure::ToolMissing { program, debian_package })
        }
        None => Ok(()),
    }
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
