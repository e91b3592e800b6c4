#![doc = include_str!("../README.md")]

mod access_token;
mod app_claims;
mod app_members;
mod attempt_key;
mod attempt_limiter;
mod bcrypt;
mod clock;
mod config;
mod credentials;
mod device;
mod device_session;
#[cfg(test)]
mod dice;
mod duration;
mod end_reason;
mod event;
mod field_names;
#[cfg(test)]
mod forge;
mod hmac_key;
mod ignorable;
pub mod json;
mod jws;
mod login_limits;
mod login_name;
mod login_throttle;
mod password;
mod password_hash;
mod password_rule;
mod password_stamp;
mod plural;
mod random;
mod refresh_token;
mod refresh_token_hash;
mod refresh_token_hasher;
mod rotation;
mod scope;
mod scope_rule;
mod service;
mod session;
mod session_list;
mod sessions;
mod setting_text;
mod settings;
mod step;
mod store;
mod throttle_policy;
mod timestamp;
mod token_secret;
mod token_text;
mod typed_password;
mod user;
mod user_id;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use access_token::{AccessClaims, AccessToken, AccessTokenError, IssueError};
pub use app_claims::{AppClaims, ClaimsError, ClaimsSource, TypedClaims};
pub use attempt_key::{AttemptKey, AttemptKind};
pub use attempt_limiter::{AttemptLimiter, Verdict};
pub use bcrypt::UnusableHash;
pub use clock::Clock;
pub use config::{Config, ConfigError, ConfigProblem};
pub use credentials::Credentials;
pub use device::Device;
pub use device_session::DeviceSession;
pub use end_reason::EndReason;
pub use event::{
    AuthEvent, AuthEventKind, AuthObserver, LoginRefusal, RegistrationRefusal, Severity, Throttle,
};
pub use json::MalformedJson;
pub use jws::JwsError;
pub use login_limits::LoginLimits;
pub use login_name::{LoginName, LoginUnacceptable};
pub use login_throttle::LoginThrottle;
pub use password::{Password, PasswordUnacceptable};
pub use password_hash::PasswordHash;
pub use password_rule::{PasswordRule, PasswordRuleError};
pub use password_stamp::PasswordStamp;
pub use random::{Random, RandomUnavailable};
pub use refresh_token::{RefreshToken, RefreshTokenError};
pub use refresh_token_hash::RefreshTokenHash;
pub use rotation::RefreshRefusal;
pub use scope::{Scope, ScopeUnacceptable};
pub use scope_rule::ScopeRule;
pub use service::{
    FreshAccess, LoginError, OwnSessions, OwnSessionsError, PasswordChangeError, Ports,
    ReauthenticateError, RefreshError, RegisterError, Service, Throttled, TokenPair,
};
pub use session::{NotASessionId, Session, SessionId, SessionPolicy};
pub use sessions::Sessions;
pub use setting_text::{SettingTextError, check_setting_text};
pub use settings::{Setting, Settings};
pub use step::{HashLane, Step, Work};
pub use store::{
    NewUser, PasswordChange, ProvenSession, Rotation, SessionStart, SessionsToEnd, StoreError,
    UserStore,
};
pub use throttle_policy::{NoAttempt, ThrottlePolicy};
pub use timestamp::{Timestamp, TimestampOutOfRange};
pub use token_secret::{TokenSecret, WeakSecret};
pub use user::User;
pub use user_id::UserId;
