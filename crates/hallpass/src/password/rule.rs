//! What an application asks of new passwords beyond their length.

use crate::store::StoreError;

/// Refuses passwords: those in a list of breached ones, say, or with the application's name in them.
///
/// It is asked where a password is set, off the event loop, so that it may ask another service. It gets the
/// password in the normal form of [`Password`](crate::Password).
///
/// Where a user changes their password, it is asked after the current one is proven. A refusal does not
/// count as an attempt then, since each costs the right password and a hash. At a registration it does:
/// see [`LoginLimits`](crate::LoginLimits).
pub trait PasswordRule: Send + Sync {
    /// Refuses the password, or lets it pass.
    ///
    /// # Errors
    /// [`PasswordRuleError`]: why it is refused, or that the rule could not tell.
    fn check(&self, password: &str) -> Result<(), PasswordRuleError>;
}

/// What a [`PasswordRule`] says against a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordRuleError {
    /// The password is not to be used. The user is told this text, which should say what would be
    /// better and never quote the password.
    #[error("{0}")]
    Refused(String),
    /// It could not be told. The user is asked to come back.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

impl<F> PasswordRule for F
where
    F: Fn(&str) -> Result<(), PasswordRuleError> + Send + Sync,
{
    fn check(&self, password: &str) -> Result<(), PasswordRuleError> {
        self(password)
    }
}
