//! The list of observers: the log, unless it is left out, and those of the application.

use std::sync::Arc;

use hallpass::{AuthEvent, AuthObserver};

use crate::setup::tracing_observer::TracingObserver;

/// Observers, told in the order in which they were added, after the log.
pub(crate) struct Observers {
    log: Option<TracingObserver>,
    added: Vec<Arc<dyn AuthObserver>>,
}

impl Default for Observers {
    fn default() -> Self {
        Self { log: Some(TracingObserver), added: Vec::new() }
    }
}

impl Observers {
    pub(crate) fn add(&mut self, observer: Arc<dyn AuthObserver>) {
        self.added.push(observer);
    }

    pub(crate) fn leave_out_log(&mut self) {
        self.log = None;
    }
}

impl AuthObserver for Observers {
    fn observe(&self, event: &AuthEvent) {
        if let Some(log) = &self.log {
            log.observe(event);
        }
        for observer in &self.added {
            observer.observe(event);
        }
    }
}
