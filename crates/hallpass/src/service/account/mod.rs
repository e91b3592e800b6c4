//! Use cases about accounts: registration, passwords, and what an application does to its users.

pub(crate) mod administration;
pub(crate) mod password_adoption;
pub(crate) mod password_change;
pub(crate) mod register;

pub use password_change::PasswordChangeError;
pub use register::RegisterError;
