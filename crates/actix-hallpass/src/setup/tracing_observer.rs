//! The observer that is used where an application brings none: it writes `tracing` events.

use hallpass::{AuthEvent, AuthObserver, Severity};

/// Writes each event to the target `hallpass`, at the level of its severity.
#[derive(Debug)]
pub(crate) struct TracingObserver;

impl AuthObserver for TracingObserver {
    fn observe(&self, event: &AuthEvent) {
        let (name, reason) = (event.kind.name(), event.kind.reason());
        let user = event.user_id.as_ref().map(tracing::field::display);
        let session = event.session_id.as_ref().map(tracing::field::display);
        let client = event.client_address.as_ref().map(tracing::field::display);
        let generation = event.generation;
        match event.kind.severity() {
            Severity::Info => {
                tracing::info!(target: "hallpass", user, session, generation, client, reason, "{name}");
            }
            Severity::Warning => {
                tracing::warn!(target: "hallpass", user, session, generation, client, reason, "{name}");
            }
            Severity::Error => {
                tracing::error!(target: "hallpass", user, session, generation, client, reason, "{name}");
            }
        }
    }
}
