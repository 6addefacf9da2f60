//! Cancelling work that another thread does.

use std::fmt;
use std::sync::Arc;

use crate::error::{bail, Result};
use crate::sync::Mutex;

type Interrupt = Arc<dyn Fn() + Send + Sync>;

/// Cancels one piece of work, once and for good: from any thread, and however early.
#[derive(Clone, Default)]
pub struct Cancel(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    cancelled: bool,
    /// How to stop what is being computed at this moment.
    interrupt: Option<Interrupt>,
}

impl Cancel {
    /// Ends the work: what is running is interrupted, what comes later does not begin.
    pub fn cancel(&self) {
        let mut state = self.0.lock();
        state.cancelled = true;
        if let Some(interrupt) = &state.interrupt {
            interrupt();
        }
    }

    /// Whether [`Cancel::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.lock().cancelled
    }

    /// An error of status `Cancelled` if the work is cancelled.
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() {
            bail!(Cancelled, "cancelled");
        }
        Ok(())
    }

    /// Runs `work`, which `interrupt` can stop from another thread.
    pub fn interruptible<T>(
        &self,
        interrupt: impl Fn() + Send + Sync + 'static,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        {
            // One lock for the question and the answer: no cancel falls between them.
            let mut state = self.0.lock();
            if state.cancelled {
                bail!(Cancelled, "cancelled");
            }
            state.interrupt = Some(Arc::new(interrupt));
        }
        let _clear = ClearInterrupt(self);
        let result = work();
        if result.is_err() {
            self.check()?; // the failure is what the interrupt brought about
        }
        result
    }
}

/// Forgets the interrupt when the work ends, also when it panics.
struct ClearInterrupt<'a>(&'a Cancel);

impl Drop for ClearInterrupt<'_> {
    fn drop(&mut self) {
        self.0 .0.lock().interrupt = None;
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cancel").field(&self.is_cancelled()).finish()
    }
}
