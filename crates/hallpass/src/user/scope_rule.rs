//! What an access token has to allow, for a route: the decision about a scope.

use std::borrow::Cow;
use std::fmt::{self, Display};

use crate::user::Scope;

/// Which scope tokens a route asks for.
///
/// ```
/// use hallpass::{Scope, ScopeRule};
///
/// let clerk = Scope::parse("orders:read invoices:read").unwrap();
/// assert!(ScopeRule::all("orders:read invoices:read").allows(&clerk));
/// assert!(ScopeRule::any("orders:write orders:read").allows(&clerk));
/// assert!(!ScopeRule::all("orders:write").allows(&clerk));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeRule {
    quantity: Quantity,
    tokens: Cow<'static, str>,
}

/// How many of the tokens are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantity {
    All,
    Any,
}

impl ScopeRule {
    /// Returns the rule that each of these scope tokens, separated by spaces, is needed.
    ///
    /// # Panics
    /// When it is no list of scope tokens (RFC 6749 §3.3) with at least one in it: it would let
    /// everybody in, or nobody. In a `const`, that is an error of the compiler.
    #[must_use]
    pub const fn all(tokens: &'static str) -> Self {
        Self::new(Quantity::All, tokens)
    }

    /// Returns the rule that one of these scope tokens, separated by spaces, is enough.
    ///
    /// # Panics
    /// As [`ScopeRule::all`].
    #[must_use]
    pub const fn any(tokens: &'static str) -> Self {
        Self::new(Quantity::Any, tokens)
    }

    /// Returns the rule that one of these scope tokens is enough.
    ///
    /// # Panics
    /// When one of them is no scope token, or there is none. Two in one text are none: whoever writes
    /// `"a b"` among others may mean both, and either would do.
    #[must_use]
    pub fn any_of<'a>(tokens: impl IntoIterator<Item = &'a str>) -> Self {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let is_token = |token: &&str| is_scope(token.as_bytes()) && !token.contains(' ');
        assert!(!tokens.is_empty() && tokens.iter().all(is_token), "{NO_SCOPE}");
        Self { quantity: Quantity::Any, tokens: Cow::Owned(tokens.join(" ")) }
    }

    const fn new(quantity: Quantity, tokens: &'static str) -> Self {
        assert!(is_scope(tokens.as_bytes()), "{}", NO_SCOPE);
        Self { quantity, tokens: Cow::Borrowed(tokens) }
    }

    /// Returns the rule that both ask for what they ask for, if one rule can say so: if each needs all of
    /// its tokens.
    #[must_use]
    pub fn and(&self, other: &Self) -> Option<Self> {
        if (self.quantity, other.quantity) != (Quantity::All, Quantity::All) {
            return None;
        }
        let both = Cow::Owned(format!("{} {}", self.tokens, other.tokens));
        Some(Self { quantity: Quantity::All, tokens: both })
    }

    /// Returns whether whoever was granted this scope may pass. Tokens are compared byte for byte:
    /// `orders` is not `orders:read`.
    #[must_use]
    pub fn allows(&self, granted: &Scope) -> bool {
        let mut needed = self.tokens();
        match self.quantity {
            Quantity::All => needed.all(|token| granted.contains(token)),
            Quantity::Any => needed.any(|token| granted.contains(token)),
        }
    }

    /// Returns the scope tokens, separated by single spaces: the `scope` of a challenge (RFC 6750
    /// §3).
    #[must_use]
    pub fn scope(&self) -> String {
        self.tokens().collect::<Vec<_>>().join(" ")
    }

    fn tokens(&self) -> impl Iterator<Item = &str> {
        self.tokens.split(' ').filter(|token| !token.is_empty())
    }
}

const NO_SCOPE: &str = "this is no list of scope tokens (RFC 6749 §3.3)";

/// What [`Scope::parse`] reads, and not empty; in a form that the compiler can run.
const fn is_scope(bytes: &[u8]) -> bool {
    let mut has_token = false;
    let mut index = 0;
    while index < bytes.len() {
        match bytes[index] {
            b' ' => {}
            0x21 | 0x23..=0x5b | 0x5d..=0x7e => has_token = true,
            _ => return false,
        }
        index += 1;
    }
    has_token
}

impl Display for ScopeRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tokens = self.tokens().peekable();
        let first = tokens.next().unwrap_or_default();
        let introduction = match (self.quantity, tokens.peek()) {
            (_, None) => "the scope",
            (Quantity::All, Some(_)) => "all of the scopes",
            (Quantity::Any, Some(_)) => "one of the scopes",
        };
        write!(formatter, "{introduction} `{first}`")?;
        tokens.try_for_each(|token| write!(formatter, ", `{token}`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_asks_for_all_or_any_of_its_tokens() {
        for (granted, all, any) in [
            ("", false, false),
            ("a", false, true),
            ("b", false, true),
            ("b a", true, true),
            ("a b c", true, true),
            ("c", false, false),
            ("A B", false, false),
            ("ab", false, false),
            ("a:b b:a", false, false),
        ] {
            let scope = Scope::parse(granted).unwrap();
            assert_eq!(ScopeRule::all("a b").allows(&scope), all, "all of a b: {granted}");
            assert_eq!(ScopeRule::any(" a  b ").allows(&scope), any, "any of a b: {granted}");
            assert_eq!(ScopeRule::any_of(["a", "b"]).allows(&scope), any, "{granted}");
        }
    }

    #[test]
    fn a_rule_says_what_it_asks_for() {
        assert_eq!(ScopeRule::all("a").to_string(), "the scope `a`");
        assert_eq!(ScopeRule::all(" a  b ").to_string(), "all of the scopes `a`, `b`");
        assert_eq!(ScopeRule::any("a b c").to_string(), "one of the scopes `a`, `b`, `c`");
        assert_eq!(ScopeRule::any(" a  b ").scope(), "a b");
    }

    #[test]
    fn a_rule_that_asks_for_nothing_or_the_impossible_is_none() {
        for tokens in ["", " ", "a\"b", "a\\b", "caf\u{e9}", "a\tb"] {
            assert!(std::panic::catch_unwind(|| ScopeRule::all(tokens)).is_err(), "{tokens:?}");
            assert!(std::panic::catch_unwind(|| ScopeRule::any(tokens)).is_err(), "{tokens:?}");
            assert!(
                std::panic::catch_unwind(|| ScopeRule::any_of([tokens])).is_err(),
                "{tokens:?}"
            );
        }
        assert!(std::panic::catch_unwind(|| ScopeRule::any_of([])).is_err());
        // Of "a b" either would do, although whoever writes it wants both.
        for tokens in [["a b", "c"], ["", "c"], [" ", "c"], ["c", "d "]] {
            assert!(std::panic::catch_unwind(|| ScopeRule::any_of(tokens)).is_err(), "{tokens:?}");
        }
    }
}
