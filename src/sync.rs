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

    #[derive(Default)]
    pub struct Mutex<T>(loom::sync::Mutex<T>);

    /// Empty only while a condition is waited for.
    pub struct MutexGuard<'a, T>(Option<loom::sync::MutexGuard<'a, T>>);

    impl<T> Mutex<T> {
        pub fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        pub fn lock(&self) -> MutexGuard<'_, T> {
            MutexGuard(Some(unpoisoned(self.0.lock())))
        }

        pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
            self.0.try_lock().ok().map(|guard| MutexGuard(Some(guard)))
        }
    }

    impl<T> Deref for MutexGuard<'_, T> {
        type Target = T;

        fn deref(&self) -> &T {
            self.0.as_ref().expect("nobody is waiting")
        }
    }

    impl<T> DerefMut for MutexGuard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            self.0.as_mut().expect("nobody is waiting")
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
            guard.0 = guard.0.take().map(|guard| unpoisoned(self.0.wait(guard)));
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
