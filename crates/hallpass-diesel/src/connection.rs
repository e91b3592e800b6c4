//! Which connections a table may be declared for.
//!
//! As in `column.rs`, the alias stands for no type where the feature is off: the compiler then names the
//! feature, and keeps quiet about the statements.

/// The connection `C`, if its feature is on.
pub type Known<C> = <C as IsKnown>::Itself;

/// A connection to a kind of database that is turned on.
#[diagnostic::on_unimplemented(
    message = "hallpass has no `{Self}` as it is built here: turn one of its features on",
    label = "no feature that is on knows a connection that this table is declared for",
    note = "`sqlite` for `SqliteConnection`, `postgres` for `PgConnection`, `mysql` for `MysqlConnection`: \
            `actix-hallpass = {{ version = \"…\", features = [\"postgres\"] }}`"
)]
pub trait IsKnown {
    /// The connection.
    type Itself;
}

#[cfg(feature = "mysql")]
impl IsKnown for diesel::MysqlConnection {
    type Itself = Self;
}

#[cfg(feature = "postgres")]
impl IsKnown for diesel::PgConnection {
    type Itself = Self;
}

#[cfg(feature = "sqlite")]
impl IsKnown for diesel::SqliteConnection {
    type Itself = Self;
}
