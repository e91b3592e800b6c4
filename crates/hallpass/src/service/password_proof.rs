//! Is this the user's password, and may they use it? What login and step-up have in common.

use crate::event::LoginRefusal;
use crate::password::hash::PasswordComparison;
use crate::password::hash_match::HashMatch;
use crate::password::typed::TypedPassword;
use crate::service::Service;
use crate::service::permits::HashPermit;
use crate::user::{User, UserId};

/// A refusal, and whose password it was.
pub(crate) type Refused = (Option<UserId>, LoginRefusal);

impl Service {
    /// Compares the password with the user's: under a permit. Every refusal of the same text costs the
    /// same, so that none of them tells why.
    pub(crate) fn prove_password(
        &self,
        user: Option<User>,
        password: Option<&TypedPassword>,
        _permit: &HashPermit,
    ) -> Result<(User, PasswordComparison), Refused> {
        let passwords = &self.0.passwords;
        let stored = user.as_ref().map(|user| &user.password_hash);
        let comparison = passwords.compare(password, stored);
        match judge(user, comparison.outcome.clone()) {
            Ok(user) => Ok((user, comparison)),
            Err(refused) => {
                passwords.spend_the_rest(&comparison);
                Err(refused)
            }
        }
    }
}

/// Decides about the user, once their password has been compared.
fn judge(user: Option<User>, outcome: HashMatch) -> Result<User, Refused> {
    let user = user.ok_or((None, LoginRefusal::UnknownUser))?;
    match outcome {
        HashMatch::Differs => Err((Some(user.id), LoginRefusal::WrongPassword)),
        HashMatch::Unusable(reason) => Err((Some(user.id), LoginRefusal::HashUnusable(reason))),
        HashMatch::Matches if user.is_disabled => Err((Some(user.id), LoginRefusal::UserDisabled)),
        HashMatch::Matches => Ok(user),
    }
}
