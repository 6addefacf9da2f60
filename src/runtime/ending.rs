//! The end of the process by `exit`, which must not meet a session that runs or is being made.
//!
//! `exit` calls what was registered last first, and ONNX Runtime registers destructors of static objects until late:
//! most as it is loaded and makes its environment, some as it makes the first session that has need of them, and
//! WebGPU's provider as it first computes. On Linux it is kept from that (`destructors`); elsewhere the handler has to
//! be registered later than they are. So that is done by the first call to Scumble, when the library is loaded, after
//! every session, and after the first run of each on a device; and, in the midst of one, by each thread that ends after
//! calls to Scumble. The thread that calls `exit` may be one of these: its thread-locals are destroyed before anything
//! that is registered is called.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::OnceLock;

use super::module;

static HANDLER: OnceLock<extern "C" fn()> = OnceLock::new();
/// How many threads have ONNX Runtime make something at this moment.
static MAKING: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static THREAD_END: ThreadEnd = const { ThreadEnd };
}

/// Has this called when the process ends, whichever thread ends it. Each thread that uses ONNX Runtime is to say so.
pub fn at_exit(handler: extern "C" fn()) {
    HANDLER.get_or_init(|| {
        register();
        handler
    });
    let _ = THREAD_END.try_with(|_| {}); // none is needed where it is over already
}

/// Registers the handler before what was registered up to now.
pub fn register() {
    module::at_exit(end);
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
        register();
        MAKING.fetch_sub(1, SeqCst);
    }
}

/// Is dropped when its thread ends.
struct ThreadEnd;

impl Drop for ThreadEnd {
    fn drop(&mut self) {
        if MAKING.load(SeqCst) > 0 {
            register();
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
