//! A suite that any [`UserStore`] must pass before it is put in front of accounts.
//!
//! Each check adds users of its own, so the suite may run on a store that holds others, and
//! twice on one store. The races use threads of their own: give the store real connections.

mod devices;
mod ended_sessions;
mod moves;
mod races;
mod verbs;

use std::sync::atomic::{AtomicU64, Ordering};

use crate::password::PasswordHash;
use crate::session::{Device, EndReason, RefreshTokenHash, Session, SessionId, Sessions};
use crate::store::{
    NewUser, PasswordChange, ProvenSession, Rotation, SessionStart, SessionsToEnd, UserStore,
};
use crate::testing::MemoryStore;
use crate::time::Timestamp;
use crate::user::{LoginName, Scope, User, UserId};

/// A store, and what the suite needs to do to its rows from outside, as an administrator would.
pub trait Subject: Sync {
    /// Returns the store.
    fn store(&self) -> &dyn UserStore;

    /// Disables the user, by other means than the store's own; returns whether it could: a table
    /// need not have a column for it.
    fn disable(&self, id: &UserId) -> bool;

    /// Returns whether the store keeps a user's scope; without, everybody's is empty.
    fn keeps_scopes(&self) -> bool {
        true
    }

    /// Deletes the user, by other means than the store's own.
    fn delete(&self, id: &UserId);

    /// Returns the store of the same users with one session each, if the store has several and takes
    /// over those of another one.
    fn one_per_user(&self) -> Option<&dyn UserStore> {
        None
    }

    /// Adds sessions of the user, by other means than the store's own, that ended at these times because a
    /// later login took their place ([`EndReason::Superseded`]); returns whether it could. If not, the
    /// checks with ten thousand ended sessions are left out. PostgreSQL has to `ANALYZE` the table then.
    fn add_ended_sessions(&self, _id: &UserId, _ended: &[(SessionId, Timestamp)]) -> bool {
        false
    }

    /// Runs `work` with a store of the same users, and returns how many rows of sessions the database read
    /// for it; `None`, without running it, if that is not counted. hallpass's own tests show how to count
    /// (`tests/system/store/rows_read.rs`).
    fn rows_read(&self, _work: &dyn Fn(&dyn UserStore)) -> Option<u64> {
        None
    }
}

/// Runs every check.
///
/// # Panics
/// At the first verb that does not do what [`UserStore`] says.
pub fn run(subject: &dyn Subject) {
    verbs::run(subject);
    races::run(subject);
    if let Sessions::PerDevice { max } = subject.store().sessions() {
        devices::run(subject, max);
        moves::run(subject, max);
        ended_sessions::run(subject, max);
    }
}

impl Subject for MemoryStore {
    fn store(&self) -> &dyn UserStore {
        self
    }

    fn disable(&self, id: &UserId) -> bool {
        self.edit(id, |user| user.is_disabled = true)
    }

    fn delete(&self, id: &UserId) {
        MemoryStore::delete(self, id);
    }

    fn add_ended_sessions(&self, id: &UserId, ended: &[(SessionId, Timestamp)]) -> bool {
        MemoryStore::add_ended_sessions(self, id, ended)
    }
}

/// A user that a check added.
struct Account {
    id: UserId,
    login: LoginName,
    password_hash: PasswordHash,
}

impl Account {
    fn add(subject: &dyn Subject) -> Self {
        let login = unused_login();
        let password_hash = PasswordHash::new("$2b$04$first");
        let new = NewUser {
            login: login.clone(),
            password_hash: password_hash.clone(),
            scope: scope(),
            created_at: at(1),
        };
        let id = subject.store().create(&new).expect("create answers").expect("the login is free");
        Self { id, login, password_hash }
    }

    fn with_session(subject: &dyn Subject, session_id: &str) -> Self {
        let account = Self::add(subject);
        assert!(account.start(subject, session_id), "a session starts");
        account
    }

    fn load(&self, subject: &dyn Subject) -> Option<User> {
        subject.store().load(&self.id).expect("load answers")
    }

