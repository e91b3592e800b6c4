#![doc = include_str!("../README.md")]
#![cfg_attr(
    test,
    expect(clippy::wildcard_enum_match_arm, reason = "a test names the variants that it is about")
)]

mod config;
mod error_code;
mod event;
pub mod json;
mod keys;
mod limit;
mod password;
mod random;
mod service;
mod session;
mod store;
mod text;
mod time;
mod token;
mod user;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use config::{
    Config, ConfigError, ConfigProblem, Setting, SettingTextError, Settings, Variable,
    check_setting_text,
};
pub use error_code::{Classified, DamagedRow, ErrorCode, Refusal};
pub use event::{
    AuthEvent, AuthEventKind, AuthObserver, LoginRefusal, RegistrationRefusal, Severity, Throttle,
};
pub use json::MalformedJson;
pub use keys::{JwsError, TokenSecret, WeakSecret};
pub use limit::{
    AttemptKey, AttemptKind, AttemptLimiter, BoundedLimiter, LoginLimits, LoginThrottle, NoAttempt,
    ThrottlePolicy, Verdict,
};
pub use password::{
    Password, PasswordHash, PasswordRule, PasswordRuleError, PasswordStamp, PasswordText,
    PasswordUnacceptable, UnusableHash,
};
pub use random::{Random, RandomUnavailable};
pub use service::{
    FreshAccess, HashLane, HashPermit, LoginAnswer, LoginError, OwnSessions, OwnSessionsError,
    PasswordChangeError, Ports, ReauthenticateError, RefreshError, RegisterError, Run, Service,
    Throttled, TokenPair, UseCase, Wait,
};
pub use session::{
    Device, DeviceSession, EndReason, NotASessionId, RefreshRefusal, RefreshTokenHash, Session,
    SessionId, SessionPolicy, Sessions,
};
pub use store::{
    NewUser, PasswordChange, ProvenSession, Rotation, SessionStart, SessionWatcher, SessionsToEnd,
    StoreError, UserStore,
};
#[doc(hidden)]
pub use text::error_chain;
pub use time::{Clock, Timestamp, TimestampOutOfRange};
pub use token::{
    AccessClaims, AccessToken, AccessTokenError, AppClaims, ClaimsError, ClaimsSource, IssueError,
    RefreshToken, RefreshTokenError, TypedClaims,
};
pub use user::{
    Credentials, LoginName, LoginUnacceptable, Scope, ScopeRule, ScopeUnacceptable, User, UserId,
};
