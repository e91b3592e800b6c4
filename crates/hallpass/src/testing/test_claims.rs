//! What an access token for a test says.

use std::time::Duration;

use crate::service::Service;
use crate::session::SessionId;
use crate::time::Timestamp;
use crate::token::access::AccessGrant;
use crate::token::{AccessToken, AppClaims};
use crate::user::{Scope, UserId};

/// The claims of an access token that a test makes for itself.
#[derive(Clone, Debug)]
pub struct TestClaims {
    /// The user: `sub`.
    pub user_id: UserId,
    /// The session: `sid`.
    pub session_id: SessionId,
    /// What they may do: `scope`.
    pub scope: Scope,
    /// From `auth_time` to now, in whole seconds.
    pub auth_time_ago: Duration,
    /// What the application adds.
    pub app_claims: AppClaims,
    /// From now to `exp`, in whole seconds; `None` for the configured lifetime.
    pub lifetime: Option<Duration>,
}

impl Service {
    /// Issues an access token for a test, without a login.
    ///
    /// # Panics
    /// When the random source does not answer, which those of tests do, or the claims are too long.
    #[must_use]
    pub fn access_token_for_tests(&self, claims: &TestClaims) -> AccessToken {
        let now = self.now();
        let seconds = now.as_unix_seconds().saturating_sub(claims.auth_time_ago.as_secs());
        let auth_time = Timestamp::from_unix_seconds(seconds).expect("it is before now");
        let expires_at = match claims.lifetime {
            Some(lifetime) => now.plus(lifetime),
            None => self.0.access_tokens.expiry(now, Timestamp::MAX),
        };
        let grant = AccessGrant {
            user_id: &claims.user_id,
            session_id: &claims.session_id,
            auth_time,
            expires_at,
            scope: &claims.scope,
            app_claims: &claims.app_claims,
        };
        let issued = self.0.access_tokens.issue(&grant, now, self.random());
        issued.expect("the random sources of tests always answer, and 4 KiB are enough")
    }
}
