//! What a guard asks of a user, once it knows who they are.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hallpass::{AccessClaims, ScopeRule, Service};

use crate::answer::AuthErrorReason;

/// One thing that a user has to fulfil.
#[derive(Clone)]
pub(crate) enum Requirement {
    /// Their token allows enough.
    Scope(ScopeRule),
    /// They proved who they are this long ago at most.
    MaxAge(Duration),
    /// The application says so.
    User(Arc<Rule>),
}

/// A rule of the application's, over claims. `Err` when it takes another type of id, or claims that
/// the token has not.
type Rule = dyn Fn(&AccessClaims) -> Result<bool, AuthErrorReason> + Send + Sync;

impl Requirement {
    pub(crate) fn check(
        &self,
        claims: &AccessClaims,
        service: &Service,
    ) -> Result<(), AuthErrorReason> {
        match self {
            Self::MaxAge(max_age) if service.is_recent(claims, *max_age) => Ok(()),
            Self::MaxAge(max_age) => Err(AuthErrorReason::NotRecent { max_age: *max_age }),
            Self::Scope(rule) if rule.allows(claims.scope()) => Ok(()),
            Self::Scope(rule) => Err(AuthErrorReason::InsufficientScope(rule.clone())),
            Self::User(rule) if rule(claims)? => Ok(()),
            Self::User(_) => Err(AuthErrorReason::NotAllowed),
        }
    }
}

impl fmt::Debug for Requirement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scope(rule) => formatter.debug_tuple("Scope").field(rule).finish(),
            Self::MaxAge(max_age) => formatter.debug_tuple("MaxAge").field(max_age).finish(),
            Self::User(_) => formatter.write_str("User(…)"),
        }
    }
}
