//! hallpass's own tables over a pool of the application's.

use diesel::SqliteConnection;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool as ApplicationPool};
use hallpass::{
    AttemptKey, LoginLimits, LoginName, NewUser, PasswordHash, Scope, Sessions, Timestamp, Verdict,
};
use tempfile::TempDir;

use super::*;
use crate::schema::tables::users;

type SqlitePool = ApplicationPool<ConnectionManager<SqliteConnection>>;

fn pool() -> (TempDir, SqlitePool) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.db").display().to_string();
    let pool = SqlitePool::builder().max_size(1).build(ConnectionManager::new(path)).unwrap();
    (directory, pool)
}

#[test]
fn users_and_attempts_are_kept_over_the_pool_of_the_application() {
    let (_directory, pool) = pool();
    let store = open_over(pool.clone(), Migrations::Run).unwrap();
    let new = NewUser {
        login: LoginName::parse("ada").unwrap(),
        password_hash: PasswordHash::new("p"),
        scope: Scope::default(),
        created_at: Timestamp::MAX,
    };
    let id = store.create(&new).unwrap().unwrap();
    let login: String = users::table.select(users::login).first(&mut pool.get().unwrap()).unwrap();
    assert_eq!(login, "ada");
    let several = open_per_device_over(pool.clone(), 3, Migrations::Run).unwrap();
    assert_eq!(several.sessions(), Sessions::PerDevice { max: 3 });
    assert_eq!(several.load(&id).unwrap(), store.load(&id).unwrap());
    let limiter = open_limiter_over(pool, Migrations::Run).unwrap();
    let policy = LoginLimits::default().account;
    let verdict = limiter.take(&AttemptKey::of_login("ada"), policy, Timestamp::MAX);
    assert_eq!(verdict.unwrap(), Verdict::Allowed);
}

#[test]
fn a_table_that_the_database_of_the_pool_lacks_is_an_error() {
    let (_directory, pool) = pool();
    let error = open_over(pool.clone(), Migrations::Check).err().unwrap().to_string();
    assert_eq!(error, "the table `users` is missing; run the migrations (MIGRATE=true)");
    open_over(pool.clone(), Migrations::Run).unwrap();
    let error = open_per_device_over(pool.clone(), 3, Migrations::Check).err().unwrap().to_string();
    assert!(error.starts_with("the table `sessions` is missing"), "{error}");
    let error = open_limiter_over(pool, Migrations::Check).err().unwrap().to_string();
    assert!(error.starts_with("the table `login_attempts` is missing"), "{error}");
}
