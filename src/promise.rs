//! A result that one thread sets and others poll or wait for.

use std::time::{Duration, Instant};

use crate::error::Result;
use crate::sync::{Condvar, Mutex, MutexGuard};

/// Set once; every reader gets a copy.
pub struct Promise<T> {
    result: Mutex<Option<Result<T>>>,
    set: Condvar,
}

impl<T: Clone> Promise<T> {
    /// Not set yet.
    pub fn new() -> Self {
        Self { result: Mutex::new(None), set: Condvar::new() }
    }

    /// Sets the result. The first stays: what comes after a cancel is of no interest.
    pub fn set(&self, result: Result<T>) {
        self.result.lock().get_or_insert(result);
        self.set.notify_all();
    }

    /// The result, if it is there.
    pub fn get(&self) -> Option<Result<T>> {
        self.result.lock().clone()
    }

    /// Waits for the result: for this long, or for ever.
    pub fn wait(&self, timeout: Option<Duration>) -> Option<Result<T>> {
        let mut result = self.result.lock();
        wait_until(&self.set, &mut result, timeout, |result| result.is_some());
        result.clone()
    }
}

/// Waits on a condition: for this long, or for ever.
pub fn wait_until<T>(
    changed: &Condvar,
    guard: &mut MutexGuard<'_, T>,
    timeout: Option<Duration>,
    mut reached: impl FnMut(&T) -> bool,
) {
    // A time beyond what the clock can hold is for ever.
    let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    while !reached(guard) {
        match deadline {
            None => changed.wait(guard),
            Some(deadline) => {
                if changed.wait_until(guard, deadline).timed_out() {
                    return;
                }
            }
        }
    }
}
