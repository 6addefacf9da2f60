//! Locks and conditions: parking_lot's in what is shipped. With the feature `loom` they are loom's, which runs a test in
//! every order that its threads may take (`threads/tests/loom`).

#[cfg(not(feature = "loom"))]
pub use parking_lot::{Condvar, Mutex, MutexGuard};

#[cfg(feature = "loom")]
pub use explored::{Condvar, Mutex, MutexGuard};

/// loom's locks, used as parking_lot's are.
#[cfg(feature = "loom")]
mod explored {
    use std::ops::{Deref, DerefMut};
    use std::sync::LockResult;
    use std::time::Instant;

    /// A panic does not spoil what it protects.
    fn unpoisoned<T>(result: LockResult<T>) -> T {
        result.unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// loom's own takes a thread that is about to try a lock for one that waits for it, and finds deadlocks that are none.
    /// So whoever holds the value has said so in `held`, which is locked for a moment at a time and never tried.
    #[derive(Default)]
    pub struct Mutex<T> {
        held: loom::sync::Mutex<bool>,
        freed: loom::sync::Condvar,
        value: loom::sync::Mutex<T>,
    }

    /// Empty only while a condition is waited for.
    pub struct MutexGuard<'a, T> {
        mutex: &'a Mutex<T>,
        value: Option<loom::sync::MutexGuard<'a, T>>,
    }

    impl<T> Mutex<T> {
        pub fn new(value: T) -> Self {
            Self {
                held: loom::sync::Mutex::new(false),
                freed: loom::sync::Condvar::new(),
                value: loom::sync::Mutex::new(value),
            }
        }

        pub fn lock(&self) -> MutexGuard<'_, T> {
            let mut held = unpoisoned(self.held.lock());
            while *held {
                held = unpoisoned(self.freed.wait(held));
            }
            self.hold(held)
        }

        pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
            let held = unpoisoned(self.held.lock());
            (!*held).then(|| self.hold(held))
        }

        fn hold(&self, mut held: loom::sync::MutexGuard<bool>) -> MutexGuard<'_, T> {
            *held = true;
            MutexGuard { mutex: self, value: Some(unpoisoned(self.value.lock())) }
        }
    }

    impl<T> MutexGuard<'_, T> {
        /// Lets go of the value; `held`, to be unlocked.
        fn free(&mut self) -> loom::sync::MutexGuard<'_, bool> {
            self.value = None;
            let mut held = unpoisoned(self.mutex.held.lock());
            *held = false;
            self.mutex.freed.notify_one();
            held
        }
    }

    impl<T> Drop for MutexGuard<'_, T> {
        fn drop(&mut self) {
            if self.value.is_some() {
                self.free();
            }
        }
    }

    impl<T> Deref for MutexGuard<'_, T> {
        type Target = T;

        fn deref(&self) -> &T {
            self.value.as_ref().expect("nobody is waiting")
        }
    }

    impl<T> DerefMut for MutexGuard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            self.value.as_mut().expect("nobody is waiting")
        }
    }

    pub struct Condvar(loom::sync::Condvar);

    /// What became of a wait.
    pub struct Waited;

    impl Condvar {
        pub fn new() -> Self {
            Self(loom::sync::Condvar::new())
        }

        pub fn notify_one(&self) {
            self.0.notify_one();
        }

        pub fn notify_all(&self) {
            self.0.notify_all();
        }

        pub fn wait<T>(&self, guard: &mut MutexGuard<T>) {
            let mutex = guard.mutex;
            drop(unpoisoned(self.0.wait(guard.free())));
            guard.value = mutex.lock().value.take();
        }

        /// Time stands still here: no deadline ever comes, so that nothing may rely on one to be woken.
        pub fn wait_until<T>(&self, guard: &mut MutexGuard<T>, _deadline: Instant) -> Waited {
            self.wait(guard);
            Waited
        }
    }

    impl Waited {
        pub fn timed_out(&self) -> bool {
            false
        }
    }
}
