//! The claims that an application adds to access tokens.

use std::error::Error;
use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::field_names::field_names;
use crate::{StoreError, User};

/// The claims that are hallpass's to write or to check. An application's would be a second truth.
const RESERVED: [&str; 10] =
    ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "sid", "auth_time", "scope"];

/// Makes the application's claims of a user, anew at each login and refresh.
///
/// Implemented by [`TypedClaims`].
pub trait ClaimsSource: Send + Sync {
    /// Returns the claims. It is called where blocking is allowed, before anything is written, and
    /// while neither a connection nor a permit to hash is held.
    ///
    /// # Errors
    /// [`ClaimsError`]: nothing is written then, and the client may send the same again.
    fn claims(&self, user: &User) -> Result<AppClaims, ClaimsError>;
}

/// The members that an access token has beside hallpass's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct AppClaims(Map<String, Value>);

/// Why there are no claims.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimsError {
    /// The application asked a database that could not tell.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// They are not a JSON object: members of a token are what is asked for.
    #[error("the application's claims are not an object")]
    NotAnObject,
    /// They can't be written as JSON.
    #[error("the application's claims can't be written as JSON")]
    Json(#[source] Box<dyn Error + Send + Sync>),
    /// One has the name of a claim of hallpass's.
    #[error("`{name}` is a claim of hallpass's own")]
    Reserved {
        /// The name.
        name: &'static str,
    },
    /// The token would be longer than a guard reads.
    #[error(
        "with the application's claims, an access token has {bytes} bytes, more than {maximum}"
    )]
    TooLong {
        /// How many bytes the token would have.
        bytes: usize,
        /// How many it may have.
        maximum: usize,
    },
}

impl AppClaims {
    /// Returns `claims` as members of a token.
    ///
    /// # Errors
    /// [`ClaimsError`] when they are no object, or one has a name of hallpass's.
    pub fn of(claims: &impl Serialize) -> Result<Self, ClaimsError> {
        let value =
            serde_json::to_value(claims).map_err(|error| ClaimsError::Json(error.into()))?;
        let Value::Object(members) = value else { return Err(ClaimsError::NotAnObject) };
        check_names(|name| members.contains_key(name))?;
        Ok(Self(members))
    }
}

/// Refuses the reserved names among those that there are.
fn check_names(is_there: impl Fn(&str) -> bool) -> Result<(), ClaimsError> {
    match RESERVED.into_iter().find(|name| is_there(name)) {
        Some(name) => Err(ClaimsError::Reserved { name }),
        None => Ok(()),
    }
}

/// A function that makes a `C` of a user.
pub struct TypedClaims<C, F> {
    make: F,
    claims: PhantomData<fn() -> C>,
}

impl<C, F> TypedClaims<C, F>
where
    C: Serialize + DeserializeOwned,
    F: Fn(&User) -> Result<C, StoreError> + Send + Sync,
{
    /// Returns the source that calls `make`.
    ///
    /// # Errors
    /// [`ClaimsError::Reserved`] when `C` has a field of hallpass's. Of a map, and of a flattened
    /// field, the names are known only at login, which then fails.
    pub fn new(make: F) -> Result<Self, ClaimsError> {
        let names = field_names::<C>();
        check_names(|name| names.contains(&name))?;
        Ok(Self { make, claims: PhantomData })
    }
}

impl<C, F> fmt::Debug for TypedClaims<C, F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TypedClaims<{}>", std::any::type_name::<C>())
    }
}

impl<C, F> ClaimsSource for TypedClaims<C, F>
where
    C: Serialize,
    F: Fn(&User) -> Result<C, StoreError> + Send + Sync,
{
    fn claims(&self, user: &User) -> Result<AppClaims, ClaimsError> {
        AppClaims::of(&(self.make)(user)?)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Tenant {
        tenant: String,
    }

    #[derive(Serialize, Deserialize)]
    struct Renamed {
        #[serde(rename = "sid")]
        session: String,
    }

    #[derive(Serialize, Deserialize)]
    struct Hidden {
        #[serde(flatten)]
        more: BTreeMap<String, u8>,
    }

    fn reserved<C: Serialize + DeserializeOwned>() -> Option<ClaimsError> {
        TypedClaims::<C, _>::new(|_: &User| -> Result<C, StoreError> { unreachable!() }).err()
    }

    #[test]
    fn a_reserved_name_is_found_before_there_are_claims() {
        assert!(reserved::<Tenant>().is_none());
        assert!(matches!(reserved::<Renamed>(), Some(ClaimsError::Reserved { name: "sid" })));
        assert!(reserved::<Hidden>().is_none(), "nobody knows yet");
    }

    #[test]
    fn a_reserved_name_is_found_among_the_claims() {
        for name in RESERVED {
            let hidden = Hidden { more: BTreeMap::from([(name.to_owned(), 1)]) };
            assert!(matches!(AppClaims::of(&hidden), Err(ClaimsError::Reserved { .. })), "{name}");
        }
        let hidden = Hidden { more: BTreeMap::from([("SUB".to_owned(), 1)]) };
        assert!(AppClaims::of(&hidden).is_ok(), "names are compared as they are");
    }

    #[test]
    fn what_is_no_object_is_no_claims() {
        assert!(matches!(AppClaims::of(&1), Err(ClaimsError::NotAnObject)));
        assert!(matches!(AppClaims::of(&[1]), Err(ClaimsError::NotAnObject)));
        let keys = BTreeMap::from([((1, 2), 3)]);
        assert!(matches!(AppClaims::of(&keys), Err(ClaimsError::Json(_))));
    }
}
