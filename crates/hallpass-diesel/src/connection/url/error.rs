//! Why a text is no `DATABASE_URL`.

use hallpass::SettingTextError;

/// The parameters of a MySQL URL that Diesel reads.
pub(super) const MYSQL_PARAMETERS: [&str; 5] =
    ["unix_socket", "ssl_mode", "ssl_ca", "ssl_cert", "ssl_key"];

/// Why a text is no `DATABASE_URL`. Shows the scheme at most: the rest may hold a password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseUrlError {
    /// It has an invisible character, a space at an end, or quotes around it.
    #[error(transparent)]
    Text(#[from] SettingTextError),
    /// It names a database that this build can't talk to.
    #[error("`{scheme}:` needs the feature `{feature}`, which is off in this build")]
    FeatureOff {
        /// The scheme.
        scheme: String,
        /// The cargo feature to turn on, of `actix-hallpass` (or of `hallpass-diesel`).
        feature: &'static str,
    },
    /// It names nothing known; a typo would otherwise become a file of that name.
    #[error(
        "`{scheme}:` is no database; use `sqlite:PATH`, `postgres://…`, `mysql://…`, or a path"
    )]
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
    /// Its path has parameters or is an SQLite URI, or it is a URL with a typing error.
    #[error("its path is not a plain one: no parameters and no `file:`; use `sqlite:PATH`")]
    NotAPath,
    /// It begins like the URL of a server, and does not go on like one.
    #[error("it is no URL of a server; use `{scheme}://USER:PASSWORD@HOST:PORT/DATABASE`")]
    NotAServer {
        /// The scheme.
        scheme: String,
    },
    /// A character has to be written in another way, else part of a password would be taken for a host.
    #[error(
        "a character in it means something else: in user and password write `@` as %40, `:` as %3A, \
         `/` as %2F, `?` as %3F, `#` as %23, `%` as %25 and a blank as %20"
    )]
    NotEncoded,
    /// It has a parameter that MySQL's client would pass over without a word.
    #[error("it has a parameter other than {}", MYSQL_PARAMETERS.map(|name| format!("`{name}`")).join(", "))]
    UnknownParameter,
    /// It asks for encryption, and the client library of this build would not care.
    #[error(
        "its `ssl_mode` is passed over by MariaDB's client library, which this build uses: build with MySQL's \
         (libmysqlclient), or encrypt the way to the database by other means and leave `ssl_mode` out"
    )]
    NoSslMode,
    /// Its port is none.
    #[error("its port is not a number from 1 to 65535")]
    NotAPort,
    /// It names a server and no database on it.
    #[error("it names no database; use `{scheme}://USER:PASSWORD@HOST:PORT/DATABASE`")]
    NoDatabase {
        /// The scheme.
        scheme: String,
    },
}
