//! What the memory of hashes holds of refreshes and logins.

use super::*;

/// Else a busy server's memory would be full of hashes that no row has.
#[test]
fn a_refreshed_session_is_remembered_once_however_often_it_was_refreshed() {
    let world = World::new();
    let (_, first) = world.session("ada");
    let second = world.rotate(&first);
    world.rotate(&second);
    assert_eq!(world.service.0.refresh_token_hasher.remembered(), 1);
}

/// A login that meets another server's change of the password, and a write that fails.
#[test]
fn what_was_not_written_is_not_remembered() {
    let is_down = Arc::new(AtomicBool::new(false));
    let down = Arc::clone(&is_down);
    let world = interposed(move |store, verb| {
        if !down.load(Ordering::SeqCst) {
            return Ok(());
        }
        match verb {
            Verb::Rotate => Err(StoreError::Unavailable("the disk is full".into())),
            Verb::StartSession => {
                store.edit(&UserId::new(2), |user| user.password_hash = PasswordHash::new("other"));
                store.edit(&UserId::new(3), |user| user.is_disabled = true);
                Ok(())
            }
            _ => Ok(()),
        }
    });
    let remembered = || world.service.0.refresh_token_hasher.remembered();
    let (_, first) = world.session("ada");
    world.register("bob");
    world.register("cyd");
    is_down.store(true, Ordering::SeqCst);
    assert!(matches!(world.refresh(token(&first)), Err(RefreshError::Store(_))));
    assert_eq!(remembered(), 1, "after a swap that failed");
    for login in ["bob", "cyd"] {
        assert!(matches!(world.login(login, PASSWORD), Err(LoginError::Refused(_))), "{login}");
        assert_eq!(remembered(), 1, "after a login that was lost: {login}");
    }
    is_down.store(false, Ordering::SeqCst);
    world.rotate(&first);
    assert_eq!(remembered(), 1);
}

#[test]
fn a_login_that_could_not_be_written_is_not_remembered() {
    let world = interposed(|_, verb| match verb {
        Verb::StartSession => Err(StoreError::Unavailable("the disk is full".into())),
        _ => Ok(()),
    });
    world.register("ada");
    assert!(matches!(world.login("ada", PASSWORD), Err(LoginError::Store(_))));
    assert_eq!(world.service.0.refresh_token_hasher.remembered(), 0);
}
