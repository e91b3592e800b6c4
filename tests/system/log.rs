//! What is written to the log while something is done on this thread.

use std::io;
use std::sync::{Arc, Mutex};

/// Returns what `work` returns, and what it has written at level INFO and above.
pub(crate) fn during<T>(work: impl FnOnce() -> T) -> (T, String) {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
    let value = tracing::subscriber::with_default(subscriber, work);
    let written = log.0.lock().unwrap().clone();
    (value, String::from_utf8(written).unwrap())
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
