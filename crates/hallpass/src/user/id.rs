//! The id of a user as tokens carry it: text.

use std::fmt::{self, Display, Write as _};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, ToSmolStr as _};

/// The canonical text of a user's id: what a token's `sub` holds (always a string, RFC 7519 §4.1.2).
///
/// Which texts are ids is the store's to say ([`crate::store::UserStore::is_id`]), so that one domain
/// serves `i64`, UUID and text keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(SmolStr);

impl UserId {
    /// Returns the id that displays as `id` does.
    ///
    /// ```
    /// assert_eq!(hallpass::UserId::new(7_i64).as_str(), "7");
    /// ```
    #[must_use]
    pub fn new(id: impl Display) -> Self {
        Self(id.to_smolstr())
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
    let id = text.parse().ok()?;
    is_written_as(&id, text).then_some(id)
}

/// Returns whether `id` displays as `text`, without writing it anywhere: every request asks.
fn is_written_as(id: &impl Display, text: &str) -> bool {
    let mut rest = Unmatched(Some(text));
    write!(rest, "{id}").is_ok() && rest.0 == Some("")
}

/// What is left of a text once that which was written has been taken from its front; `None` from the first
/// difference on, also for an id that does not mind the error.
struct Unmatched<'a>(Option<&'a str>);

impl fmt::Write for Unmatched<'_> {
    fn write_str(&mut self, written: &str) -> fmt::Result {
        self.0 = self.0.and_then(|rest| rest.strip_prefix(written));
        self.0.map(|_| ()).ok_or(fmt::Error)
    }
}

impl Display for UserId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
