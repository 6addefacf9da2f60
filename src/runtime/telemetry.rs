//! Microsoft's builds of ONNX Runtime start their telemetry, with a thread and files of its own,
//! before the call that turns it off can be made. Only a variable keeps it from starting.
//!
//! `setenv` would be a race with every thread of the host that reads a variable, and a change that
//! it can see. So the process is shown a longer list of variables instead, for a moment.
//! There is no safe way to do so.
#![allow(unsafe_code)]

/// Telemetry stays off for an environment that is made while this lives.
pub struct Off {
    #[cfg(unix)]
    _shown: Option<unix::LongerList>,
}

impl Off {
    /// Shows the variable, unless the host has it. Only Unix needs it: on Windows telemetry is
    /// events that the system collects, and the call turns them off in time.
    pub fn enter() -> Self {
        Self {
            #[cfg(unix)]
            _shown: std::env::var_os("ORT_DISABLE_TELEMETRY")
                .is_none()
                .then(|| unix::LongerList::show(c"ORT_DISABLE_TELEMETRY=1")),
        }
    }
}

#[cfg(unix)]
mod unix {
    use std::ffi::{c_char, CStr};
    use std::ptr;
    use std::sync::atomic::{AtomicPtr, Ordering::SeqCst};

    use parking_lot::Mutex;

    type Entry = AtomicPtr<c_char>;

    /// Never freed: a thread of the host may be reading one.
    static SHOWN: Mutex<Vec<&'static [Entry]>> = Mutex::new(Vec::new());

    /// The list of variables with one more in front.
    pub struct LongerList {
        before: *mut Entry,
        ours: &'static [Entry],
    }

    impl LongerList {
        pub fn show(variable: &'static CStr) -> Self {
            let before = environ().load(SeqCst);
            let entries = [variable.as_ptr().cast_mut()].into_iter().chain(read(before)).chain([ptr::null_mut()]);
            let ours: &[Entry] = entries.map(Entry::new).collect::<Vec<_>>().leak();
            SHOWN.lock().push(ours);
            environ().store(ours.as_ptr().cast_mut(), SeqCst);
            Self { before, ours }
        }
    }

    impl Drop for LongerList {
        fn drop(&mut self) {
            let ours = self.ours.as_ptr().cast_mut();
            if environ().load(SeqCst) != ours {
                return; // a thread of the host added a variable: the list is its own now
            }
            // What it changed or removed meanwhile stays so.
            let now = self.ours[1..].iter().map(|entry| entry.load(SeqCst));
            for (i, now) in (0..read(self.before).count()).zip(now) {
                // SAFETY: the list has as many entries, as was just counted.
                unsafe { &*self.before.add(i) }.store(now, SeqCst);
            }
            let _ = environ().compare_exchange(ours, self.before, SeqCst, SeqCst);
        }
    }

    /// The entries of a list, up to the NULL that ends it.
    fn read(list: *mut Entry) -> impl Iterator<Item = *mut c_char> {
        // SAFETY: an entry is read only after those before it were found not to be the end.
        let entry = move |i| unsafe { &*list.add(i) }.load(SeqCst);
        (0..).map(move |i| if list.is_null() { ptr::null_mut() } else { entry(i) }).take_while(|entry| !entry.is_null())
    }

    /// Where the C library has its list.
    fn environ() -> &'static AtomicPtr<Entry> {
        #[cfg(target_vendor = "apple")]
        // SAFETY: takes nothing, and never answers NULL.
        let place = unsafe { libc::_NSGetEnviron() };
        #[cfg(not(target_vendor = "apple"))]
        let place = {
            extern "C" {
                static mut environ: *mut *mut c_char;
            }
            &raw mut environ
        };
        // SAFETY: it lives as long as the process, and an atomic pointer is laid out as a pointer.
        unsafe { AtomicPtr::from_ptr(place.cast()) }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::Off;
    use std::env;

    fn variable(name: &str) -> Option<String> {
        env::var(name).ok()
    }

    #[test]
    fn the_variable_is_there_for_a_moment_and_the_hosts_changes_stay() {
        env::set_var("CHANGED", "before");
        env::set_var("REMOVED", "before");
        let off = Off::enter();
        assert_eq!(variable("ORT_DISABLE_TELEMETRY").as_deref(), Some("1"));
        env::set_var("CHANGED", "meanwhile");
        env::remove_var("REMOVED");
        drop(off);
        assert_eq!(variable("ORT_DISABLE_TELEMETRY"), None);
        assert_eq!(variable("CHANGED").as_deref(), Some("meanwhile"));
        assert_eq!(variable("REMOVED"), None);
        assert!(variable("PATH").is_some());

        let off = Off::enter();
        env::set_var("ADDED", "meanwhile");
        drop(off);
        assert_eq!(variable("ADDED").as_deref(), Some("meanwhile"));
        assert_eq!(variable("CHANGED").as_deref(), Some("meanwhile"));
    }
}
