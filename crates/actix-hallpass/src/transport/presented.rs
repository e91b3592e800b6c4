//! The access token that a request presents, whichever way it travels.

use std::fmt;

/// What a request presents. Reading it never fails, so a broken token can't become an absent one.
///
/// `Debug` shows no token.
#[derive(Clone, Copy)]
#[cfg_attr(test, derive(PartialEq, Eq))]
pub(crate) enum Presented<'a> {
    /// Nothing, or credentials of another kind.
    Absent,
    /// Credentials of this kind without a well-formed token.
    Malformed,
    /// Several credentials: another reader of the request may take another one.
    Ambiguous,
    /// A well-formed token, not verified yet.
    Token(&'a str),
}

impl fmt::Debug for Presented<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Absent => "Absent",
            Self::Malformed => "Malformed",
            Self::Ambiguous => "Ambiguous",
            Self::Token(_) => "Token(…)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_printed() {
        assert_eq!(format!("{:?}", Presented::Token("s3cret")), "Token(…)");
    }
}
