//! What a guard found out about a request, kept in the request's extensions for the extractors.

use hallpass::AccessClaims;

use crate::answer::{AuthError, AuthErrorReason};
use crate::guard::requirement::Requirement;
use crate::shared::Shared;

/// The verified credentials of a request.
pub(crate) struct Identified {
    pub(crate) shared: Shared,
    /// The token's claims; `None` if an optional guard accepted a request without a token.
    pub(crate) claims: Option<AccessClaims>,
}

/// The claims that a test put into a request by hand.
#[cfg(feature = "testing")]
#[derive(Clone)]
pub(crate) struct SignedIn(pub(crate) AccessClaims);

impl Identified {
    /// Refuses a request without a token, and one whose token does not fulfil `requirement`.
    pub(crate) fn check(&self, requirement: &Requirement) -> Result<(), AuthError> {
        let claims = self.claims.as_ref().ok_or_else(|| self.missing())?;
        let checked = requirement.check(claims, self.shared.service());
        checked.map_err(|reason| self.shared.refusal(reason))
    }

    /// Returns the refusal of a request without a token.
    pub(crate) fn missing(&self) -> AuthError {
        self.shared.refusal(AuthErrorReason::Missing)
    }
}

#[cfg(feature = "testing")]
impl SignedIn {
    /// Returns the claims that a test put into the request.
    pub(crate) fn claims_of(request: &actix_web::HttpRequest) -> Option<AccessClaims> {
        use actix_web::HttpMessage as _;

        request.extensions().get::<Self>().map(|Self(claims)| claims.clone())
    }
}
