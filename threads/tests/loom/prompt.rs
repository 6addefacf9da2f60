//! A prompt that the worker encodes, while others wait for it, cancel it or let go of it.

use std::sync::Arc;

use scumble::{Generation, Preview, Prompt, Request, Status, Texts};

use crate::fake::{self, Call};
use crate::signal::Signal;
use crate::{explore, load, spawn};

/// The encoding would never end by itself.
#[test]
fn encoding_ends_with_the_last_who_wants_it() {
    explore(2, || {
        let context = load(|| {
            fake::cancellable(|_, cancel| {
                let interrupted = Arc::new(Signal::default());
                let interrupt = Arc::clone(&interrupted);
                let wait = || {
                    interrupted.wait();
                    Ok(())
                };
                cancel.interruptible(move || interrupt.raise(), wait)
            })
        });
        let prompt = Prompt::create(&context, Texts::of("a red apple"), false).unwrap();
        let request = Request { steps: Some(1), ..Request::default() };
        let generation = Generation::create(&prompt, &request, &Preview::default()).unwrap();
        let other = spawn(move || drop(prompt));
        generation.cancel();
        other.join().unwrap();
    });
}

#[test]
fn a_generation_waits_for_its_encoding() {
    explore(2, || {
        let context = load(|| {
            fake::model(|call| {
                assert!(call != Call::EncodePicture);
                Ok(())
            })
        });
        let prompt = Prompt::create(&context, Texts::of("a red apple"), false).unwrap();
        let request = Request { steps: Some(1), ..Request::default() };
        let generation = Generation::create(&prompt, &request, &Preview::default()).unwrap();
        let waiting = Arc::clone(&prompt);
        let waiter = spawn(move || waiting.wait(None).map(drop));
        generation.start().unwrap();
        generation.wait(None).unwrap();
        assert!(waiter.join().unwrap().is_ok());
        assert_eq!(generation.poll().status, Status::Ok);
    });
}

/// It is to be encoded manually, which nobody does: without the destroy the wait would be for ever.
#[test]
fn a_destroyed_prompt_is_not_waited_for() {
    for is_used in [false, true] {
        explore(3, move || {
            let context = load(|| fake::model(|_| Ok(())));
            let prompt = Prompt::create(&context, Texts::of("a red apple"), true).unwrap();
            let request = Request { steps: Some(1), ..Request::default() };
            let user = is_used.then(|| Generation::create(&prompt, &request, &Preview::default()).unwrap());
            let waiting = Arc::clone(&prompt);
            let waiter = spawn(move || waiting.wait(None).map(drop));
            prompt.destroy();
            assert_eq!(waiter.join().unwrap().unwrap_err().status(), Status::Cancelled);
            drop(user);
        });
    }
}

/// The encoding would never end by itself. It goes on for the generation alone, and ends with that.
#[test]
fn a_destroyed_prompt_is_encoded_for_who_uses_it() {
    explore(2, || {
        let context = load(|| {
            fake::cancellable(|_, cancel| {
                let interrupted = Arc::new(Signal::default());
                let interrupt = Arc::clone(&interrupted);
                let wait = || {
                    interrupted.wait();
                    Ok(())
                };
                cancel.interruptible(move || interrupt.raise(), wait)
            })
        });
        let prompt = Prompt::create(&context, Texts::of("a red apple"), false).unwrap();
        let request = Request { steps: Some(1), ..Request::default() };
        let user = Generation::create(&prompt, &request, &Preview::default()).unwrap();
        let destroyed = Arc::clone(&prompt);
        let other = spawn(move || destroyed.destroy());
        user.cancel();
        other.join().unwrap();
        // Cancelled, unless the model was done before.
        assert!(!prompt.encoded().is_err_and(|error| error.status() == Status::NotReady));
    });
}
