//! The closed list of codes that a client branches on.

use actix_web::http::StatusCode;

/// Declares the codes with their status and what they tell a person.
macro_rules! error_codes {
    ($($(#[$meta:meta])* $variant:ident = $code:literal, $status:ident, $detail:literal;)+) => {
        /// The `code` of a refusal: the one field of it that a client should branch on.
        ///
        /// Only [`ErrorCode::TokenExpired`] should make a client call `/refresh`.
        ///
        /// ```
        /// use actix_hallpass::ErrorCode;
        ///
        /// assert_eq!(ErrorCode::TokenExpired.as_str(), "token_expired");
        /// assert_eq!(ErrorCode::TokenExpired.status(), 401);
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $($(#[$meta])* #[doc = concat!("\n\n", $detail, ".")] $variant,)+
        }

        impl ErrorCode {
            /// All codes, in the order of their status.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Returns the code as it is on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// Returns the HTTP status it comes with.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status),+ }
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
    InvalidRequest = "invalid_request", BAD_REQUEST,
        "the body is not the JSON object that this route takes";
    /// `refresh_missing`.
    RefreshMissing = "refresh_missing", BAD_REQUEST, "the body has no `refresh_token`";
    /// `request_ambiguous`.
    RequestAmbiguous = "request_ambiguous", BAD_REQUEST,
        "the request has more than one Authorization header";
    /// `token_missing`.
    TokenMissing = "token_missing", UNAUTHORIZED, "this needs an access token";
    /// `token_invalid`.
    TokenInvalid = "token_invalid", UNAUTHORIZED, "the access token is invalid";
    /// `token_expired`.
    TokenExpired = "token_expired", UNAUTHORIZED, "the access token expired";
    /// `invalid_credentials`.
    InvalidCredentials = "invalid_credentials", UNAUTHORIZED, "login name or password are wrong";
    /// `refresh_invalid`.
    RefreshInvalid = "refresh_invalid", UNAUTHORIZED, "the refresh token is invalid";
    /// `refresh_expired`.
    RefreshExpired = "refresh_expired", UNAUTHORIZED, "the refresh token expired";
    /// `refresh_stale`.
    RefreshStale = "refresh_stale", UNAUTHORIZED, "a newer refresh token of this session was issued";
    /// `session_revoked`.
    SessionRevoked = "session_revoked", UNAUTHORIZED, "the session has ended";
    /// `session_superseded`.
    SessionSuperseded = "session_superseded", UNAUTHORIZED,
        "the session was replaced by a later login";
    /// `insufficient_user_authentication`.
    InsufficientUserAuthentication = "insufficient_user_authentication", UNAUTHORIZED,
        "this needs the password once more";
    /// `insufficient_scope`.
    InsufficientScope = "insufficient_scope", FORBIDDEN,
        "the access token does not allow this";
    /// `not_found`.
    NotFound = "not_found", NOT_FOUND, "there is nothing here";
    /// `method_not_allowed`.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED,
        "this route does not take the method";
    /// `login_taken`.
    LoginTaken = "login_taken", CONFLICT, "somebody has this login name";
    /// `body_too_large`.
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, "the body has more than 8 KiB";
    /// `unsupported_media_type`.
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE,
        "Content-Type must be application/json, without a Content-Encoding";
    /// `password_unacceptable`.
    PasswordUnacceptable = "password_unacceptable", UNPROCESSABLE_ENTITY,
        "the password is unacceptable";
    /// `login_unacceptable`.
    LoginUnacceptable = "login_unacceptable", UNPROCESSABLE_ENTITY,
        "the login name is unacceptable";
    /// `throttled`.
    Throttled = "throttled", TOO_MANY_REQUESTS, "too many attempts";
    /// `internal`.
    Internal = "internal", INTERNAL_SERVER_ERROR, "something went wrong on the server";
    /// `busy`.
    Busy = "busy", SERVICE_UNAVAILABLE, "too many passwords or tokens are being checked";
    /// `refresh_conflict`.
    RefreshConflict = "refresh_conflict", SERVICE_UNAVAILABLE,
        "the session changed too often meanwhile; the same token may be sent again";
    /// `unavailable`.
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "the database is unavailable";
}
