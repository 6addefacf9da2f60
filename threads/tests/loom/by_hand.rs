//! A generation that the caller's own threads step and decode, while another cancels it or steps it too.

use std::sync::Arc;

use scumble::{Generation, Phase, Result, Status};

use crate::fake::{self, Call};
use crate::signal::Signal;
use crate::{explore, generation, load, spawn};

fn paint(generation: &Generation) -> Result<()> {
    while generation.step()? > 0 {}
    generation.decode()
}

/// What the calls answer is how the generation ended.
#[test]
fn a_cancel_is_answered_by_the_call_that_it_ends() {
    explore(2, || {
        let context = load(|| fake::model(|_| Ok(())));
        let generation = generation(&context);
        let cancelled = Arc::clone(&generation);
        let canceller = spawn(move || cancelled.cancel());
        let answer = paint(&generation);
        let end = generation.poll();
        match answer {
            Ok(()) => assert_eq!((end.phase, end.status), (Phase::Done, Status::Ok)),
            Err(error) => {
                assert_eq!((error.status(), end.phase), (Status::Cancelled, Phase::Cancelled), "{error}");
            }
        }
        canceller.join().unwrap();
        assert_eq!(generation.poll().phase, end.phase);
        assert_eq!(Arc::strong_count(&context), 2, "held by the test and the generation: its prompt is released");
    });
}

/// It comes in the midst of an evaluation, which takes no notice of it.
#[test]
fn a_cancel_is_answered_by_the_step_that_it_meets() {
    explore(2, || {
        let (denoising, cancelled) = (Arc::new(Signal::default()), Arc::new(Signal::default()));
        let (begun, over) = (Arc::clone(&denoising), Arc::clone(&cancelled));
        let context = load(move || {
            fake::model(move |call| {
                if call == Call::Denoise {
                    begun.raise();
                    over.wait();
                }
                Ok(())
            })
        });
        let generation = generation(&context);
        let other = Arc::clone(&generation);
        let canceller = spawn(move || {
            denoising.wait();
            other.cancel();
            cancelled.raise();
        });
        assert_eq!(generation.step().unwrap_err().status(), Status::Cancelled);
        canceller.join().unwrap();
    });
}

/// Whoever comes second is told so at once; together they make one picture.
#[test]
fn two_threads_do_not_compute_at_once() {
    explore(2, || {
        let generation = generation(&load(|| fake::model(|_| Ok(()))));
        let other = Arc::clone(&generation);
        let refused = |answer: Result<usize>| {
            let Err(error) = answer else { return 0 };
            assert!(matches!(error.status(), Status::Busy | Status::WrongState), "{error}");
            1
        };
        let stepper = spawn(move || refused(other.step()));
        let refusals = refused(generation.step()) + stepper.join().unwrap();
        assert_eq!(refusals, 1);
        generation.decode().unwrap();
        assert_eq!((generation.poll().phase, generation.poll().evaluation), (Phase::Done, 1));
    });
}
