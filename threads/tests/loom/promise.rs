//! A promise, by way of a prompt's encoding and a context's loading, which are promises.

use std::sync::Arc;

use scumble::{Context, Status};

use crate::{explore, fake, spawn};

/// Two threads wait for what is told once.
#[test]
fn all_waiters_wake() {
    explore(2, || {
        let context = Context::with_loader(|_| Ok(fake::model(|_| Ok(())))).unwrap();
        let waiting = Arc::clone(&context);
        let waiter = spawn(move || drop(waiting.wait(None).unwrap()));
        context.wait(None).unwrap();
        waiter.join().unwrap();
    });
}

/// Two threads wait, the worker loads and a third cancels: all wake, and all are told the same.
#[test]
fn waiters_wake_and_agree() {
    explore(2, || {
        let context = Context::with_loader(|_| Ok(fake::model(|_| Ok(())))).unwrap();
        let answer = |context: &Context| context.wait(None).map_or_else(|error| error.status(), |_| Status::Ok);
        let (waiting, cancelling) = (Arc::clone(&context), Arc::clone(&context));
        let waiter = spawn(move || answer(&waiting));
        let canceller = spawn(move || cancelling.cancel());
        let answered = answer(&context);
        assert!(matches!(answered, Status::Ok | Status::Cancelled), "{answered:?}");
        assert_eq!(waiter.join().unwrap(), answered);
        canceller.join().unwrap();
        assert_eq!(answer(&context), answered);
    });
}
