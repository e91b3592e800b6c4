//! Refreshes against what happens while they wait for their permit.

use super::*;

#[test]
fn a_request_that_lost_the_swap_gets_the_winners_successor() {
    let world = World::new();
    let (id, first) = world.session("ada");
    let loser = run_to_hash(world.service.refresh(token(&first), None));
    let second = world.rotate(&first);
    let same = loser.run_blocking().unwrap();
    assert_eq!(token(&same), token(&second));
    assert_eq!(world.row(&id).unwrap().generation, 1, "one generation use_case");
}

#[test]
fn a_request_that_lost_the_swap_without_grace_is_stale_and_never_a_thief() {
    let world = grace_zero();
    let (_, first) = world.session("ada");
    let loser = run_to_hash(world.service.refresh(token(&first), None));
    let second = world.rotate(&first);
    let refusal = loser.run_blocking().unwrap_err();
    assert!(matches!(refusal, RefreshError::Refused(RefreshRefusal::Stale { .. })), "{refusal:?}");
    let third = world.rotate(&second);
    world.assert_refused(&second, &RefreshRefusal::Reused);
    world.assert_refused(&third, &RefreshRefusal::NoSession);
}

/// What may end a session while a refresh is on its way.
type Interruption = fn(&World, &UserId);

fn interruptions() -> [(Interruption, RefreshRefusal); 5] {
    [
        (
            |world, id| {
                let session = world.row(id).unwrap();
                let (reason, now) = (EndReason::LoggedOut, session.rotated_at);
                world.store.end_session(id, &session.id, reason, now).unwrap();
            },
            RefreshRefusal::NoSession,
        ),
        (
            |world, _| {
                world.login("ada", PASSWORD).unwrap();
            },
            RefreshRefusal::Superseded,
        ),
        (
            |world, id| {
                world.store.edit(id, |user| user.is_disabled = true);
            },
            RefreshRefusal::UserDisabled,
        ),
        (
            |world, id| {
                world.store.delete(id);
            },
            RefreshRefusal::UnknownUser,
        ),
        (|world, id| world.set_password(id, "$2b$04$another"), RefreshRefusal::NoSession),
    ]
}

/// Goes on with a refresh that was interrupted.
fn assert_refused_after(
    interrupt: Interruption,
    world: &World,
    id: &UserId,
    refresh: UseCase<Outcome>,
    expected: &RefreshRefusal,
) {
    interrupt(world, id);
    let before = world.store.load(id).unwrap();
    match refresh.run_blocking() {
        Err(RefreshError::Refused(refusal)) => assert_eq!(refusal, *expected),
        other => panic!("expected {expected:?}, got {other:?}"),
    }
    assert_eq!(world.store.load(id).unwrap(), before, "nothing is written");
}

#[test]
fn a_session_that_ends_before_the_swap_does_not_come_back() {
    for (interrupt, expected) in interruptions() {
        let world = World::new();
        let (id, first) = world.session("ada");
        let refresh = run_to_hash(world.service.refresh(token(&first), None));
        assert_refused_after(interrupt, &world, &id, refresh, &expected);
    }
}

#[test]
fn a_session_that_ends_while_a_retry_waits_for_its_turn_gives_no_access_token_any_more() {
    for (interrupt, expected) in interruptions() {
        let world = World::new();
        let (id, first) = world.session("ada");
        world.rotate(&first);
        let retry = run_to_hash(world.service.refresh(token(&first), None));
        assert_refused_after(interrupt, &world, &id, retry, &expected);
    }
}

#[test]
fn a_retry_that_waits_while_its_successor_is_used_is_stale_and_never_a_thief() {
    for seconds in [0, 3600] {
        let world = World::new();
        let (_, first) = world.session("ada");
        let second = world.rotate(&first);
        let retry = run_to_hash(world.service.refresh(token(&first), None));
        world.advance(seconds);
        let third = world.rotate(&second);
        let refusal = retry.run_blocking().unwrap_err();
        let is_stale = matches!(refusal, RefreshError::Refused(RefreshRefusal::Stale { .. }));
        assert!(is_stale, "{seconds} {refusal:?}");
        world.rotate(&third);
    }
}

#[test]
fn three_lost_swaps_are_a_conflict_that_may_be_retried() {
    // Disabled at each swap and enabled again before each look: no winner is ever seen.
    let world = interposed(|store, verb| {
        let is_disabled = verb == Verb::Rotate;
        store.edit(&UserId::new(1), |user| user.is_disabled = is_disabled);
        Ok(())
    });
    let (id, first) = world.session("ada");
    let before = world.row(&id);
    let runs = crate::testing::bcrypt_runs::during(|| {
        assert!(matches!(world.refresh(token(&first)), Err(RefreshError::Conflict)));
    });
    assert_eq!(runs.len(), 3, "three hashes, and comparisons with what was hashed here");
    assert_eq!(world.service.0.refresh_token_hasher.remembered(), 1, "the one that the row has");
    assert_eq!(world.events(), [AuthEventKind::RefreshConflicted]);
    assert_eq!(world.row(&id), before);
}
