//! Counts bcrypt: a test on time that does not look at a watch.

use std::cell::RefCell;

thread_local! {
    static COSTS: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}

/// Notes a run of bcrypt on this thread.
pub(crate) fn record(cost: u32) {
    COSTS.with_borrow_mut(|costs| costs.push(cost));
}

/// Returns the costs of the bcrypt runs that `work` does on this thread, in order.
///
/// Two pieces of work take the same time when the sums of `2^cost` are the same.
///
/// ```
/// assert!(hallpass::testing::bcrypt_runs::during(|| ()).is_empty());
/// ```
pub fn during<T>(work: impl FnOnce() -> T) -> Vec<u32> {
    COSTS.take();
    work();
    COSTS.take()
}
