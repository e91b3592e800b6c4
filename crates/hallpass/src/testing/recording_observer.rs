//! An observer that remembers.

use std::sync::{Mutex, PoisonError};

use crate::event::{AuthEvent, AuthEventKind, AuthObserver};

/// Keeps every event, in order.
#[derive(Debug, Default)]
pub struct RecordingObserver(Mutex<Vec<AuthEvent>>);

impl RecordingObserver {
    /// Returns the events since the last call, and forgets them.
    #[must_use]
    pub fn take(&self) -> Vec<AuthEvent> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns what happened since the last call, and forgets it.
    #[must_use]
    pub fn take_kinds(&self) -> Vec<AuthEventKind> {
        self.take().into_iter().map(|event| event.kind).collect()
    }
}

impl AuthObserver for RecordingObserver {
    fn observe(&self, event: &AuthEvent) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone());
    }
}
