//! The end of the process by `exit`, which must not meet a session that runs or is being made.
//!
//! `exit` calls what was registered last first, and ONNX Runtime registers destructors of static objects until late:
//! most as it is loaded and makes its environment, some as it makes the first session that has need of them, and
//! WebGPU's provider as it first computes. So the handler is registered by the first call to Scumble, again and again
//! while the environment is made, after every session, and after the first run of each on a device; and, in the midst
//! of one, by each thread that ends after calls to Scumble. The thread that calls `exit` may be one of these: its
//! thread-locals are destroyed before anything that is registered is called.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::OnceLock;
use std::time::Duration;

use super::module;
use crate::error::{bail, Result};
use crate::priority::ThreadGroup;
use crate::{panics, threads};

static HANDLER: OnceLock<extern "C" fn()> = OnceLock::new();
/// How many threads have ONNX Runtime make something at this moment.
static MAKING: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static THREAD_END: ThreadEnd = const { ThreadEnd };
}

/// Has this called when the process ends, whichever thread ends it. Each thread that uses ONNX Runtime is to say so.
pub fn at_exit(handler: extern "C" fn()) {
    HANDLER.get_or_init(|| {
        module::at_exit(end);
        handler
    });
    let _ = THREAD_END.try_with(|_| {}); // none is needed where it is over already
}

/// Makes what has ONNX Runtime register most of its destructors, on a thread of its own; this one registers the
/// handler meanwhile, at times that lie ever further apart: the destructors that matter most come first.
pub fn registering<T: Send + 'static>(make: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    const STEP: Duration = Duration::from_micros(50);
    let (made, result) = mpsc::channel();
    let thread = threads::spawn(ThreadGroup::default(), move || drop(made.send(panics::guard(make))))?;
    let mut pause = STEP;
    let result = loop {
        match result.recv_timeout(pause) {
            Ok(result) => break result,
            Err(RecvTimeoutError::Timeout) => module::at_exit(end),
            Err(RecvTimeoutError::Disconnected) => bail!(Panic, "a thread ended without its result"),
        }
        pause += STEP;
    };
    let _ = thread.join(); // its panics were caught
    result
}

/// As long as it lives, ONNX Runtime may register destructors.
pub struct Making(());

impl Making {
    /// Begins.
    pub fn enter() -> Self {
        MAKING.fetch_add(1, SeqCst);
        Self(())
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        module::at_exit(end);
        MAKING.fetch_sub(1, SeqCst);
    }
}

/// Is dropped when its thread ends.
struct ThreadEnd;

impl Drop for ThreadEnd {
    fn drop(&mut self) {
        if MAKING.load(SeqCst) > 0 {
            module::at_exit(end);
        }
    }
}

/// Registered many times, and called as often: the first call is the one that comes before all destructors.
extern "C" fn end() {
    static CALLED: AtomicBool = AtomicBool::new(false);
    if let Some(handler) = HANDLER.get().filter(|_| !CALLED.swap(true, SeqCst)) {
        handler();
    }
}
