//! Builds contenders, each once in a run, and starts them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::output_of;
use crate::contender::{Contender, Platform, repository};
use crate::failure::Failure;
use crate::server::Server;
use crate::server_settings::ServerSettings;
use crate::tool;

/// Knows what has been built.
#[derive(Default)]
pub(crate) struct Workshop {
    built: BTreeMap<Contender, Result<Program, String>>,
}

/// How a built contender is run.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) words: Vec<String>,
}

impl Workshop {
    /// Builds the contender unless it has been, and starts it.
    pub(crate) fn start(
        &mut self,
        contender: Contender,
        settings: &ServerSettings,
    ) -> Result<Server, Failure> {
        let built = self.built.entry(contender).or_insert_with(|| {
            eprintln!("building {}", contender.name());
            build(contender).map_err(|failure| failure.chain())
        });
        let program = built.as_ref().map_err(|reason| Failure::NotBuilt(reason.clone()))?;
        Server::start(contender, program, settings)
    }
}

fn build(contender: Contender) -> Result<Program, Failure> {
    match contender.platform() {
        Platform::Rust => build_with_cargo(contender),
        Platform::Node => install_with_npm(contender),
    }
}

fn build_with_cargo(contender: Contender) -> Result<Program, Failure> {
    let target = target_folder().join("contenders");
    output_of(
        Command::new("cargo")
            .args(["build", "--release", "--locked", "--quiet", "--manifest-path"])
            .arg(contender.folder().join("Cargo.toml"))
            .arg("--target-dir")
            .arg(&target),
    )?;
    let program = target.join("release").join(format!("contender-{}", contender.name()));
    Ok(Program { words: vec![program.display().to_string()] })
}

fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), PathBuf::from)
}

fn install_with_npm(contender: Contender) -> Result<Program, Failure> {
    tool::require_node()?;
    let folder = contender.folder();
    if !is_installed(&folder) {
        output_of(npm(&folder).arg("ci"))?;
    }
    output_of(npm(&folder).args(["run", "build", "--if-present"]))?;
    let compiled = folder.join("dist/main.js");
    let script = if compiled.exists() { compiled } else { folder.join("main.js") };
    Ok(Program { words: vec!["node".to_owned(), script.display().to_string()] })
}

/// Whether the packages are those of the lock file: npm writes a list of what it has installed.
fn is_installed(folder: &Path) -> bool {
    let changed = |file: &str| fs::metadata(folder.join(file)).and_then(|file| file.modified());
    match (changed("node_modules/.package-lock.json"), changed("package-lock.json")) {
        (Ok(installed), Ok(locked)) => installed >= locked,
        _ => false,
    }
}

fn npm(folder: &Path) -> Command {
    let mut npm = Command::new("npm");
    npm.args(["--no-audit", "--no-fund"]).current_dir(folder);
    npm
}
