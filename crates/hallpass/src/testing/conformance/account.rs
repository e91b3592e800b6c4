//! What the checks have in common: the users that they add, and what they do to them.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::password::PasswordHash;
use crate::session::{Device, EndReason, RefreshTokenHash, Session, SessionId};
use crate::store::{NewUser, PasswordChange, ProvenSession, Rotation, SessionStart, SessionsToEnd};
use crate::time::Timestamp;
use crate::user::{LoginName, Scope, User, UserId};

use crate::testing::conformance::Subject;

/// A user that a check added.
pub(super) struct Account {
    pub(super) id: UserId,
    pub(super) login: LoginName,
    pub(super) password_hash: PasswordHash,
}

impl Account {
    pub(super) fn add(subject: &dyn Subject) -> Self {
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

    pub(super) fn with_session(subject: &dyn Subject, session_id: &str) -> Self {
        let account = Self::add(subject);
        assert!(account.start(subject, session_id), "a session starts");
        account
    }

    pub(super) fn load(&self, subject: &dyn Subject) -> Option<User> {
        subject.store().load(&self.id).expect("load answers")
    }

    pub(super) fn session(&self, subject: &dyn Subject) -> Option<Session> {
        self.load(subject).expect("the user is there").session
    }

    /// Returns the session of this id, if it is alive.
    pub(super) fn session_of(&self, subject: &dyn Subject, session_id: &str) -> Option<Session> {
        let session_id = SessionId::new(session_id);
        let user = subject.store().load_in_session(&self.id, &session_id).expect("load answers");
        let session = user.expect("the user is there").session;
        session.filter(|session| session.id == session_id)
    }

    pub(super) fn start(&self, subject: &dyn Subject, session_id: &str) -> bool {
        subject.store().start_session(&self.session_start(session_id)).expect("start answers")
    }

    pub(super) fn session_start(&self, session_id: &str) -> SessionStart {
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

    pub(super) fn rotation(&self, session_id: &str, from: &str, to: &str) -> Rotation {
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

    pub(super) fn rotate(
        &self,
        subject: &dyn Subject,
        session_id: &str,
        from: &str,
        to: &str,
    ) -> bool {
        subject.store().rotate(&self.rotation(session_id, from, to)).expect("rotate answers")
    }

    pub(super) fn end(&self, subject: &dyn Subject, session_id: &str) -> bool {
        let session_id = SessionId::new(session_id);
        subject
            .store()
            .end_session(&self.id, &session_id, EndReason::LoggedOut, at(300))
            .expect("end answers")
    }

    pub(super) fn password_change(&self, password_hash: &PasswordHash) -> PasswordChange {
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
    pub(super) fn password_change_keeping(
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

    pub(super) fn set_password(&self, subject: &dyn Subject, change: &PasswordChange) -> bool {
        subject.store().set_password(change).expect("set answers")
    }

    pub(super) fn end_several(&self, subject: &dyn Subject, sessions: &SessionsToEnd) -> usize {
        let reason = EndReason::Revoked;
        subject.store().end_sessions(&self.id, sessions, reason, at(300)).expect("end answers")
    }
}

pub(super) fn unused_login() -> LoginName {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let number = LAST.fetch_add(1, Ordering::SeqCst);
    let process = std::process::id();
    LoginName::parse(&format!("conformance-{process}-{number}@example.com")).expect("it is short")
}

pub(super) fn scope() -> Scope {
    Scope::parse("orders:read orders:write").expect("it is ASCII")
}

pub(super) fn hash(name: &str) -> RefreshTokenHash {
    RefreshTokenHash::new(format!("$2b$04${name}"), None)
}

pub(super) fn at(unix_seconds: u64) -> Timestamp {
    Timestamp::from_unix_seconds(unix_seconds).expect("it is before the year 10000")
}
