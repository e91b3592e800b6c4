//! Several schemas in one PostgreSQL database: a table that is found decides where the others are.

use actix_hallpass::hallpass_diesel::migrations::{self, revert_last};
use actix_hallpass::hallpass_diesel::{
    DatabaseUrl, MigrationError, Migrations, SchemaTable, open, open_limiter, open_per_device,
};
use diesel::{Connection as _, PgConnection};
use diesel_migrations::{FileBasedMigrations, MigrationHarness as _};

use crate::databases::{Kind, Server, TestDatabase};
use crate::forge;
use crate::process::{Process, command_on, run_to_end};

/// The migrations that the diesel CLI runs.
const MIGRATIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/postgres");

/// A database, and a role that owns it.
struct OwnedDatabase {
    database: TestDatabase,
    role: String,
}

impl OwnedDatabase {
    fn new() -> Option<Self> {
        let database = TestDatabase::on(Kind::Postgres)?;
        let role = format!("{}_role", database.name());
        database.sql(&format!(
            "CREATE ROLE {role} LOGIN; ALTER DATABASE {} OWNER TO {role}",
            database.name()
        ));
        Some(Self { database, role })
    }

    /// The URL for the role, with a search path where one is given.
    fn url(&self, search_path: Option<&str>) -> String {
        let url = self.database.url_as(&self.role);
        let mark = if url.contains('?') { '&' } else { '?' };
        let option = search_path.map(|path| format!("{mark}options=-csearch_path%3D{path}"));
        url + &option.unwrap_or_default()
    }

    fn database_url(&self, search_path: Option<&str>) -> DatabaseUrl {
        DatabaseUrl::parse(&self.url(search_path)).unwrap()
    }

    /// Returns the tables of a schema, in the order of their names.
    fn tables(&self, schema: &str) -> String {
        let query = |table: &str| {
            format!(
                "information_schema.tables WHERE table_schema = '{schema}' AND table_name = '{table}'"
            )
        };
        let all = ["__hallpass_schema_migrations", "login_attempts", "sessions", "users"];
        let found = all.into_iter().filter(|table| self.database.count(&query(table)) == 1);
        found.collect::<Vec<_>>().join(" ")
    }

    fn server(&self, environment: &[(&str, &str)]) -> Process {
        let mut command = command_on(&self.database);
        command.env("DATABASE_URL", self.url(None)).env_remove("SESSIONS_PER_USER");
        Process::run(command.envs(environment.iter().copied()))
    }

    fn error(&self, search_path: &str, migrations: Migrations) -> String {
        open_per_device(&self.database_url(Some(search_path)), 5, migrations, None)
            .err()
            .expect("it is refused")
            .to_string()
    }
}

impl Drop for OwnedDatabase {
    fn drop(&mut self) {
        let Some(server) = Server::of(Kind::Postgres) else { return };
        server.drop_database(self.database.name());
        server.sql(&format!("DROP ROLE {}", self.role));
    }
}

const ALL: &str = "__hallpass_schema_migrations login_attempts sessions users";

/// `CREATE SCHEMA` is all it takes: the default search path is `"$user", public`.
#[test]
fn a_schema_that_is_made_later_leaves_the_users_and_their_ids_where_they_are() {
    let Some(owned) = OwnedDatabase::new() else { return };
    let server = owned.server(&[]);
    let ada = server.session("ada");
    let old_id = forge::payload(&ada.access)["sub"].clone();
    drop(server);
    let role = &owned.role;
    owned.database.sql(&format!("CREATE SCHEMA {role} AUTHORIZATION {role}"));
    let server = owned.server(&[("SESSIONS_PER_USER", "5"), ("LOGIN_THROTTLE", "database")]);
    assert_eq!((owned.tables("public").as_str(), owned.tables(role).as_str()), (ALL, ""));
    let tokens = server.login("ada", "correct horse").tokens();
    assert_eq!(forge::payload(&tokens.access)["sub"], old_id);
    server.refresh(&ada.refresh).tokens();
    let bob = server.session("bob");
    assert_ne!(forge::payload(&bob.access)["sub"], old_id, "no id is given twice");
    assert_eq!(owned.database.count("public.users"), 2);
    assert_eq!(owned.database.count("public.sessions"), 3);
}

#[test]
fn each_migration_goes_where_the_users_are_and_is_taken_back_there() {
    let Some(owned) = OwnedDatabase::new() else { return };
    open(&owned.database_url(None), Migrations::Run, None).unwrap();
    owned.database.sql(&format!("CREATE SCHEMA \"A \"\"schema\" AUTHORIZATION {}", owned.role));
    owned
        .database
        .sql(&format!("ALTER ROLE {} SET search_path = 'A \"schema', public", owned.role));
    let url = owned.database_url(None);
    open_limiter(&url, Migrations::Run, None).unwrap();
    open_per_device(&url, 5, Migrations::Run, None).unwrap();
    open_per_device(&url, 5, Migrations::Check, None).unwrap();
    assert_eq!((owned.tables("public").as_str(), owned.tables("A \"schema").as_str()), (ALL, ""));
    let mut connection = PgConnection::establish(&owned.url(None)).unwrap();
    while revert_last(&mut connection).unwrap().is_some() {}
    assert_eq!(owned.tables("public"), "__hallpass_schema_migrations");
    migrations::run(&mut connection).unwrap();
    assert_eq!(
        owned.tables("A \"schema"),
        "__hallpass_schema_migrations users",
        "nothing is found"
    );
}

