//! The log: an observer that writes `tracing` events.

use hallpass::{AuthEvent, AuthObserver, Severity};

/// The log: writes each event as a `tracing` event with the target `hallpass`, at its severity.
///
/// Every [`Auth`](crate::Auth) has one unless [`AuthBuilder::without_log`](crate::AuthBuilder::without_log) leaves
/// it out. It is public for an observer of your own that logs some events only:
///
/// ```
/// use std::sync::Arc;
/// use actix_hallpass::hallpass::{AuthEvent, AuthEventKind, AuthObserver};
/// use actix_hallpass::{Auth, TracingObserver};
///
/// struct WithoutRefreshes;
///
/// impl AuthObserver for WithoutRefreshes {
///     fn observe(&self, event: &AuthEvent) {
///         if event.kind != AuthEventKind::Refreshed {
///             TracingObserver.observe(event);
///         }
///     }
/// }
///
/// let builder = Auth::builder().without_log().observer(Arc::new(WithoutRefreshes));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct TracingObserver;

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
