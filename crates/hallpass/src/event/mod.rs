//! What happened: every outcome of a use case, as an event for observers.

pub(crate) mod event;

pub use event::{
    AuthEvent, AuthEventKind, AuthObserver, LoginRefusal, RegistrationRefusal, Severity, Throttle,
};
