//! Refresh tokens in a file, for wrk to take.

use std::io::Write as _;

use tempfile::NamedTempFile;

use crate::client;
use crate::failure::Failure;
use crate::server::Server;

/// Logs each of the users in anew, and returns a file with their refresh tokens, a line each.
///
/// Anew for each load: the answer to the last request of one is lost, and with it a successor.
pub(crate) fn of_new_sessions(
    server: &Server,
    logins: &[String],
) -> Result<NamedTempFile, Failure> {
    let tokens = client::refresh_tokens(server, logins)?;
    let mut file = NamedTempFile::new().map_err(Failure::io("making a file of tokens"))?;
    writeln!(file, "{}", tokens.join("\n")).map_err(Failure::io("writing a file of tokens"))?;
    Ok(file)
}

/// Registers as many users, and returns their names.
pub(crate) fn register(server: &Server, name: &str, users: usize) -> Result<Vec<String>, Failure> {
    let logins: Vec<_> = (0..users).map(|number| format!("{name}{number}")).collect();
    logins.iter().try_for_each(|login| client::register(server, login))?;
    Ok(logins)
}
