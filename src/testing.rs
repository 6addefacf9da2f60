//! Panics and failures on demand, so that tests can prove what becomes of them. Without the feature
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
pub use armed::{arm, arm_failure, failure, point};

#[cfg(feature = "testing")]
mod armed {
    use parking_lot::Mutex;

    static ARMED: Mutex<Option<String>> = Mutex::new(None);

    /// The next thread that comes to the point of this name panics, once.
    pub fn arm(name: &str) {
        *ARMED.lock() = Some(name.to_owned());
    }

    static FAILURE: Mutex<Option<(String, usize, String)>> = Mutex::new(None);

    /// After so many that go well, the next thread that comes to the point of this name fails with this text, once.
    pub fn arm_failure(name: &str, after: usize, text: &str) {
        *FAILURE.lock() = Some((name.to_owned(), after, text.to_owned()));
    }

    /// What to fail with here, if a test has said so.
    pub fn failure(name: &str) -> Option<String> {
        let mut armed = FAILURE.lock();
        match &mut *armed {
            Some((point, 0, _)) if point == name => armed.take().map(|(.., text)| text),
            Some((point, after, _)) if point == name => {
                *after -= 1;
                None
            }
            _ => None,
        }
    }

    /// Panics here if a test has armed this point.
    pub fn point(name: &str) {
        let mut armed = ARMED.lock();
        if armed.as_deref() == Some(name) {
            *armed = None;
            drop(armed);
            panic!("a test asked {name} to panic");
        }
    }
}
