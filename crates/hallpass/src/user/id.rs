//! The id of a user as tokens carry it: text.

use std::fmt::{self, Display};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The canonical text of a user's id: what a token's `sub` holds (always a string, RFC 7519 §4.1.2).
///
/// Which texts are ids is the store's to say ([`crate::store::UserStore::is_id`]), so that one domain
/// serves `i64`, UUID and text keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(String);

impl UserId {
    /// Returns the id that displays as `id` does.
    ///
    /// ```
    /// assert_eq!(hallpass::UserId::new(7_i64).as_str(), "7");
    /// ```
    #[must_use]
    pub fn new(id: impl Display) -> Self {
        Self(id.to_string())
    }

    /// Returns the text of the id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the id as an `Id`, or `None` when the text is not the canonical one of an `Id`.
    ///
    /// ```
    /// use hallpass::UserId;
    ///
    /// assert_eq!(UserId::new("7").parse::<i64>(), Some(7));
    /// assert_eq!(UserId::new("07").parse::<i64>(), None); // two texts for one user
    /// assert_eq!(UserId::new("+7").parse::<i64>(), None);
    /// ```
    #[must_use]
    pub fn parse<Id: FromStr + Display>(&self) -> Option<Id> {
        parse_canonical(&self.0)
    }

    /// Returns whether `text` is the canonical one of an `Id`: what a store says of an id.
    ///
    /// ```
    /// use hallpass::UserId;
    ///
    /// assert!(UserId::is_canonical::<i64>("7"));
    /// assert!(!UserId::is_canonical::<i64>("07"));
    /// ```
    #[must_use]
    pub fn is_canonical<Id: FromStr + Display>(text: &str) -> bool {
        parse_canonical::<Id>(text).is_some()
    }
}

fn parse_canonical<Id: FromStr + Display>(text: &str) -> Option<Id> {
    let id: Id = text.parse().ok()?;
    (id.to_string() == text).then_some(id)
}

impl Display for UserId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
