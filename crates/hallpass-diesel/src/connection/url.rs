//! `DATABASE_URL`: which database, and where.

mod error;
mod server_url;

use std::fmt::{self, Display};
use std::path::PathBuf;

use hallpass::check_setting_text;
use server_url::ServerUrl;

use error::MYSQL_PARAMETERS;

pub use error::DatabaseUrlError;

/// Where the `users` table is.
///
/// ```
/// use hallpass_diesel::DatabaseUrl;
///
/// assert!(DatabaseUrl::parse("sqlite:app.db").is_ok());
/// assert!(DatabaseUrl::parse("app.db").is_ok());
/// let error = DatabaseUrl::parse("postgress://ada:s3cret@db/app").unwrap_err().to_string();
/// assert!(error.starts_with("`postgress:` is no database"));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    scheme: Scheme,
    place: Place,
}

/// Which kind of database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Sqlite,
    Postgres,
    Mysql,
}

#[derive(Clone, PartialEq, Eq)]
enum Place {
    File(PathBuf),
    Server(ServerUrl),
}

impl DatabaseUrl {
    /// Reads `sqlite:PATH`, `sqlite://PATH`, a bare path, `postgres://…` (or `postgresql://…`) or
    /// `mysql://…` (or `mariadb://…`), each where its feature is on.
    ///
    /// What follows the scheme of a server is its client library's: for PostgreSQL
    /// [libpq's URI](https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS),
    /// several hosts and `sslmode` among it; for MySQL what Diesel reads, `ssl_mode` and
    /// `unix_socket` among it.
    ///
    /// The text is taken as it is, without trimming: [`hallpass::check_setting_text`] says what is
    /// rejected. (`DATABASE_URL` itself is trimmed before.)
    ///
    /// # Errors
    /// [`DatabaseUrlError`]: what is wrong with it, without its content.
    pub fn parse(text: &str) -> Result<Self, DatabaseUrlError> {
        check_setting_text(text)?;
        match scheme_of(text) {
            None => Self::file(text, Written::Bare),
            Some("sqlite") => {
                let path = &text["sqlite:".len()..];
                Self::file(path.strip_prefix("//").unwrap_or(path), Written::WithScheme)
            }
            Some(scheme @ ("postgres" | "postgresql")) => Self::postgres(scheme, text),
            Some(scheme @ ("mysql" | "mariadb")) => Self::mysql(scheme, text),
            Some(scheme) => Err(unknown(scheme, text)),
        }
    }

    fn file(path: &str, written: Written) -> Result<Self, DatabaseUrlError> {
        if path.contains(":memory:") {
            return Err(DatabaseUrlError::InMemory);
        }
        if path.is_empty() {
            return Err(DatabaseUrlError::NoPath);
        }
        check_setting_text(path)?;
        if written == Written::Bare && is_mistyped_url(path) {
            return Err(DatabaseUrlError::NotAPath);
        }
        // `sqlite:app.db?mode=rwc` means a parameter elsewhere; here it would be a file's name.
        let has_parameters = written == Written::WithScheme && path.contains('?');
        if path.starts_with("file:") || has_parameters {
            return Err(DatabaseUrlError::NotAPath);
        }
        let scheme = Scheme::Sqlite.if_on("sqlite")?;
        Ok(Self { scheme, place: Place::File(PathBuf::from(path)) })
    }

    fn postgres(scheme: &str, text: &str) -> Result<Self, DatabaseUrlError> {
        let server = ServerUrl::parse(scheme, text)?;
        let is_parameter = |name| server.parameters().any(|pair| pair.starts_with(name));
        // libpq would take the database that is called as the user is.
        if server.database().is_empty() && !is_parameter("dbname=") && !is_parameter("service=") {
            return Err(DatabaseUrlError::NoDatabase { scheme: server.scheme });
        }
        Ok(Self { scheme: Scheme::Postgres.if_on(scheme)?, place: Place::Server(server) })
    }

    fn mysql(scheme: &str, text: &str) -> Result<Self, DatabaseUrlError> {
        let server = ServerUrl::parse(scheme, text)?;
        if server.database().is_empty() {
            return Err(DatabaseUrlError::NoDatabase { scheme: server.scheme });
        }
        // Diesel passes over those it does not know: `sslmode=require` would ask for no encryption.
        for pair in server.parameters() {
            let name = pair.split('=').next().unwrap_or_default();
            if !MYSQL_PARAMETERS.contains(&name) {
                return Err(DatabaseUrlError::UnknownParameter);
            }
            // Nor would MariaDB's library say that it can't do what Diesel asks for.
            if name == "ssl_mode" && !knows_ssl_mode() {
                return Err(DatabaseUrlError::NoSslMode);
            }
        }
        Ok(Self { scheme: Scheme::Mysql.if_on(scheme)?, place: Place::Server(server) })
    }

