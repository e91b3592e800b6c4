//! What happened: every outcome of a use case, as an event for observers.
//!
//! Each kind of event has its name, severity and reason here, so that what writes them down knows
//! no kind.

pub(crate) mod event;
pub(crate) mod kind;
pub(crate) mod observer;
pub(crate) mod refusal;
pub(crate) mod severity;

pub use event::AuthEvent;
pub use kind::AuthEventKind;
pub use observer::AuthObserver;
pub use refusal::{LoginRefusal, RegistrationRefusal, Throttle};
pub use severity::Severity;
