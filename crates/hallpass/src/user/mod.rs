//! A user as a store has them: id, login name, scope.

pub(crate) mod credentials;
pub(crate) mod id;
pub(crate) mod login_name;
pub(crate) mod scope;
pub(crate) mod scope_rule;
pub(crate) mod user;

pub use credentials::Credentials;
pub use id::UserId;
pub use login_name::{LoginName, LoginUnacceptable};
pub use scope::{Scope, ScopeUnacceptable};
pub use scope_rule::ScopeRule;
pub use user::User;