    pub(crate) fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Returns the path of a file.
    ///
    /// # Panics
    /// When it is a server: only SQLite's connections ask, and they are opened for files alone.
    #[cfg(feature = "sqlite")]
    pub(crate) fn path(&self) -> &std::path::Path {
        match &self.place {
            Place::File(path) => path,
            Place::Server(_) => panic!("{self} is no file"),
        }
    }

    /// Returns the URL of a server with another scheme. Holds the password.
    #[cfg(feature = "mysql")]
    pub(crate) fn expose_with_scheme(&self, scheme: &str) -> String {
        match &self.place {
            Place::File(path) => path.display().to_string(),
            Place::Server(server) => server.with_scheme(scheme).expose(),
        }
    }

    /// Returns the URL of a server, with those of the parameters that it does not have. Holds the
    /// password.
    #[cfg(feature = "postgres")]
    pub(crate) fn expose_with_parameters(&self, parameters: &[(&str, &str)]) -> String {
        match &self.place {
            Place::File(path) => path.display().to_string(),
            Place::Server(server) => server.with_parameters(parameters).expose(),
        }
    }

    /// Writes a database's message in one line and without what must not be shown.
    pub(crate) fn redact(&self, message: &dyn Display) -> String {
        let message = message.to_string();
        let message = match &self.place {
            Place::File(_) => message,
            Place::Server(server) => server.redact(&message),
        };
        message.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl Scheme {
    /// Refuses a kind of database that this build can't talk to; `written` is how the URL calls it.
    fn if_on(self, written: &str) -> Result<Self, DatabaseUrlError> {
        let (feature, is_on) = match self {
            Self::Sqlite => ("sqlite", cfg!(feature = "sqlite")),
            Self::Postgres => ("postgres", cfg!(feature = "postgres")),
            Self::Mysql => ("mysql", cfg!(feature = "mysql")),
        };
        if !is_on {
            return Err(DatabaseUrlError::FeatureOff { scheme: written.to_owned(), feature });
        }
        Ok(self)
    }
}

/// Whether a path came with `sqlite:` before it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    Bare,
    WithScheme,
}

/// A letter and more before a colon; one letter alone is a drive (`C:\app.db`).
fn scheme_of(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let is_scheme = scheme.len() > 1
        && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_scheme.then_some(scheme)
}

/// Returns whether the client library that this build is linked with knows `ssl_mode`.
fn knows_ssl_mode() -> bool {
    #[cfg(feature = "mysql")]
    return mysqlclient_sys::SUPPORTS_MYSQL_SSL_MODE;
    #[cfg(not(feature = "mysql"))]
    return true;
}

/// Shows a scheme only where the text is a URL by its looks: anything else may be a secret that was
/// put into the wrong variable.
fn unknown(scheme: &str, text: &str) -> DatabaseUrlError {
    let is_url = text[scheme.len()..].starts_with("://");
    let is_typo = ["sql", "post", "pg", "my", "maria", "file"]
        .iter()
        .any(|beginning| scheme.starts_with(beginning) && scheme.len() <= 12);
    if is_url || is_typo {
        return DatabaseUrlError::UnknownScheme { scheme: scheme.to_owned() };
    }
    DatabaseUrlError::NotAPath
}

/// A URL with a quote at one end or without its colon, or settings as `host=db password=…`: as a path it
/// would be shown in messages, with the password in it.
fn is_mistyped_url(path: &str) -> bool {
    let lower = path.to_lowercase();
    let is_list_of_settings =
        ["password=", "pwd=", "dbname=", "host="].iter().any(|name| lower.contains(name));
    let has_quote = path.trim_matches(['"', '\'']) != path;
    has_quote
        || is_list_of_settings
        || path.contains("://")
        || (path.contains(':') && path.contains('@'))
}

impl Display for DatabaseUrl {
    /// Writes where the database is, without user, password and parameters.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::File(path) => path.display().fmt(formatter),
            Place::Server(server) => write!(formatter, "{}://{}", server.scheme, server.address),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests;
