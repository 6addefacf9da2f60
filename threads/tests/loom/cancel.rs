//! A cancel, which comes at any moment of the work.

use std::sync::Arc;

use loom::sync::atomic::{AtomicBool, Ordering::SeqCst};
use scumble::cancel::Cancel;
use scumble::Status;

use crate::{explore, signal::Signal, spawn};

/// Work that only its interrupt ends: a cancel that is lost lets it wait for ever.
#[test]
fn none_is_lost() {
    explore(3, || {
        let cancel = Cancel::default();
        let canceller = cancel.clone();
        let other = spawn(move || canceller.cancel());
        let interrupted = Arc::new(Signal::default());
        let interrupt = Arc::clone(&interrupted);
        let result = cancel.interruptible(
            move || interrupt.raise(),
            || {
                interrupted.wait();
                cancel.check()
            },
        );
        assert_eq!(result.unwrap_err().status(), Status::Cancelled);
        other.join().unwrap();
    });
}

/// What one piece of work is interrupted by is forgotten when that work is over.
#[test]
fn none_reaches_work_that_is_over() {
    explore(3, || {
        let cancel = Cancel::default();
        let canceller = cancel.clone();
        let other = spawn(move || canceller.cancel());
        let over = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&over);
        let result = cancel.interruptible(move || assert!(!is_over.load(SeqCst), "interrupted too late"), || Ok(()));
        over.store(true, SeqCst);
        assert!(result.is_ok() || cancel.is_cancelled());
        other.join().unwrap();
        assert_eq!(cancel.interruptible(|| {}, || Ok(())).unwrap_err().status(), Status::Cancelled);
    });
}
