//! A generation that the worker paints: started, paused, resumed, cancelled and dropped in every order.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, OnceLock, Weak};

use loom::thread;
use scumble::{Generation, Phase, Snapshot, Source, Status};

use crate::fake::{self, Call};
use crate::signal::Signal;
use crate::{explore, generation, load, spawn};

/// What a painting asked of its model.
#[derive(Default)]
struct Calls {
    denoised: AtomicUsize,
    decoded: AtomicUsize,
    of: OnceLock<Weak<Generation>>,
}

impl Calls {
    /// A generation whose model counts its calls, and sees to it that the worker has one task for it and no more.
    fn counted() -> (Arc<Generation>, Arc<Self>) {
        let calls = Arc::new(Calls::default());
        let counting = Arc::clone(&calls);
        let context = load(move || {
            fake::model(move |call| {
                match call {
                    Call::Denoise => counting.denoised.fetch_add(1, SeqCst),
                    Call::Decode => counting.decoded.fetch_add(1, SeqCst),
                    _ => return Ok(()),
                };
                let own = 1;
                assert_eq!(counting.of.get().unwrap().weak_count() - own, 1, "tasks of the generation");
                Ok(())
            })
        });
        let generation = generation(&context);
        calls.of.set(Arc::downgrade(&generation)).unwrap();
        (generation, calls)
    }

    fn assert_each_once(&self) {
        assert_eq!((self.denoised.load(SeqCst), self.decoded.load(SeqCst)), (1, 1));
    }
}

/// Runs `body` on another thread.
fn beside(generation: &Arc<Generation>, body: impl FnOnce(Arc<Generation>) + Send + 'static) -> thread::JoinHandle<()> {
    let generation = Arc::clone(generation);
    spawn(move || body(generation))
}

/// Its end, which must be one of these two and agree with what is there to read.
fn end(generation: &Generation) -> Phase {
    let Snapshot { phase, status, paused, .. } = generation.poll();
    match phase {
        Phase::Done => assert!(status == Status::Ok && generation.picture(Source::Final).is_ok()),
        Phase::Cancelled => {
            assert!(status == Status::Cancelled && generation.picture(Source::Final).is_err(), "{status:?}")
        }
        _ => panic!("{phase:?} ({status:?}) is no end"),
    }
    assert!(!paused);
    phase
}

/// Whenever it comes, and however often: what has ended has ended when the cancel returns, and stays as it was.
#[test]
fn a_cancel_ends_it_once() {
    explore(2, || {
        let (generation, _) = Calls::counted();
        let canceller = beside(&generation, |generation| {
            generation.cancel();
            let at_once = end(&generation);
            generation.cancel();
            assert_eq!(end(&generation), at_once);
        });
        let answer = generation.start().and_then(|()| generation.wait(None));
        let found = end(&generation);
        assert_eq!(answer.is_ok(), found == Phase::Done, "{answer:?}");
        canceller.join().unwrap();
        assert_eq!(end(&generation), found);
    });
}

/// An evaluation that only a cancel ends.
#[test]
fn a_cancel_interrupts_the_model() {
    explore(2, || {
        let context = load(|| {
            fake::cancellable(|call, cancel| {
                if call != Call::Denoise {
                    return Ok(());
                }
                let interrupted = Arc::new(Signal::default());
                let interrupt = Arc::clone(&interrupted);
                let wait = || {
                    interrupted.wait();
                    Ok(())
                };
                cancel.interruptible(move || interrupt.raise(), wait)
            })
        });
        let generation = generation(&context);
        generation.start().unwrap();
        let canceller = beside(&generation, |generation| generation.cancel());
        assert_eq!(generation.wait(None).unwrap_err().status(), Status::Cancelled);
        assert_eq!(end(&generation), Phase::Cancelled);
        canceller.join().unwrap();
    });
}

#[test]
fn what_is_paused_goes_on() {
    explore(2, || {
        let (generation, calls) = Calls::counted();
        generation.start().unwrap();
        generation.pause().unwrap();
        generation.resume().unwrap();
        generation.wait(None).unwrap();
        assert_eq!(end(&generation), Phase::Done);
        calls.assert_each_once();
    });
}

#[test]
fn two_threads_pause_and_resume() {
    explore(2, || {
        let (generation, calls) = Calls::counted();
        generation.start().unwrap();
        let other = beside(&generation, |generation| {
            generation.pause().unwrap();
            generation.resume().unwrap();
        });
        generation.pause().unwrap();
        generation.resume().unwrap();
        other.join().unwrap();
        generation.wait(None).unwrap();
        assert_eq!(end(&generation), Phase::Done);
        calls.assert_each_once();
    });
}

#[test]
fn a_cancel_ends_what_is_paused() {
    explore(2, || {
        let (generation, _) = Calls::counted();
        generation.start().unwrap();
        let canceller = beside(&generation, |generation| generation.cancel());
        generation.pause().unwrap();
        let _ = generation.wait(None);
        end(&generation);
        canceller.join().unwrap();
    });
}

/// Its worker's thread ends, which loom sees, and the model goes with it.
#[test]
fn what_nobody_holds_is_not_painted() {
    explore(2, || {
        struct Unloaded(Arc<Signal>);
        impl Drop for Unloaded {
            fn drop(&mut self) {
                self.0.raise();
            }
        }
        let unloaded = Arc::new(Signal::default());
        let guard = Unloaded(Arc::clone(&unloaded));
        let context = load(move || {
            fake::model(move |_| {
                let _held = &guard;
                Ok(())
            })
        });
        let generation = generation(&context);
        drop(context);
        generation.start().unwrap();
        let other = beside(&generation, drop);
        drop(generation);
        unloaded.wait();
        other.join().unwrap();
    });
}
