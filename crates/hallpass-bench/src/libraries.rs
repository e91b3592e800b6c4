//! The libraries that a contender is made of, in the versions that its lock file has.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::command::output_of;
use crate::contender::{Contender, Platform};
use crate::failure::Failure;

/// Returns what the contender depends on by itself, as `name version, name version`.
pub(crate) fn of(contender: Contender) -> Result<String, Failure> {
    match contender.platform() {
        Platform::Rust => of_crate(contender),
        Platform::Node => of_package(contender),
    }
}

fn of_crate(contender: Contender) -> Result<String, Failure> {
    let tree = output_of(
        Command::new("cargo")
            .args(["tree", "--quiet", "--locked", "--depth=1", "--prefix=none", "--edges=normal"])
            .arg("--manifest-path")
            .arg(contender.folder().join("Cargo.toml")),
    )?;
    Ok(listed_by_cargo(&tree))
}

/// The first line is the contender itself. Behind a version may stand where it comes from.
fn listed_by_cargo(tree: &str) -> String {
    let libraries = tree.lines().skip(1).filter_map(|line| {
        let (name, rest) = line.split_once(" v")?;
        Some(format!("{name} {}", rest.split(' ').next()?))
    });
    libraries.collect::<Vec<_>>().join(", ")
}

/// npm's packages are pinned where they are asked for.
fn of_package(contender: Contender) -> Result<String, Failure> {
    let path = contender.folder().join("package.json");
    let what = || format!("reading {}", path.display());
    let text = fs::read_to_string(&path).map_err(Failure::io(what()))?;
    let package: Value =
        serde_json::from_str(&text).map_err(|source| Failure::Json { what: what(), source })?;
    Ok(pinned_by_npm(&package))
}

fn pinned_by_npm(package: &Value) -> String {
    let dependencies = package["dependencies"].as_object();
    let libraries = dependencies.into_iter().flatten().filter_map(|(name, version)| {
        let version = version.as_str()?;
        Some(format!("{name} {version}"))
    });
    libraries.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_tree_is_read_without_the_contender_and_without_paths() {
        let tree = "contender-hallpass v0.0.0 (/somewhere)\n\
                    actix-hallpass v0.1.0 (/elsewhere)\n\
                    serde_derive v1.0.229 (proc-macro)\n\
                    actix-web v4.18.1\n";
        let expected = "actix-hallpass 0.1.0, serde_derive 1.0.229, actix-web 4.18.1";
        assert_eq!(listed_by_cargo(tree), expected);
    }

    #[test]
    fn of_npms_packages_those_that_run_are_listed() {
        let package = serde_json::json!({
            "dependencies": { "@fastify/jwt": "10.2.8", "fastify": "5.12.8" },
            "devDependencies": { "typescript": "7.0.2" },
        });
        assert_eq!(pinned_by_npm(&package), "@fastify/jwt 10.2.8, fastify 5.12.8");
    }

    /// Those of Rust are not asked for here: cargo would download them.
    #[test]
    fn the_packages_of_each_contender_for_node_are_found() {
        let of_node = |contender: &Contender| contender.platform() == Platform::Node;
        for contender in Contender::ALL.into_iter().filter(of_node) {
            assert!(of_package(contender).unwrap().contains("jwt "), "{}", contender.name());
        }
    }
}
