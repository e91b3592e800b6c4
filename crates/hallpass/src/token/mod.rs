//! Access tokens and refresh tokens: their claims, how they are issued and verified, and what an application
//! adds.
//!
//! Knows no store: a token is judged by its text, a key and the time.

pub(crate) mod access;
pub(crate) mod app_claims;
pub(crate) mod app_members;
pub(crate) mod claims;
pub(crate) mod field_names;
pub(crate) mod refresh;
pub(crate) mod refresh_secret;
pub(crate) mod successor;
pub(crate) mod verification;

pub use access::{AccessToken, IssueError};
pub use app_claims::{AppClaims, ClaimsError, ClaimsSource, TypedClaims};
pub use claims::AccessClaims;
pub use refresh::{RefreshToken, RefreshTokenError};
pub use verification::AccessTokenError;
