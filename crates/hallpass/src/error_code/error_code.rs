//! The closed list of codes that a client branches on.

use crate::event::Severity;

/// Declares the codes with their text on the wire, their severity and what they tell a person.
macro_rules! error_codes {
    ($($(#[$meta:meta])* $variant:ident = $code:literal, $severity:ident, $detail:literal;)+) => {
        /// The `code` of a refusal: the one field of it that a client should branch on.
        ///
        /// Only [`ErrorCode::TokenExpired`] should make a client call `/refresh`.
        ///
        /// ```
        /// use hallpass::ErrorCode;
        ///
        /// assert_eq!(ErrorCode::TokenExpired.as_str(), "token_expired");
        /// assert_eq!(ErrorCode::TokenExpired.detail(), "the access token expired");
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $($(#[$meta])* #[doc = concat!("\n\n", $detail, ".")] $variant,)+
        }

        impl ErrorCode {
            /// All codes: first those of a request that has to change, last those of a fault.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Returns the code as it is on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// Returns how much an error with this code matters to an operator, unless the error
            /// says more.
            ///
            /// [`Severity::Info`] is a refusal, of which an event tells where it matters; the
            /// others are requests that the server could not serve.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity),+ }
            }

            /// Returns what it tells a person: the `detail` on the wire.
            #[must_use]
            pub const fn detail(self) -> &'static str {
                match self { $(Self::$variant => $detail),+ }
            }
        }
    };
}

error_codes! {
    /// `invalid_request`.
    InvalidRequest = "invalid_request", Info,
        "the body is not the JSON object that this route takes";
    /// `refresh_missing`.
    RefreshMissing = "refresh_missing", Info, "the body has no `refresh_token`";
    /// `request_ambiguous`.
    RequestAmbiguous = "request_ambiguous", Info,
        "the request has more than one Authorization header";
    /// `token_missing`.
    TokenMissing = "token_missing", Info, "this needs an access token";
    /// `token_invalid`.
    TokenInvalid = "token_invalid", Info, "the access token is invalid";
    /// `token_expired`.
    TokenExpired = "token_expired", Info, "the access token expired";
    /// `invalid_credentials`.
    InvalidCredentials = "invalid_credentials", Info, "login name or password are wrong";
    /// `refresh_invalid`.
    RefreshInvalid = "refresh_invalid", Info, "the refresh token is invalid";
    /// `refresh_expired`.
    RefreshExpired = "refresh_expired", Info, "the refresh token expired";
    /// `refresh_stale`.
    RefreshStale = "refresh_stale", Info, "a newer refresh token of this session was issued";
    /// `session_revoked`.
    SessionRevoked = "session_revoked", Info, "the session has ended";
    /// `session_superseded`.
    SessionSuperseded = "session_superseded", Info,
        "the session was replaced by a later login";
    /// `insufficient_user_authentication`.
    InsufficientUserAuthentication = "insufficient_user_authentication", Info,
        "this needs the password once more";
    /// `insufficient_scope`.
    InsufficientScope = "insufficient_scope", Info,
        "the access token does not allow this";
    /// `not_found`.
    NotFound = "not_found", Info, "there is nothing here";
    /// `method_not_allowed`.
    MethodNotAllowed = "method_not_allowed", Info,
        "this route does not take the method";
    /// `login_taken`.
    LoginTaken = "login_taken", Info, "somebody has this login name";
    /// `body_too_large`.
    BodyTooLarge = "body_too_large", Info, "the body has more than 8 KiB";
    /// `unsupported_media_type`.
    UnsupportedMediaType = "unsupported_media_type", Info,
        "Content-Type must be application/json, without a Content-Encoding";
    /// `password_unacceptable`.
    PasswordUnacceptable = "password_unacceptable", Info,
        "the password is unacceptable";
    /// `login_unacceptable`.
    LoginUnacceptable = "login_unacceptable", Info,
        "the login name is unacceptable";
    /// `throttled`.
    Throttled = "throttled", Info, "too many attempts";
    /// `internal`.
    Internal = "internal", Error, "something went wrong on the server";
    /// `busy`.
    Busy = "busy", Warning, "too many passwords or tokens are being checked";
    /// `refresh_conflict`.
    RefreshConflict = "refresh_conflict", Info,
        "the session changed too often meanwhile; the same token may be sent again";
    /// `unavailable`.
    Unavailable = "unavailable", Error, "the database is unavailable";
}
