//! The claims that an application adds to access tokens.

use std::error::Error;
use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::json;
use crate::json::MalformedJson;
use crate::store::StoreError;
use crate::token::field_names::field_names;
use crate::user::User;

/// The claims that an application can't add: those that hallpass writes or checks, and, from `amr` on, those
/// that say how a user proved who they are and for whom a token is (OpenID Connect Core 1.0 §2, RFC 7800,
/// RFC 8693 §4, RFC 9068 §2.2). Other readers of a token rely on them.
pub(crate) const RESERVED: [&str; 17] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "sid",
    "auth_time",
    "scope",
    "amr",
    "acr",
    "azp",
    "client_id",
    "cnf",
    "nonce",
    "act",
];

/// Makes the application's claims of a user, anew for each access token.
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
    /// One has a reserved name: that of a claim of hallpass's, or `amr`, `acr`, `azp`, `client_id`, `cnf`,
    /// `nonce` or `act`.
    #[error("`{name}` is a reserved claim; use another name")]
    Reserved {
        /// The name.
        name: &'static str,
    },
    /// They can't be read back as what they were: no handler could take them. Of a number that is none,
    /// JSON makes `null`, for instance.
    #[error("the application's claims can't be read back from JSON")]
    Unreadable(#[source] MalformedJson),
    /// The token would be longer than a guard reads.
    #[error("the access token would have {bytes} bytes, more than {maximum}")]
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
    /// [`ClaimsError`] when they are no object, or one has a reserved name.
    pub fn of(claims: &impl Serialize) -> Result<Self, ClaimsError> {
        let value =
            serde_json::to_value(claims).map_err(|error| ClaimsError::Json(error.into()))?;
        let Value::Object(members) = value else { return Err(ClaimsError::NotAnObject) };
        check_names(members.keys().map(String::as_str))?;
        Ok(Self(members))
    }

    /// Reads them as a handler will: from text, in which objects may not be nested as deeply as in memory.
    fn read<C: DeserializeOwned>(&self) -> Result<C, ClaimsError> {
        let text = serde_json::to_vec(&self.0).map_err(|error| ClaimsError::Json(error.into()))?;
        json::from_slice(&text).map_err(ClaimsError::Unreadable)
    }
}

/// Refuses the reserved names, and those that a reader who ignores case would take for one.
fn check_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<(), ClaimsError> {
    for name in names {
        let folded = name.to_uppercase().to_lowercase();
        if let Some(name) = RESERVED.into_iter().find(|reserved| *reserved == folded) {
            return Err(ClaimsError::Reserved { name });
        }
    }
    Ok(())
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
    /// [`ClaimsError::Reserved`] when `C` has a field with a reserved name. What serde does not tell before
    /// there is a value is found at login, which then fails: the names of a map, of a flattened field and
    /// of a tagged enum, and that it is no object.
    pub fn new(make: F) -> Result<Self, ClaimsError> {
        check_names(field_names::<C>().iter().copied())?;
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
    C: Serialize + DeserializeOwned,
    F: Fn(&User) -> Result<C, StoreError> + Send + Sync,
{
    fn claims(&self, user: &User) -> Result<AppClaims, ClaimsError> {
        let claims = AppClaims::of(&(self.make)(user)?)?;
        claims.read::<C>()?;
        Ok(claims)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;
    use crate::password::PasswordHash;
    use crate::user::{Scope, UserId};

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

    fn user() -> User {
        User {
            id: UserId::new(1),
            password_hash: PasswordHash::new("p"),
            scope: Scope::default(),
            is_disabled: false,
            session: None,
        }
    }

    /// In memory there is no bound to the depth; in a token there is.
    #[test]
    fn what_is_nested_too_deeply_to_be_read_is_not_given_out() {
        #[derive(Serialize, Deserialize)]
        struct Preferences {
            preferences: Value,
        }

        let nested =
            |depth: usize| (0..depth).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
        let source = |depth| {
            TypedClaims::new(move |_: &User| Ok(Preferences { preferences: nested(depth) }))
                .unwrap()
        };
        assert!(source(100).claims(&user()).is_ok());
        let refused = source(130).claims(&user());
        assert!(matches!(refused, Err(ClaimsError::Unreadable(_))), "{refused:?}");
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
        for name in ["amr", "acr", "azp", "client_id", "cnf", "nonce", "act", "Client_ID"] {
            let hidden = Hidden { more: BTreeMap::from([(name.to_owned(), 1)]) };
            assert!(matches!(AppClaims::of(&hidden), Err(ClaimsError::Reserved { .. })), "{name}");
        }
        // Readers that ignore case (Go's encoding/json) take these for the same.
        for name in ["SUB", "Scope", "\u{17f}ub", "auth_TIME"] {
            let hidden = Hidden { more: BTreeMap::from([(name.to_owned(), 1)]) };
            assert!(matches!(AppClaims::of(&hidden), Err(ClaimsError::Reserved { .. })), "{name}");
        }
        let hidden = Hidden { more: BTreeMap::from([("subject".to_owned(), 1)]) };
        assert!(AppClaims::of(&hidden).is_ok(), "another name");
    }

    #[test]
    fn a_reserved_name_is_found_behind_an_option() {
        assert!(matches!(
            reserved::<Option<Renamed>>(),
            Some(ClaimsError::Reserved { name: "sid" })
        ));
    }

    /// A token whose claims no handler could take would be refused for ever.
    #[test]
    fn claims_that_cannot_be_read_back_are_not_given_out() {
        #[derive(Serialize, Deserialize)]
        struct Quota {
            quota: f64,
        }
        let source = |quota| TypedClaims::new(move |_: &User| Ok(Quota { quota })).unwrap();
        assert!(source(1.5).claims(&user()).is_ok());
        let refused = source(f64::NAN).claims(&user());
        assert!(matches!(refused, Err(ClaimsError::Unreadable(_))), "{refused:?}");
    }

    #[test]
    fn what_is_no_object_is_no_claims() {
        assert!(matches!(AppClaims::of(&1), Err(ClaimsError::NotAnObject)));
        assert!(matches!(AppClaims::of(&[1]), Err(ClaimsError::NotAnObject)));
        let keys = BTreeMap::from([((1, 2), 3)]);
        assert!(matches!(AppClaims::of(&keys), Err(ClaimsError::Json(_))));
    }
}
