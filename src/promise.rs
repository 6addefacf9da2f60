//! A result that one thread sets and others poll or wait for.

use std::time::{Duration, Instant};

use crate::error::{Error, Result, Status};
use crate::sync::{Condvar, Mutex, MutexGuard};

/// Set once; every reader gets a copy.
pub struct Promise<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    result: Option<Result<T>>,
    abandoned: bool,
}

impl<T: Clone> Promise<T> {
    /// Not set yet.
    pub fn new() -> Self {
        Self { state: Mutex::new(State { result: None, abandoned: false }), changed: Condvar::new() }
    }

    /// Sets the result. The first stays: what comes after a cancel is of no interest.
    pub fn set(&self, result: Result<T>) {
        self.state.lock().result.get_or_insert(result);
        self.changed.notify_all();
    }

    /// The result, if it is there.
    pub fn get(&self) -> Option<Result<T>> {
        self.state.lock().result.clone()
    }

    /// Lets nobody wait any more: whoever does is told that it was cancelled. The result may still be set and read.
    pub fn abandon(&self) {
        self.state.lock().abandoned = true;
        self.changed.notify_all();
    }

    /// Waits for the result: for this long, or for ever.
    pub fn wait(&self, timeout: Option<Duration>) -> Option<Result<T>> {
        let mut state = self.state.lock();
        wait_until(&self.changed, &mut state, timeout, |state| state.result.is_some() || state.abandoned);
        let abandoned =
            || state.abandoned.then(|| Err(Error::new(Status::Cancelled, "what was waited for is destroyed")));
        state.result.clone().or_else(abandoned)
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