    fn session(&self, subject: &dyn Subject) -> Option<Session> {
        self.load(subject).expect("the user is there").session
    }

    /// Returns the session of this id, if it is alive.
    fn session_of(&self, subject: &dyn Subject, session_id: &str) -> Option<Session> {
        let session_id = SessionId::new(session_id);
        let user = subject.store().load_in_session(&self.id, &session_id).expect("load answers");
        let session = user.expect("the user is there").session;
        session.filter(|session| session.id == session_id)
    }

    fn start(&self, subject: &dyn Subject, session_id: &str) -> bool {
        subject.store().start_session(&self.session_start(session_id)).expect("start answers")
    }

    fn session_start(&self, session_id: &str) -> SessionStart {
        SessionStart {
            user_id: self.id.clone(),
            verified_password_hash: self.password_hash.clone(),
            upgraded_password_hash: None,
            session: Session {
                id: SessionId::new(session_id),
                refresh_token_hash: hash("a0"),
                generation: 0,
                rotated_at: at(100),
            },
            expires_at: at(1_000),
            device: Device::default(),
        }
    }

    fn rotation(&self, session_id: &str, from: &str, to: &str) -> Rotation {
        Rotation {
            user_id: self.id.clone(),
            session_id: SessionId::new(session_id),
            verified_hash: hash(from),
            successor_hash: hash(to),
            generation: 1,
            rotated_at: at(200),
            auth_time: at(100),
            expires_at: at(1_100),
        }
    }

    fn rotate(&self, subject: &dyn Subject, session_id: &str, from: &str, to: &str) -> bool {
        subject.store().rotate(&self.rotation(session_id, from, to)).expect("rotate answers")
    }

    fn end(&self, subject: &dyn Subject, session_id: &str) -> bool {
        let session_id = SessionId::new(session_id);
        subject
            .store()
            .end_session(&self.id, &session_id, EndReason::LoggedOut, at(300))
            .expect("end answers")
    }

    fn password_change(&self, password_hash: &PasswordHash) -> PasswordChange {
        PasswordChange {
            user_id: self.id.clone(),
            verified_password_hash: self.password_hash.clone(),
            password_hash: password_hash.clone(),
            proven_session: None,
            sessions: SessionsToEnd::All,
            changed_at: at(300),
        }
    }

    /// The same, in a session that goes on if its hash is `verified`.
    fn password_change_keeping(
        &self,
        password_hash: &PasswordHash,
        session_id: &str,
        verified: &RefreshTokenHash,
    ) -> PasswordChange {
        let proven_session = ProvenSession {
            id: SessionId::new(session_id),
            verified_hash: verified.clone(),
            bound_hash: verified.bound_to(password_hash),
        };
        PasswordChange {
            sessions: SessionsToEnd::AllBut(proven_session.id.clone()),
            proven_session: Some(proven_session),
            ..self.password_change(password_hash)
        }
    }

    fn set_password(&self, subject: &dyn Subject, change: &PasswordChange) -> bool {
        subject.store().set_password(change).expect("set answers")
    }

    fn end_several(&self, subject: &dyn Subject, sessions: &SessionsToEnd) -> usize {
        let reason = EndReason::Revoked;
        subject.store().end_sessions(&self.id, sessions, reason, at(300)).expect("end answers")
    }
}

fn unused_login() -> LoginName {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let number = LAST.fetch_add(1, Ordering::SeqCst);
    let process = std::process::id();
    LoginName::parse(&format!("conformance-{process}-{number}@example.com")).expect("it is short")
}

fn scope() -> Scope {
    Scope::parse("orders:read orders:write").expect("it is ASCII")
}

fn hash(name: &str) -> RefreshTokenHash {
    RefreshTokenHash::new(format!("$2b$04${name}"), None)
}

fn at(unix_seconds: u64) -> Timestamp {
    Timestamp::from_unix_seconds(unix_seconds).expect("it is before the year 10000")
}
