//! A password that the application has verified against a hash of another kind, which hallpass's replaces.

use crate::event::{AuthEvent, AuthEventKind};
use crate::password::{Password, PasswordHash, PasswordText};
use crate::service::permits::{HashLane, Permits};
use crate::service::service::event;
use crate::service::{PasswordChangeError, Service, UseCase};
use crate::store::{PasswordChange, SessionsToEnd, UserStore};
use crate::user::{User, UserId};

type Outcome = Result<bool, PasswordChangeError>;

/// One adoption on its way.
struct Adoption {
    service: Service,
    user_id: UserId,
    verified: PasswordHash,
    password: Password,
}

impl Service {
    /// Replaces the `verified` hash, which is of another kind, by one of hallpass's of the same password.
    /// Returns `false` if the stored hash is no longer `verified`: another login, a new password or the end of the user
    /// came first, and if hallpass verifies that hash by itself.
    ///
    /// The application has verified the password, and the user chose it before there was a rule. So neither
    /// the minimum length nor the application's rule applies. It ends no session that could go on: none was
    /// begun with a hash that hallpass can't verify.
    ///
    /// # Errors
    /// [`PasswordChangeError::Unacceptable`] for a password that is empty, has a NUL, or
    /// has more than 1024 bytes, the others when it could not be done.
    pub fn adopt_password(
        &self,
        user_id: UserId,
        verified: PasswordHash,
        password: PasswordText,
    ) -> UseCase<Outcome> {
        match Password::parse(password) {
            Ok(password) => {
                let adoption = Adoption { service: self.clone(), user_id, verified, password };
                UseCase::new(|permits| async move { adoption.run(&permits).await })
            }
            Err(unacceptable) => UseCase::Answered(Err(unacceptable.into())),
        }
    }
}

impl Adoption {
    async fn run(self, permits: &Permits) -> Outcome {
        let user = self.service.store().load(&self.user_id)?;
        if !user.is_some_and(|user| self.is_due(&user)) {
            return Ok(false);
        }
        let permit = permits.enter(HashLane::Password).await;
        let hash = self.service.0.passwords.hash(&self.password, self.service.random())?;
        drop(permit);
        self.write(hash)
    }

    /// Sessions may have begun with a hash that hallpass verifies. They must not end at each login.
    fn is_due(&self, user: &User) -> bool {
        user.password_hash == self.verified && !self.service.0.passwords.verifies(&self.verified)
    }

    fn write(self, password_hash: PasswordHash) -> Outcome {
        let change = PasswordChange {
            user_id: self.user_id,
            // The hash that was verified, not the stored one: a password that was set since then wins.
            verified_password_hash: self.verified,
            password_hash,
            proven_session: None,
            sessions: SessionsToEnd::All,
            changed_at: self.service.now(),
        };
        let set = |store: &dyn UserStore| store.set_password(&change);
        let is_adopted = self.service.change_sessions(&change.user_id, set)?;
        if is_adopted {
            let kind = AuthEventKind::PasswordAdopted;
            self.service.observe(&AuthEvent { user_id: Some(change.user_id), ..event(kind, None) });
        }
        Ok(is_adopted)
    }
}

#[cfg(test)]
mod tests;