#[test]
fn two_installations_in_two_schemas_have_users_of_their_own() {
    let Some(owned) = OwnedDatabase::new() else { return };
    let role = &owned.role;
    owned.database.sql(&format!(
        "CREATE SCHEMA one AUTHORIZATION {role}; CREATE SCHEMA two AUTHORIZATION {role}"
    ));
    for (path, login) in [("one", "ada"), ("two", "bob")] {
        let url = owned.url(Some(path));
        let server = owned.server(&[
            ("DATABASE_URL", &url),
            ("SESSIONS_PER_USER", "5"),
            ("LOGIN_THROTTLE", "database"),
        ]);
        let tokens = server.session(login);
        assert_eq!(forge::payload(&tokens.access)["sub"], "1", "{path}");
        server.refresh(&tokens.refresh).tokens();
        server.login("ada", "correct horse");
    }
    for schema in ["one", "two"] {
        assert_eq!(owned.tables(schema), ALL);
        assert_eq!(owned.database.count(&format!("{schema}.users")), 1);
    }
    for path in ["one,two", "two,one"] {
        open_per_device(&owned.database_url(Some(path)), 5, Migrations::Run, None).unwrap();
    }
    assert_eq!(owned.tables("public"), "");
}

#[test]
fn a_foreign_table_of_sessions_behind_ones_own_schema_is_left_alone() {
    let Some(owned) = OwnedDatabase::new() else { return };
    let role = &owned.role;
    owned.database.sql(&format!(
        "CREATE SCHEMA {role} AUTHORIZATION {role};
         CREATE TABLE public.sessions (theirs TEXT); CREATE TABLE public.login_attempts (theirs TEXT)"
    ));
    let server = owned.server(&[("SESSIONS_PER_USER", "5"), ("LOGIN_THROTTLE", "database")]);
    server.refresh(&server.session("ada").refresh).tokens();
    assert_eq!(owned.tables(role), ALL);
    assert_eq!(owned.tables("public"), "login_attempts sessions");
    assert_eq!(owned.database.count("public.sessions"), 0);
}

#[test]
fn a_foreign_table_that_statements_would_find_instead_is_refused_with_both_names() {
    let Some(owned) = OwnedDatabase::new() else { return };
    open(&owned.database_url(None), Migrations::Run, None).unwrap();
    owned.database.sql(&format!(
        "CREATE SCHEMA app AUTHORIZATION {}; CREATE TABLE app.sessions (theirs TEXT);
         CREATE TABLE app.login_attempts (theirs TEXT)",
        owned.role
    ));
    let error = owned.error("app,public", Migrations::Run);
    assert_eq!(
        error,
        "a statement would find `app.sessions` where it needs `public.sessions`, beside hallpass's \
         other tables; put `public` first in `search_path`, or rename `app.sessions`"
    );
    let url = owned.database_url(Some("app,public"));
    let error = open_limiter(&url, Migrations::Run, None).err().unwrap().to_string();
    for name in ["`app.login_attempts`", "`public.login_attempts`"] {
        assert!(error.contains(name), "{name}: {error}");
    }
    let error = owned.error("app,public", Migrations::Check);
    assert_eq!(error, "the table `sessions` is missing; run the migrations (MIGRATE=true)");
    assert_eq!(owned.tables("public"), "__hallpass_schema_migrations users", "nothing is done");
    open_per_device(&owned.database_url(Some("public,app")), 5, Migrations::Run, None).unwrap();
    let error = owned.error("app,public", Migrations::Check);
    assert!(error.starts_with("a statement would find `app.sessions`"), "{error}");
}

#[test]
fn users_whose_migrations_are_recorded_in_another_schema_are_refused_with_both_names() {
    let Some(owned) = OwnedDatabase::new() else { return };
    open(&owned.database_url(Some("public")), Migrations::Run, None).unwrap();
    owned.database.sql(&format!(
        "CREATE SCHEMA app AUTHORIZATION {role};
         CREATE TABLE app.__hallpass_schema_migrations (LIKE public.__hallpass_schema_migrations);
         ALTER TABLE app.__hallpass_schema_migrations OWNER TO {role};
         DROP TABLE public.__hallpass_schema_migrations",
        role = owned.role
    ));
    for path in ["app,public", "public,app"] {
        for migrations in [Migrations::Run, Migrations::Check] {
            let error = owned.error(path, migrations);
            assert_eq!(
                error,
                "`public.users` exists, but its migrations are recorded in \
                 `app.__hallpass_schema_migrations`, not in `public.__hallpass_schema_migrations`; if it \
                 is hallpass's, move that record into its schema, else put hallpass's schema first in \
                 `search_path`, or rename `public.users`"
            );
        }
    }
    assert_eq!(owned.tables("app"), "__hallpass_schema_migrations");
}

