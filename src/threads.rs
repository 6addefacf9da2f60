//! The threads of the library: started here, and waited for at the end.

use std::cell::Cell;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::error::{Error, Result, Status};
use crate::fp_state::DefaultMode;
use crate::panics;
use crate::priority::ThreadGroup;
use crate::stack;

/// Why a thread could not be started, in every such error.
pub const NOT_STARTED: &str = "no thread can be started";

/// The threads that a shutdown waits for, with their groups: started and not yet joined.
static THREADS: Mutex<Vec<(ThreadGroup, JoinHandle<()>)>> = Mutex::new(Vec::new());

/// The threads that it does not wait for: ONNX Runtime does not return from what it does there.
static LEFT: Mutex<Vec<JoinHandle<()>>> = Mutex::new(Vec::new());

thread_local! {
    static OURS: Cell<bool> = const { Cell::new(false) };
}

/// Starts a thread as a member of this group. The caller has to join it, or see to it that it is.
pub fn spawn(group: ThreadGroup, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    let thread = thread::Builder::new().name("scumble".into()).stack_size(stack::SIZE).spawn(prepared(group, run));
    thread.map_err(|error| Error::new(Status::OutOfMemory, format!("{NOT_STARTED}: {error}")))
}

/// Starts a thread that a shutdown waits for.
#[cfg(not(feature = "loom"))]
pub fn start(group: ThreadGroup, run: impl FnOnce() + Send + 'static) -> Result<()> {
    let thread = spawn(group.clone(), run)?;
    let mut threads = THREADS.lock();
    reap(&mut threads);
    threads.push((group, thread));
    Ok(())
}

/// Starts a thread of loom's, which fails a test when a thread does not end.
#[cfg(feature = "loom")]
pub fn start(group: ThreadGroup, run: impl FnOnce() + Send + 'static) -> Result<()> {
    const STACK_WORDS: usize = 1 << 15; // its own are of 32 KiB
    let _ = loom::thread::Builder::new().stack_size(STACK_WORDS).spawn(prepared(group, run));
    Ok(())
}

fn prepared(group: ThreadGroup, run: impl FnOnce()) -> impl FnOnce() {
    move || {
        OURS.set(true);
        let _inside = panics::Inside::enter();
        let _mode = DefaultMode::enter(); // a thread inherits the mode of the one that started it
        let _member = panics::catch(|| group.enter());
        run();
    }
}

/// Leaves a thread behind: a shutdown does not wait for it, but tells of it.
pub fn leave(thread: JoinHandle<()>) {
    LEFT.lock().push(thread);
}

/// How many threads were left behind and have not ended since.
pub fn left() -> usize {
    let mut left = LEFT.lock();
    for finished in left.extract_if(.., |thread| thread.is_finished()) {
        let _ = finished.join();
    }
    left.len()
}

/// Whether the calling thread was started here.
pub fn is_ours() -> bool {
    OURS.get()
}

/// Whether there is no thread to wait for. Never blocks: where somebody uses the list, there may be some.
pub fn are_none() -> bool {
    THREADS.try_lock().is_some_and(|mut threads| {
        reap(&mut threads);
        threads.is_empty()
    })
}

/// Waits for every thread to end, but for those that were left behind; false when the time is over before. Threads in
/// the background are raised to ordinary priority: where others keep all cores busy, their last operator would not end.
pub fn join_all(timeout: Duration) -> bool {
    let deadline = Instant::now().checked_add(timeout);
    for (group, _) in THREADS.lock().iter() {
        group.leave_background();
    }
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

fn reap(threads: &mut Vec<(ThreadGroup, JoinHandle<()>)>) {
    for (_, finished) in threads.extract_if(.., |(_, thread)| thread.is_finished()) {
        let _ = finished.join(); // its panics were caught
    }
}
