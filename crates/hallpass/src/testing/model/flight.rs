//! A request on its way through the service.

use crate::service::{
    LoginAnswer, LoginError, PasswordChangeError, RefreshError, TokenPair, UseCase,
};
use crate::testing::world;

pub(super) enum Flight {
    Login(UseCase<Result<LoginAnswer, LoginError>>),
    Refresh(UseCase<Result<TokenPair, RefreshError>>),
    Password(UseCase<Result<(), PasswordChangeError>>),
    SetPassword(UseCase<Result<bool, PasswordChangeError>>),
    /// Its access token was none.
    Refused,
}

impl Flight {
    /// Runs it up to its first hash.
    pub(super) fn run_to_hash(self) -> Self {
        match self {
            Self::Login(login) => Self::Login(world::run_to_hash(login)),
            Self::Refresh(refresh) => Self::Refresh(world::run_to_hash(refresh)),
            Self::Password(change) => Self::Password(world::run_to_hash(change)),
            Self::SetPassword(change) => Self::SetPassword(world::run_to_hash(change)),
            Self::Refused => Self::Refused,
        }
    }
}
