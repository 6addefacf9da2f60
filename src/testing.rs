//! Panics on demand, so that tests can prove what becomes of them. Without the feature
//! `testing` nothing of it is compiled in.

/// Panics here if a test has armed this point.
#[cfg(not(feature = "testing"))]
pub(crate) fn point(_name: &str) {}

#[cfg(feature = "testing")]
pub use armed::{arm, point};

#[cfg(feature = "testing")]
mod armed {
    use parking_lot::Mutex;

    static ARMED: Mutex<Option<String>> = Mutex::new(None);

    /// The next thread that comes to the point of this name panics, once.
    pub fn arm(name: &str) {
        *ARMED.lock() = Some(name.to_owned());
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
