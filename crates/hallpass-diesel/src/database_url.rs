//! `DATABASE_URL`: which database, and where.

use std::fmt;
use std::path::{Path, PathBuf};

/// Where the `users` table is.
///
/// ```
/// use hallpass_diesel::DatabaseUrl;
///
/// assert!(DatabaseUrl::parse("sqlite:app.db").is_ok());
/// assert!(DatabaseUrl::parse("app.db").is_ok());
/// let error = DatabaseUrl::parse("postgres://ada:s3cret@db/app").unwrap_err().to_string();
/// assert_eq!(error, "`postgres:` is not spoken by this version; use `sqlite:PATH`");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    path: PathBuf,
}

/// Why a text is no `DATABASE_URL`. Shows the scheme at most: the rest may hold a password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseUrlError {
    /// It names a database that this build can't talk to.
    #[error("`{scheme}:` is not spoken by this version; use `sqlite:PATH`")]
    Unsupported {
        /// The scheme.
        scheme: String,
    },
    /// It names nothing known; a typo would otherwise become a file of that name.
    #[error("`{scheme}:` is no database; use `sqlite:PATH` or a path")]
    UnknownScheme {
        /// The scheme.
        scheme: String,
    },
    /// It has no path.
    #[error("it names no file; use `sqlite:PATH`")]
    NoPath,
    /// It is a database in memory, of which every pooled connection would have its own.
    #[error("a database in memory is another one for every connection; use a file")]
    InMemory,
    /// Its path has a NUL or parameters, or is an SQLite URI.
    #[error("its path is not a plain one: no parameters and no `file:`; use `sqlite:PATH`")]
    NotAPath,
}

impl DatabaseUrl {
    /// Reads `sqlite:PATH`, `sqlite://PATH` or a bare path.
    ///
    /// # Errors
    /// [`DatabaseUrlError`]: what is wrong with it, without its content.
    pub fn parse(text: &str) -> Result<Self, DatabaseUrlError> {
        let has_sqlite_scheme = scheme_of(text) == Some("sqlite");
        let path = match scheme_of(text) {
            None => text,
            Some("sqlite") => {
                let path = &text["sqlite:".len()..];
                path.strip_prefix("//").unwrap_or(path)
            }
            Some(scheme) => return Err(unknown(scheme, text)),
        };
        if path.contains(":memory:") {
            return Err(DatabaseUrlError::InMemory);
        }
        if path.trim().is_empty() {
            return Err(DatabaseUrlError::NoPath);
        }
        if !has_sqlite_scheme && is_mistyped_url(path) {
            return Err(DatabaseUrlError::NotAPath);
        }
        // `sqlite:app.db?mode=rwc` means a parameter elsewhere; here it would be a file's name.
        let has_parameters = has_sqlite_scheme && path.contains('?');
        if path.contains('\0') || path.starts_with("file:") || has_parameters {
            return Err(DatabaseUrlError::NotAPath);
        }
        Ok(Self { path: PathBuf::from(path) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// A letter and more before a colon; one letter alone is a drive (`C:\app.db`).
fn scheme_of(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let is_scheme = scheme.len() > 1
        && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_scheme.then_some(scheme)
}

/// Shows a scheme only where the text is a URL by its looks: anything else may be a secret that was
/// put into the wrong variable.
fn unknown(scheme: &str, text: &str) -> DatabaseUrlError {
    let is_url = text[scheme.len()..].starts_with("://");
    let is_typo = ["sql", "post", "pg", "my", "maria", "file"]
        .iter()
        .any(|beginning| scheme.starts_with(beginning) && scheme.len() <= 12);
    let scheme = scheme.to_owned();
    match scheme.as_str() {
        "postgres" | "postgresql" | "mysql" | "mariadb" => DatabaseUrlError::Unsupported { scheme },
        _ if is_url || is_typo => DatabaseUrlError::UnknownScheme { scheme },
        _ => DatabaseUrlError::NotAPath,
    }
}

/// A URL in quotes, with a blank before it or without its colon: as a path it would be shown in
/// messages, with the password in it.
fn is_mistyped_url(path: &str) -> bool {
    let is_wrapped =
        path.trim_matches(|c: char| c.is_whitespace() || c == '"' || c == '\'') != path;
    is_wrapped || path.contains("://") || (path.contains(':') && path.contains('@'))
}

impl fmt::Display for DatabaseUrl {
    /// Writes where the database is, without a password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.display().fmt(formatter)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DatabaseUrl({})", self.path.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_a_path_or_says_why_not() {
        use DatabaseUrlError::{InMemory, NoPath, NotAPath, UnknownScheme, Unsupported};
        let unsupported = |scheme: &str| Unsupported { scheme: scheme.to_owned() };
        let unknown_scheme = |scheme: &str| UnknownScheme { scheme: scheme.to_owned() };
        for (text, expected) in [
            ("sqlite:app.db", Ok("app.db")),
            ("sqlite:///var/app.db", Ok("/var/app.db")),
            ("sqlite:////var/app.db", Ok("//var/app.db")),
            ("sqlite:/var/app.db", Ok("/var/app.db")),
            ("/var/a b?#%.db", Ok("/var/a b?#%.db")),
            ("C:\\app.db", Ok("C:\\app.db")),
            ("./a:b", Ok("./a:b")),
            ("sqlite:", Err(NoPath)),
            ("sqlite://", Err(NoPath)),
            ("", Err(NoPath)),
            (":memory:", Err(InMemory)),
            ("sqlite::memory:", Err(InMemory)),
            ("sqlite:file:app.db?mode=memory", Err(NotAPath)),
            ("sqlite:app.db?mode=rwc", Err(NotAPath)),
            ("file:app.db", Err(unknown_scheme("file"))),
            ("sqllite:app.db", Err(unknown_scheme("sqllite"))),
            ("postgress://ada:s3cret@db/app", Err(unknown_scheme("postgress"))),
            ("postgres://ada:s3cret@db/app", Err(unsupported("postgres"))),
            ("mysql://ada:s3cret@db/app", Err(unsupported("mysql"))),
            ("\"postgres://ada:s3cret@db/app\"", Err(NotAPath)),
            (" postgres://ada:s3cret@db/app", Err(NotAPath)),
            ("postgres//ada:s3cret@db/app", Err(NotAPath)),
            ("s3cretpassword:x", Err(NotAPath)),
        ] {
            let expected = expected.map(|path: &str| DatabaseUrl { path: path.into() });
            assert_eq!(DatabaseUrl::parse(text), expected, "{text}");
        }
    }
}
