//! Something that one thread waits for.

use loom::sync::{Condvar, Mutex};

pub struct Signal {
    raised: Mutex<bool>,
    changed: Condvar,
}

impl Default for Signal {
    fn default() -> Self {
        Self { raised: Mutex::new(false), changed: Condvar::new() }
    }
}

impl Signal {
    pub fn raise(&self) {
        *self.raised.lock().unwrap() = true;
        self.changed.notify_all();
    }

    pub fn wait(&self) {
        let mut raised = self.raised.lock().unwrap();
        while !*raised {
            raised = self.changed.wait(raised).unwrap();
        }
    }
}
