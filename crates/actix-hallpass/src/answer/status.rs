//! The HTTP status of each code.

use actix_web::http::StatusCode;
use hallpass::ErrorCode;

/// Returns the status that a code comes with.
pub(crate) fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::InvalidRequest | ErrorCode::RefreshMissing | ErrorCode::RequestAmbiguous => {
            StatusCode::BAD_REQUEST
        }
        ErrorCode::TokenMissing
        | ErrorCode::TokenInvalid
        | ErrorCode::TokenExpired
        | ErrorCode::InvalidCredentials
        | ErrorCode::RefreshInvalid
        | ErrorCode::RefreshExpired
        | ErrorCode::RefreshStale
        | ErrorCode::SessionRevoked
        | ErrorCode::SessionSuperseded
        | ErrorCode::InsufficientUserAuthentication => StatusCode::UNAUTHORIZED,
        ErrorCode::InsufficientScope => StatusCode::FORBIDDEN,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ErrorCode::LoginTaken => StatusCode::CONFLICT,
        ErrorCode::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorCode::PasswordUnacceptable | ErrorCode::LoginUnacceptable => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        ErrorCode::Throttled => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorCode::Busy | ErrorCode::RefreshConflict | ErrorCode::Unavailable => {
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}
