//! Who may read a file that is made.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use super::*;
use crate::connection::error::OpenError;

#[test]
fn a_database_that_is_made_is_for_its_owner_alone() {
    let fixture = Fixture::new();
    fixture.user();
    let modes: Vec<_> =
        modes_in(fixture.directory.path()).into_iter().map(|(_, mode)| mode).collect();
    assert_eq!(modes, [0o600; 3], "the database, its log and its index");
}

/// Opens the database at `path` and asks it something, so that its log is there.
fn open_at(path: &Path) -> Result<DieselStore<Users, Pool<SqliteConnection>>, OpenError> {
    let url = DatabaseUrl::parse(path.to_str().unwrap()).unwrap();
    let (tables, size) = (&[SchemaTable::Users], NonZeroU32::MIN);
    let store = own_users(pooled(&url, tables, Migrations::Run, size, sqlite::create)?);
    assert_eq!(store.load(&UserId::new("1")).unwrap(), None);
    Ok(store)
}

/// Returns the name and the mode of each plain file in the folder.
fn modes_in(folder: &Path) -> Vec<(String, u32)> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
    let mode = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        (name, entry.metadata().unwrap().permissions().mode() & 0o777)
    };
    let mut modes: Vec<_> = files.map(mode).collect();
    modes.sort();
    modes
}

#[test]
fn a_database_that_is_made_behind_a_link_is_for_its_owner_alone() {
    let directory = tempfile::tempdir().unwrap();
    let (app, shared) = (directory.path().join("app"), directory.path().join("shared"));
    for (case, links) in [
        ("a relative link", &[("app.db", "../shared/real.db")][..]),
        ("an absolute link", &[("app.db", "{shared}/real.db")]),
        ("a link to a link", &[("app.db", "next.db"), ("next.db", "../shared/real.db")]),
        ("a link in a linked folder", &[("data", "../shared"), ("app.db", "data/real.db")]),
        (
            "a link up from a linked folder",
            &[("data", "../shared/in"), ("app.db", "data/../real.db")],
        ),
    ] {
        fs::create_dir_all(shared.join("in")).unwrap();
        fs::create_dir_all(&app).unwrap();
        for (link, target) in links {
            let target = target.replace("{shared}", shared.to_str().unwrap());
            symlink(target, app.join(link)).unwrap();
        }
        let store = open_at(&app.join("app.db")).unwrap();
        let expected = ["real.db", "real.db-shm", "real.db-wal"];
        assert_eq!(modes_in(&shared), expected.map(|name| (name.to_owned(), 0o600)), "{case}");
        assert_eq!(modes_in(&app), [], "{case}");
        drop(store);
        fs::remove_dir_all(&shared).unwrap();
        fs::remove_dir_all(&app).unwrap();
    }
}

#[test]
fn a_database_that_is_there_behind_a_link_keeps_its_mode() {
    let directory = tempfile::tempdir().unwrap();
    let real = directory.path().join("real.db");
    fs::write(&real, "").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real.db", directory.path().join("app.db")).unwrap();
    let store = open_at(&directory.path().join("app.db")).unwrap();
    let expected = ["real.db", "real.db-shm", "real.db-wal"];
    assert_eq!(modes_in(directory.path()), expected.map(|name| (name.to_owned(), 0o640)));
    drop(store);
}

#[test]
fn a_link_that_leads_nowhere_is_an_error_and_makes_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.db");
    for target in ["no-such-folder/real.db", "app.db"] {
        symlink(target, &path).unwrap();
        let error = open_at(&path).err().unwrap().to_string();
        let expected = format!("the database {} can't be opened", path.display());
        assert!(error.starts_with(&expected), "{target}: {error}");
        assert_eq!(modes_in(directory.path()), [], "{target}");
        fs::remove_file(&path).unwrap();
    }
}
