//! Which code each error of a use case has. The one place that says what a client may know of it.

use crate::error_code::{Classified, DamagedRow, ErrorCode, Refusal};
use crate::event::{LoginRefusal, RegistrationRefusal, Severity};
use crate::password::PasswordUnacceptable;
use crate::random::RandomUnavailable;
use crate::service::{
    LoginError, OwnSessionsError, PasswordChangeError, ReauthenticateError, RefreshError,
    RegisterError, Throttled,
};
use crate::session::RefreshRefusal;
use crate::store::StoreError;
use crate::token::{AccessTokenError, ClaimsError, IssueError, RefreshTokenError};
use crate::user::LoginUnacceptable;

impl Classified for LoginError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal.refusal(),
            Self::Throttled(throttled) => throttled.refusal(),
            Self::Store(error) => error.refusal(),
            Self::Issue(error) => error.refusal(),
            Self::Random(error) => error.refusal(),
        }
    }
}

/// Whether there is such a user is not told (user enumeration).
impl Classified for LoginRefusal {
    fn refusal(&self) -> Refusal {
        match self {
            Self::UnknownUser
            | Self::UserDisabled
            | Self::WrongPassword
            | Self::HashUnusable(_)
            | Self::PasswordChanged => Refusal::new(ErrorCode::InvalidCredentials),
        }
    }
}

/// Which limit it was, and whether there is such an account, is not told.
impl Classified for Throttled {
    fn refusal(&self) -> Refusal {
        Refusal { retry_after: Some(self.wait), ..Refusal::new(ErrorCode::Throttled) }
    }
}

impl Classified for ReauthenticateError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal.refusal(),
            Self::Throttled(throttled) => throttled.refusal(),
            Self::SessionEnded => Refusal::of_access_token(ErrorCode::SessionRevoked),
            Self::Expired { .. } => Refusal::of_access_token(ErrorCode::TokenExpired),
            Self::Store(error) => error.refusal(),
            Self::Issue(error) => error.refusal(),
        }
    }
}

impl Classified for OwnSessionsError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::SessionEnded => Refusal::of_access_token(ErrorCode::SessionRevoked),
            Self::Store(error) => error.refusal(),
        }
    }
}

impl Classified for PasswordChangeError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Unacceptable(reason) => reason.refusal(),
            Self::Refused(refusal) => refusal.refusal(),
            Self::Throttled(throttled) => throttled.refusal(),
            Self::SessionEnded => Refusal::of_access_token(ErrorCode::SessionRevoked),
            // The database is well; somebody refreshes the session or logs in all the while.
            Self::Conflict => Refusal::new(ErrorCode::Unavailable).with_severity(Severity::Warning),
            Self::Store(error) => error.refusal(),
            Self::Random(error) => error.refusal(),
        }
    }
}

impl Classified for RegisterError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal.refusal(),
            Self::Throttled(throttled) => throttled.refusal(),
            Self::Store(error) => error.refusal(),
            Self::Random(error) => error.refusal(),
        }
    }
}

impl Classified for RegistrationRefusal {
    fn refusal(&self) -> Refusal {
        match self {
            Self::LoginUnacceptable(reason) => reason.refusal().with_detail(self.reason()),
            Self::PasswordUnacceptable(reason) => reason.refusal().with_detail(self.reason()),
            Self::LoginTaken => Refusal::new(ErrorCode::LoginTaken),
        }
    }
}

impl Classified for LoginUnacceptable {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Empty | Self::TooLong | Self::ControlCharacter => {
                Refusal::new(ErrorCode::LoginUnacceptable).with_detail(self.reason())
            }
        }
    }
}

impl Classified for PasswordUnacceptable {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Empty
            | Self::TooLong
            | Self::Nul
            | Self::TooShort { .. }
            | Self::AgainstRule { .. } => {
                Refusal::new(ErrorCode::PasswordUnacceptable).with_detail(self.reason())
            }
        }
    }
}

impl Classified for RefreshError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal.refusal(),
            Self::Conflict => Refusal::new(ErrorCode::RefreshConflict),
            Self::Store(error) => error.refusal(),
            Self::Issue(error) => error.refusal(),
            Self::Random(error) => error.refusal(),
        }
    }
}

/// What is not the client's to know, be it that the user is disabled or that the row is damaged,
/// is one code.
impl Classified for RefreshRefusal {
    fn refusal(&self) -> Refusal {
        Refusal::new(match self {
            Self::NotAuthentic(error) => return error.refusal(),
            Self::Expired { .. } => ErrorCode::RefreshExpired,
            Self::NoSession | Self::PasswordChanged | Self::Reused => ErrorCode::SessionRevoked,
            Self::Superseded => ErrorCode::SessionSuperseded,
            Self::Stale { .. } => ErrorCode::RefreshStale,
            Self::UnknownUser
            | Self::UserDisabled
            | Self::GenerationAhead { .. }
            | Self::SecretDiffers
            | Self::SuccessorDiffers
            | Self::HashUnusable(_) => ErrorCode::RefreshInvalid,
        })
    }
}

impl Classified for RefreshTokenError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NotAuthentic(_)
            | Self::Claims(_)
            | Self::Issuer
            | Self::Audience
            | Self::Subject
            | Self::NotYetValid { .. } => Refusal::new(ErrorCode::RefreshInvalid),
        }
    }
}

impl Classified for AccessTokenError {
    fn refusal(&self) -> Refusal {
        Refusal::of_access_token(match self {
            Self::Expired { .. } => ErrorCode::TokenExpired,
            Self::NotAuthentic(_)
            | Self::Claims(_)
            | Self::Issuer
            | Self::Audience
            | Self::Subject
            | Self::NotYetValid { .. } => ErrorCode::TokenInvalid,
        })
    }
}

/// What the same request may get past later is `unavailable`; the rest needs a change of code or
/// rows.
impl Classified for StoreError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Unavailable(_) => Refusal::new(ErrorCode::Unavailable),
            Self::Constraint(_) | Self::Unsupported(_) => Refusal::new(ErrorCode::Internal),
            Self::Row { table, column, id, .. } => Refusal {
                damaged_row: Some(Box::new(DamagedRow { table, column, id: id.clone() })),
                ..Refusal::new(ErrorCode::Unavailable)
            },
        }
    }
}

impl Classified for IssueError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Random(error) => error.refusal(),
            Self::Claims(error) => error.refusal(),
        }
    }
}

impl Classified for ClaimsError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Store(error) => error.refusal(),
            Self::NotAnObject
            | Self::Json(_)
            | Self::Reserved { .. }
            | Self::Unreadable(_)
            | Self::TooLong { .. } => Refusal::new(ErrorCode::Internal),
        }
    }
}

impl Classified for RandomUnavailable {
    fn refusal(&self) -> Refusal {
        Refusal::new(ErrorCode::Internal)
    }
}
