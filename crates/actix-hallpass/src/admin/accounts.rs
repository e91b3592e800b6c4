//! What an application does to its users' accounts, from a handler of its administrators or a program of
//! its own.

use std::fmt::Display;

use actix_web::{HttpResponse, ResponseError};
use hallpass::{Classified, PasswordChangeError, PasswordHash, Refusal, StoreError, UserId};

use crate::answer::problem::Problem;
use crate::auth::Auth;
use crate::run::RunError;

/// Why something was not done to an account. As a response it is what a route of hallpass's would answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// The new password is unacceptable, or the user's row changed at each of ten attempts.
    #[error(transparent)]
    Password(#[from] PasswordChangeError),
    /// The store could not tell.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It was not run to its end.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl Auth {
    /// Sets the password of a user and ends all their sessions in the same transaction: for a reset, or
    /// for an administrator. Returns whether there is such a user.
    ///
    /// For a password that a user has typed at a login and that your application has verified, use
    /// [`Auth::adopt_password`].
    ///
    /// # Errors
    /// [`AccountError::Password`] for an unacceptable password, the others when it could not be done.
    ///
    /// ```
    /// use actix_hallpass::testing::TestAuth;
    ///
    /// # actix_web::rt::System::new().block_on(async {
    /// let auth = TestAuth::new();
    /// assert!(!auth.set_password(7, "battery staple").await.unwrap(), "there is no user 7");
    /// # });
    /// ```
    pub async fn set_password(
        &self,
        user_id: impl Display,
        new: &str,
    ) -> Result<bool, AccountError> {
        Ok(self.run(self.service().set_password(UserId::new(user_id), new.into())).await??)
    }

    /// Replaces a hash of another kind by one of hallpass's, once your application has verified the password
    /// against it; returns whether it did. Afterwards `POST {base}/login` takes the password. It does not if
    /// the user's `password_hash` is no longer the one that was `verified`: another login adopted it, the
    /// password was changed, or the user was deleted.
    ///
    /// Neither the minimum length nor [`AuthBuilder::password_rule`](crate::setup::AuthBuilder::password_rule)
    /// applies, since the user chose the password before. To set a new one, use [`Auth::set_password`].
    ///
    /// # Errors
    /// [`AccountError::Password`] for a password that is empty, has a NUL, or has more than 1024 bytes; the
    /// others when it could not be done.
    ///
    /// # Security
    /// It proves nothing: verify the password first, and limit how often that may fail. hallpass counts the
    /// attempts at its own routes alone.
    ///
    /// ```
    /// use actix_hallpass::hallpass::{PasswordHash, UserId};
    /// use actix_hallpass::{AccountError, Auth, testing::TestAuth};
    ///
    /// /// Stands in for a verification by PBKDF2, say.
    /// fn verifies(stored: &str, password: &str) -> bool {
    ///     stored.strip_prefix("reversed$").is_some_and(|it| it.chars().rev().eq(password.chars()))
    /// }
    ///
    /// /// Before the application calls `login`: `stored` is what it has read from `users.password_hash`.
    /// async fn adopt(auth: &Auth, user: i64, stored: &str, typed: &str) -> Result<(), AccountError> {
    ///     if verifies(stored, typed) {
    ///         auth.adopt_password(user, &PasswordHash::new(stored), typed).await?;
    ///     }
    ///     Ok(())
    /// }
    ///
    /// # actix_web::rt::System::new().block_on(async {
    /// # use actix_hallpass::Credentials;
    /// let auth = TestAuth::new();
    /// # let credentials = |password: &str| Credentials::new("ada", password);
    /// # let register = auth.service().register(credentials("correct horse"), None);
    /// # auth.run(register).await.unwrap().unwrap();
    /// auth.store().edit(&UserId::new(1), |user| user.password_hash = PasswordHash::new("reversed$77neves"));
    /// adopt(&auth, 1, "reversed$77neves", "seven77").await.unwrap();
    /// let login = auth.service().login(credentials("seven77"), None);
    /// assert!(auth.run(login).await.unwrap().is_ok());
    /// # });
    /// ```
    pub async fn adopt_password(
        &self,
        user_id: impl Display,
        verified: &PasswordHash,
        password: &str,
    ) -> Result<bool, AccountError> {
        let user_id = UserId::new(user_id);
        let adoption = self.service().adopt_password(user_id, verified.clone(), password.into());
        Ok(self.run(adoption).await??)
    }

    /// Lets a user neither log in nor refresh, and ends their sessions; returns whether there is
    /// such a user. [`Guard::session_bound`](crate::guard::Guard::session_bound) guards of this `Auth`
    /// know at once, those of others within their `max_staleness`; other guards when the access
    /// token expires.
    ///
    /// # Errors
    /// [`AccountError::Store`] with [`StoreError::Unsupported`] for a table of your own that does not
    /// declare `set_enabled`; the others when it could not be done.
    pub async fn disable(&self, user_id: impl Display) -> Result<bool, AccountError> {
        Ok(self.run(self.service().disable(UserId::new(user_id))).await??)
    }

    /// Lets a disabled user log in again; returns whether there is such a user. The sessions that ended
    /// when they were disabled stay ended.
    ///
    /// # Errors
    /// As [`Auth::disable`].
    pub async fn enable(&self, user_id: impl Display) -> Result<bool, AccountError> {
        Ok(self.run(self.service().enable(UserId::new(user_id))).await??)
    }

    /// Deletes a user with their sessions; returns whether there was one.
    ///
    /// # Errors
    /// [`AccountError::Store`] with [`StoreError::Constraint`] where a table of yours refers to the user,
    /// the others when it could not be done.
    pub async fn delete(&self, user_id: impl Display) -> Result<bool, AccountError> {
        Ok(self.run(self.service().delete(UserId::new(user_id))).await??)
    }

    /// Ends all sessions of a user; returns how many there were.
    ///
    /// # Errors
    /// [`AccountError`] when it could not be done.
    pub async fn end_sessions(&self, user_id: impl Display) -> Result<usize, AccountError> {
        Ok(self.run(self.service().end_sessions(UserId::new(user_id))).await??)
    }
}

impl Classified for AccountError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Password(error) => error.refusal(),
            Self::Store(error) => error.refusal(),
            Self::Run(error) => error.refusal(),
        }
    }
}

/// Its status is that of the response alone.
impl ResponseError for AccountError {
    fn error_response(&self) -> HttpResponse {
        Problem::of(self).into_response()
    }
}
