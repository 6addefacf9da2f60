//! Panics: caught where Scumble begins, and told to the log instead of stderr.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};

use crate::error::{bail, Result};
use crate::log::{self, LogLevel};

thread_local! {
    /// How deep this thread is in Scumble.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Sends the panics of Scumble to the log, once a process. A Rust host's own panics go where they
/// went before.
pub fn install_hook() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if is_inside() {
            log::push(LogLevel::Error, info.to_string());
        } else {
            before(info);
        }
    }));
}

/// Marks this thread as inside Scumble until dropped.
pub struct Inside(());

impl Inside {
    /// Goes one level in.
    pub fn enter() -> Self {
        let _ = DEPTH.try_with(|depth| depth.set(depth.get() + 1));
        Self(())
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let _ = DEPTH.try_with(|depth| depth.set(depth.get() - 1));
    }
}

/// Whether this thread is inside Scumble.
pub fn is_inside() -> bool {
    DEPTH.try_with(Cell::get).unwrap_or(0) > 0
}

/// Runs `body`; a panic becomes its text.
pub fn catch<T>(body: impl FnOnce() -> T) -> std::result::Result<T, String> {
    panic::catch_unwind(AssertUnwindSafe(body)).map_err(|payload| text(&*payload))
}

/// Runs `body`; a panic becomes an error.
pub fn guard<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    catch(body).unwrap_or_else(|text| bail!(Panic, "a defect of Scumble: {text}"))
}

fn text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without text".into())
}
