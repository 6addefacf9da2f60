//! A prompt that the worker encodes, while others wait for it, cancel it or let go of it.

use std::sync::Arc;

use loom::thread;
use scumble::{Generation, Preview, Prompt, Request, Status, Texts};

use crate::fake::{self, Call};
use crate::signal::Signal;
use crate::{explore, load};

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
        let other = thread::spawn(move || drop(prompt));
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
        let waiter = thread::spawn(move || waiting.wait(None).map(drop));
        generation.start().unwrap();
        generation.wait(None).unwrap();
        assert!(waiter.join().unwrap().is_ok());
        assert_eq!(generation.poll().status, Status::Ok);
    });
}
