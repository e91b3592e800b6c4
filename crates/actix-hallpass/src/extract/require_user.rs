//! A rule of the application's about users, as a requirement of a guard: here, because guards know claims
//! and no [`AuthUser`].

use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::extract::AuthUser;
use crate::guard::Guard;
use crate::guard::requirement::Requirement;

impl Guard {
    /// Lets in the users to whom `rule` says yes, and answers others with 403 `insufficient_scope`.
    ///
    /// It is asked at each request, on the event loop: let it decide by what it is given, and look
    /// into a database in a handler. A request without a token gets 401, also with
    /// [`Guard::optional`]. Write the type of the argument, which is that of the ids:
    ///
    /// ```
    /// # use actix_hallpass::{Auth, Guard};
    /// # fn guard(auth: Auth) -> Guard {
    /// use actix_hallpass::AuthUser;
    ///
    /// auth.guard().require(|user: &AuthUser| user.id == 1 || user.scope.contains("admin"))
    /// # }
    /// ```
    #[must_use]
    pub fn require<Id, Claims>(
        self,
        rule: impl Fn(&AuthUser<Id, Claims>) -> bool + Send + Sync + 'static,
    ) -> Self
    where
        Id: FromStr + Display + 'static,
        Claims: DeserializeOwned + 'static,
    {
        self.requiring(Requirement::User(Arc::new(move |claims| {
            AuthUser::from_claims(claims).map(|user| rule(&user))
        })))
    }
}
