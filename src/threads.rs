//! The threads of all workers: started here, and waited for at the end.

use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::error::Result;

/// Every thread that was started and not yet joined.
static THREADS: Mutex<Vec<JoinHandle<()>>> = Mutex::new(Vec::new());

/// Starts a thread.
#[cfg(not(feature = "loom"))]
pub fn start(run: impl FnOnce() + Send + 'static) -> Result<()> {
    use crate::error::{Error, Status};

    let thread = thread::Builder::new()
        .name("scumble".into())
        .spawn(run)
        .map_err(|error| Error::new(Status::OutOfMemory, format!("no thread can be started: {error}")))?;
    let mut threads = THREADS.lock();
    reap(&mut threads);
    threads.push(thread);
    Ok(())
}

/// Starts a thread of loom's, which fails a test when a thread does not end.
#[cfg(feature = "loom")]
pub fn start(run: impl FnOnce() + Send + 'static) -> Result<()> {
    const STACK_WORDS: usize = 1 << 15; // its own are of 32 KiB
    let _ = loom::thread::Builder::new().stack_size(STACK_WORDS).spawn(run);
    Ok(())
}

/// Waits for every thread to end; false when the time is over before.
pub fn join_all(timeout: Duration) -> bool {
    let deadline = Instant::now().checked_add(timeout);
    loop {
        let mut threads = THREADS.lock();
        reap(&mut threads);
        if threads.is_empty() {
            return true;
        }
        drop(threads);
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return false;
        }
        thread::sleep(Duration::from_millis(1));
    }
}

fn reap(threads: &mut Vec<JoinHandle<()>>) {
    for finished in threads.extract_if(.., |thread| thread.is_finished()) {
        let _ = finished.join(); // its panics were caught
    }
}
