//! Runs other programs to their end.

use std::process::Command;

use crate::failure::Failure;

/// Runs `command` and returns what it printed, without the line's end.
pub(crate) fn output_of(command: &mut Command) -> Result<String, Failure> {
    let name = command_line(command);
    let output = command.output().map_err(Failure::io(format!("running `{name}`")))?;
    if !output.status.success() {
        return Err(Failure::of_command(name, &output));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// Returns the program and its arguments as one would type them, as far as a reader wants to know.
pub(crate) fn command_line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let line: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    line.join(" ").chars().take(200).collect()
}
