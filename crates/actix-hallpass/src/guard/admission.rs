//! Whether a guard lets a request in.

use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use hallpass::AccessClaims;

use crate::answer::{AuthError, AuthErrorReason};
use crate::guard::Guard;
use crate::guard::guard::{Absence, Preflight};
#[cfg(feature = "testing")]
use crate::guard::identified::SignedIn;
use crate::guard::session_bound::SessionBound;
use crate::routes::catalogue::is_own;
use crate::transport::authenticate::authenticate;

/// Whether somebody may pass.
pub(crate) enum Admission {
    /// They may, be it a visitor.
    Now(Option<AccessClaims>),
    /// They may if their session is alive, for which the store has to be asked.
    OnceAlive(SessionBound, AccessClaims),
}

impl Guard {
    /// Returns who sent the request, and whether their session is known to be alive, if they may pass.
    pub(crate) fn admit(&self, request: &ServiceRequest) -> Result<Admission, AuthError> {
        match (self.bound(), self.identify(request)?) {
            (Some(bound), Some(claims)) if !is_signed_in_by_a_test(request) => {
                self.admit_if_alive(bound, claims)
            }
            (_, claims) => self.admit_now(claims),
        }
    }

    fn admit_if_alive(
        &self,
        bound: SessionBound,
        claims: AccessClaims,
    ) -> Result<Admission, AuthError> {
        match bound.known(&self.shared, &claims) {
            Some(Ok(())) => self.admit_now(Some(claims)),
            Some(Err(reason)) => Err(self.shared.refusal(reason)),
            None => Ok(Admission::OnceAlive(bound, claims)),
        }
    }

    fn admit_now(&self, claims: Option<AccessClaims>) -> Result<Admission, AuthError> {
        self.check_requirements(claims.as_ref())?;
        Ok(Admission::Now(claims))
    }

    /// What the guard asks of a user whose session is alive, or of a visitor.
    fn check_requirements(&self, claims: Option<&AccessClaims>) -> Result<(), AuthError> {
        if self.requirements.is_empty() {
            return Ok(());
        }
        let refuse = |reason| self.shared.refusal(reason);
        let claims = claims.ok_or_else(|| refuse(AuthErrorReason::Missing))?;
        let mut requirements = self.requirements.iter();
        requirements.try_for_each(|it| it.check(claims, self.shared.service())).map_err(refuse)
    }

    /// Asks the store for the session first.
    pub(crate) async fn check(
        self,
        bound: SessionBound,
        claims: AccessClaims,
    ) -> Result<Self, AuthError> {
        let checked = bound.check(self.shared.clone(), claims.clone()).await;
        checked.map_err(|reason| self.shared.refusal(reason))?;
        self.check_requirements(Some(&claims))?;
        Ok(self)
    }

    fn identify(&self, request: &ServiceRequest) -> Result<Option<AccessClaims>, AuthError> {
        #[cfg(feature = "testing")]
        if let Some(claims) = SignedIn::claims_of(request.request()) {
            return Ok(Some(claims));
        }
        match authenticate(&self.shared, request.request())? {
            None if self.absence == Absence::Refused => {
                Err(AuthError::new(AuthErrorReason::Missing, self.shared.realm()))
            }
            claims => Ok(claims),
        }
    }

    pub(crate) fn is_exempt(&self, request: &ServiceRequest) -> bool {
        match self.preflight {
            Preflight::LetThrough if is_preflight(request) => true,
            Preflight::LetThrough | Preflight::LikeAnyRequest => is_own(request),
        }
    }
}

/// Such a user has no session that could be looked up.
#[cfg(feature = "testing")]
fn is_signed_in_by_a_test(request: &ServiceRequest) -> bool {
    SignedIn::claims_of(request.request()).is_some()
}

#[cfg(not(feature = "testing"))]
fn is_signed_in_by_a_test(_: &ServiceRequest) -> bool {
    false
}

/// The Fetch standard's definition of a CORS preflight request. A method that is none makes it
/// another request, which the CORS middleware would hand on.
fn is_preflight(request: &ServiceRequest) -> bool {
    let headers = request.headers();
    let asked = headers.get(ACCESS_CONTROL_REQUEST_METHOD);
    request.method() == Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && asked.is_some_and(|method| Method::from_bytes(method.as_bytes()).is_ok())
}
