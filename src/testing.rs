//! Panics, failures and stalls on demand, so that tests can prove what becomes of them. Without the feature
//! `testing` nothing of it is compiled in.

/// Panics here if a test has armed this point.
#[cfg(not(feature = "testing"))]
pub(crate) fn point(_name: &str) {}

/// What to fail with here, if a test has said so.
#[cfg(not(feature = "testing"))]
pub(crate) fn failure(_name: &str) -> Option<String> {
    None
}

#[cfg(feature = "testing")]
pub use armed::{arm, arm_failure, arm_failures, arm_stall, failure, point, Stall};

#[cfg(feature = "testing")]
mod armed {
    use parking_lot::{Condvar, Mutex};

    static ARMED: Mutex<Option<String>> = Mutex::new(None);

    /// The next thread that comes to the point of this name panics, once.
    pub fn arm(name: &str) {
        *ARMED.lock() = Some(name.to_owned());
    }

    struct Failure {
        point: String,
        after: usize,
        times: usize,
        text: String,
    }

    static FAILURE: Mutex<Option<Failure>> = Mutex::new(None);

    /// After so many that go well, the next thread that comes to the point of this name fails with this text, once.
    pub fn arm_failure(name: &str, after: usize, text: &str) {
        arm_failures(name, after, 1, text);
    }

    /// Likewise, so many times in a row.
    pub fn arm_failures(name: &str, after: usize, times: usize, text: &str) {
        *FAILURE.lock() = Some(Failure { point: name.to_owned(), after, times, text: text.to_owned() });
    }

    /// What to fail with here, if a test has said so.
    pub fn failure(name: &str) -> Option<String> {
        let mut armed = FAILURE.lock();
        let failure = armed.as_mut().filter(|failure| failure.point == name && failure.times > 0)?;
        if failure.after > 0 {
            failure.after -= 1;
            return None;
        }
        failure.times -= 1;
        Some(failure.text.clone())
    }

    static STALL: Mutex<State> = Mutex::new(State { point: None, is_reached: false, is_over: false });
    static CHANGED: Condvar = Condvar::new();

    struct State {
        point: Option<String>,
        is_reached: bool,
        is_over: bool,
    }

    /// Threads stand still, until this is dropped.
    pub struct Stall(());

    /// The next thread that comes to the point of this name stands still there.
    pub fn arm_stall(name: &str) -> Stall {
        *STALL.lock() = State { point: Some(name.to_owned()), is_reached: false, is_over: false };
        Stall(())
    }

    impl Stall {
        /// Waits until a thread has come to the point.
        pub fn wait(&self) {
            let mut stall = STALL.lock();
            while !stall.is_reached {
                CHANGED.wait(&mut stall);
            }
        }
    }

    impl Drop for Stall {
        fn drop(&mut self) {
            STALL.lock().is_over = true;
            CHANGED.notify_all();
        }
    }

    fn stall(name: &str) {
        let mut stall = STALL.lock();
        if stall.point.as_deref() == Some(name) {
            (stall.point, stall.is_reached) = (None, true);
            CHANGED.notify_all();
            while !stall.is_over {
                CHANGED.wait(&mut stall);
            }
        }
    }

    /// Panics or stands still here if a test has armed this point.
    pub fn point(name: &str) {
        stall(name);
        let mut armed = ARMED.lock();
        if armed.as_deref() == Some(name) {
            *armed = None;
            drop(armed);
            panic!("a test asked {name} to panic");
        }
    }
}