#[test]
fn users_that_the_diesel_cli_has_recorded_in_another_schema_are_refused_with_both_names() {
    let Some(owned) = OwnedDatabase::new() else { return };
    owned.database.sql(&format!("CREATE SCHEMA app AUTHORIZATION {}", owned.role));
    let own = FileBasedMigrations::from_path(MIGRATIONS).unwrap();
    let mut connection = PgConnection::establish(&owned.url(Some("app"))).unwrap();
    connection.run_next_migration(own).unwrap();
    owned.database.sql("ALTER TABLE app.__diesel_schema_migrations SET SCHEMA public");
    for migrations in [Migrations::Run, Migrations::Check] {
        let error = owned.error("app,public", migrations);
        let names = "`app.users` exists, but its migrations are recorded in \
                     `public.__diesel_schema_migrations`, not in `app.__hallpass_schema_migrations`;";
        assert!(error.starts_with(names), "{error}");
    }
    assert_eq!((owned.tables("app").as_str(), owned.tables("public").as_str()), ("users", ""));
    owned.database.sql("ALTER TABLE public.__diesel_schema_migrations SET SCHEMA app");
    open_per_device(&owned.database_url(Some("app,public")), 5, Migrations::Run, None).unwrap();
}

#[test]
fn users_of_hallpasss_without_a_record_are_refused_in_the_first_schema_too() {
    let Some(owned) = OwnedDatabase::new() else { return };
    open(&owned.database_url(None), Migrations::Run, None).unwrap();
    owned.database.sql("DROP TABLE __hallpass_schema_migrations");
    let error = owned.error("public", Migrations::Run);
    for name in ["`public.users` exists", "restore `public.__hallpass_schema_migrations`"] {
        assert!(error.contains(name), "{name}: {error}");
    }
}

#[test]
fn somebody_elses_users_in_another_schema_are_refused_with_both_names() {
    let Some(owned) = OwnedDatabase::new() else { return };
    let role = &owned.role;
    owned.database.sql(&format!(
        "CREATE TABLE public.users (theirs TEXT); CREATE SCHEMA {role} AUTHORIZATION {role}"
    ));
    let (status, text) =
        run_to_end(command_on(&owned.database).env("DATABASE_URL", owned.url(None)));
    assert!(!status.success(), "{text}");
    for name in ["`public.users`", "`public.__hallpass_schema_migrations`", "search_path"] {
        assert!(text.contains(name), "{name}: {text}");
    }
    assert_eq!(owned.tables(role), "");
    // Attempts are counted all the same: that table has nothing to do with it.
    let url = owned.database_url(None);
    open_limiter(&url, Migrations::Run, None).unwrap();
    assert_eq!(owned.tables(role), "__hallpass_schema_migrations login_attempts");
    // With a path that names its own schema alone, it is found no longer.
    open(&owned.database_url(Some(role)), Migrations::Run, None).unwrap();
    assert_eq!(owned.tables(role), "__hallpass_schema_migrations login_attempts users");
}

#[test]
fn attempts_are_counted_where_their_table_is() {
    let Some(owned) = OwnedDatabase::new() else { return };
    open_limiter(&owned.database_url(None), Migrations::Run, None).unwrap();
    let role = &owned.role;
    owned.database.sql(&format!("CREATE SCHEMA {role} AUTHORIZATION {role}"));
    open_limiter(&owned.database_url(None), Migrations::Run, None).unwrap();
    open(&owned.database_url(None), Migrations::Run, None).unwrap();
    assert_eq!(owned.tables("public"), "__hallpass_schema_migrations login_attempts users");
    assert_eq!(owned.tables(role), "");
}

#[test]
fn what_the_diesel_cli_has_recorded_beside_the_users_counts_in_a_later_schema_too() {
    let Some(owned) = OwnedDatabase::new() else { return };
    let own = FileBasedMigrations::from_path(MIGRATIONS).unwrap();
    let mut connection = PgConnection::establish(&owned.url(None)).unwrap();
    connection.run_next_migration(own).unwrap();
    let role = &owned.role;
    owned.database.sql(&format!("CREATE SCHEMA {role} AUTHORIZATION {role}"));
    open_per_device(&owned.database_url(None), 5, Migrations::Run, None).unwrap();
    assert_eq!(owned.tables("public"), "__hallpass_schema_migrations sessions users");
    assert_eq!(owned.tables(role), "");
}

#[test]
fn a_search_path_without_a_schema_that_is_there_is_refused() {
    let Some(owned) = OwnedDatabase::new() else { return };
    let mut connection = PgConnection::establish(&owned.url(Some("nowhere"))).unwrap();
    for outcome in [
        migrations::run_tables(&mut connection, &[SchemaTable::Users]),
        migrations::check(&mut connection),
    ] {
        let error = outcome.unwrap_err();
        assert!(matches!(error, MigrationError::NoSchema), "{error}");
    }
}
