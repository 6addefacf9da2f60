//! The worker at a slower pace, generations that are paused, and loading that stands still: nothing is lost, others go
//! on, and every end comes as promptly as ever.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod common;

use std::ffi::{CStr, CString};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{mpsc, Arc};
use std::thread;
use std::time::{Duration, Instant};

use common::c::{self, ok, refused};
use common::fake::{self, Call, STEPS};
use parking_lot::{Mutex, MutexGuard};
use scumble::ffi::*;
use scumble::testing::arm_stall;
use scumble::{Pace, Status};

/// How long the slow model takes for an evaluation. At the share of `RESTING` a rest is twenty seconds.
const EVALUATION: Duration = Duration::from_millis(20);
const RESTING: f32 = 0.001;
/// A time that no rest fits in.
const PROMPTLY: i32 = 10_000;

/// A shutdown is felt by the whole process.
fn one_at_a_time() -> MutexGuard<'static, ()> {
    static LOCK: Mutex<()> = Mutex::new(());
    LOCK.lock()
}

/// A generation that keeps its latents, by a scheduler that draws noise in every step.
fn generation(prompt: *const scumble_prompt, seed: u64, steps: usize) -> *mut scumble_generation {
    c::generation(prompt, |desc| {
        (desc.seed, desc.steps, desc.flags) = (seed, steps as i32, SCUMBLE_GENERATION_KEEP_LATENTS);
        desc.scheduler = c"euler_a".as_ptr();
    })
}

fn started(prompt: *const scumble_prompt, seed: u64, steps: usize) -> *mut scumble_generation {
    let generation = generation(prompt, seed, steps);
    ok(unsafe { scumble_generation_start(generation) });
    generation
}

fn latents(generation: *const scumble_generation) -> Vec<f32> {
    let mut latents = vec![0.0; fake::LATENTS];
    ok(unsafe { scumble_generation_read_latents(generation, latents.as_mut_ptr(), fake::LATENTS as u64) });
    latents
}

/// The latents of a generation that nobody disturbs.
fn undisturbed(seed: u64, steps: usize) -> Vec<f32> {
    let generation = started(c::prompt_by_hand(fake::context()), seed, steps);
    ok(unsafe { scumble_generation_wait(generation, -1) });
    latents(generation)
}

/// A context whose evaluations take their time, and a generation of it that rests or is paused after
/// its first.
fn held(paused: bool) -> (*mut scumble_context, *mut scumble_prompt, *mut scumble_generation) {
    let context = fake::scripted(|call| {
        if call == Call::Denoise {
            thread::sleep(EVALUATION);
        }
        Ok(())
    });
    let prompt = c::prompt_by_hand(context);
    ok(unsafe { scumble_context_set_pace(context, RESTING) });
    let generation = started(prompt, 1, STEPS);
    while c::progress(generation).evaluation == 0 {
        thread::yield_now();
    }
    if paused {
        ok(unsafe { scumble_generation_pause(generation) });
        ok(unsafe { scumble_context_set_pace(context, 1.0) });
    }
    (context, prompt, generation)
}

#[test]
fn a_paused_generation_waits_while_others_go_on() {
    let _guard = one_at_a_time();
    let (permits, permitted) = mpsc::channel::<()>();
    let evaluations = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&evaluations);
    let context = fake::scripted(move |call| {
        if call == Call::Denoise {
            count.fetch_add(1, SeqCst);
            let _ = permitted.recv();
        }
        Ok(())
    });
    let prompt = c::prompt_by_hand(context);
    let paused = started(prompt, 1, STEPS);
    while evaluations.load(SeqCst) == 0 {
        thread::yield_now();
    }
    unsafe {
        ok(scumble_generation_pause(paused));
        let progress = c::progress(paused);
        assert_eq!((progress.paused, progress.phase, progress.evaluation), (1, 2, 0));
        drop(permits); // the model computes on, and from now on without waiting
        let other = started(prompt, 2, STEPS);
        ok(scumble_generation_wait(other, -1));
        refused(scumble_generation_wait(paused, 0), Status::Timeout, &["goes on"]);
        let progress = c::progress(paused);
        assert_eq!((progress.paused, progress.phase, progress.evaluation), (1, 2, 1), "what was begun is finished");
        assert_eq!(evaluations.load(SeqCst), 1 + STEPS);

        ok(scumble_generation_resume(paused));
        ok(scumble_generation_wait(paused, -1));
        let progress = c::progress(paused);
        assert_eq!((progress.paused, progress.phase, evaluations.load(SeqCst)), (0, 4, 2 * STEPS));
        assert!(latents(paused) == undisturbed(1, STEPS), "a pause changes the picture");
        assert!(latents(paused) != latents(other), "the latents show nothing of the seed");
    }
}

/// Whatever falls together, it is painted once.
#[test]
fn paused_and_resumed_at_any_moment() {
    const MANY: usize = 200;
    let _guard = one_at_a_time();
    let calls = Arc::new([const { AtomicUsize::new(0) }; 2]);
    let count = Arc::clone(&calls);
    let context = fake::scripted(move |call| {
        count[usize::from(call == Call::Decode)].fetch_add(1, SeqCst);
        Ok(())
    });
    let generation = generation(c::prompt_by_hand(context), 1, MANY);
    calls[0].store(0, SeqCst); // the prompt
    ok(unsafe { scumble_generation_start(generation) });
    let address = generation as usize;
    let toggle = move || {
        while c::progress(address as _).phase < 4 {
            ok(unsafe { scumble_generation_pause(address as _) });
            thread::yield_now();
            ok(unsafe { scumble_generation_resume(address as _) });
            thread::yield_now();
        }
    };
    for toggler in [thread::spawn(toggle), thread::spawn(toggle)] {
        toggler.join().unwrap();
    }
    ok(unsafe { scumble_generation_wait(generation, -1) });
    assert_eq!(calls.each_ref().map(|calls| calls.load(SeqCst)), [MANY, 1]);
    assert!(latents(generation) == undisturbed(1, MANY), "pauses change the picture");
}

#[test]
fn pausing_out_of_order() {
    use Status::WrongState;
    let _guard = one_at_a_time();
    let (_, prompt, paused) = held(true);
    unsafe {
        ok(scumble_generation_pause(paused));
        ok(scumble_generation_resume(paused));
        ok(scumble_generation_resume(paused));
        ok(scumble_generation_wait(paused, -1));
        for answer in [scumble_generation_pause(paused), scumble_generation_resume(paused)] {
            ok(answer);
            assert_eq!((c::progress(paused).paused, c::progress(paused).phase), (0, 4), "it is done");
        }

        let created = c::generation(prompt, |_| ());
        for phase in ["Created", "Denoising"] {
            let words = [phase, "was not started"];
            refused(scumble_generation_pause(created), WrongState, &[&["_pause"], &words[..]].concat());
            refused(scumble_generation_resume(created), WrongState, &[&["_resume"], &words[..]].concat());
            ok(scumble_generation_step(created, &mut 0));
        }
        ok(scumble_generation_cancel(created));
        ok(scumble_generation_pause(created));
        assert_eq!((c::progress(created).paused, c::progress(created).phase), (0, 6));
    }
}

/// Cancelled, destroyed or shut down, while paused or while the worker rests.
#[test]
fn every_end_comes_at_once() {
    let _guard = one_at_a_time();
    for paused in [false, true] {
        for end in ["cancel", "destroy", "shutdown"] {
            let (context, prompt, generation) = held(paused);
            let address = generation as usize;
            let waiter = thread::spawn(move || unsafe { scumble_generation_wait(address as _, PROMPTLY) });
            unsafe {
                match end {
                    "cancel" => {
                        ok(scumble_generation_cancel(generation));
                        let progress = c::progress(generation);
                        assert_eq!((progress.phase, progress.paused), (6, 0));
                        ok(scumble_generation_resume(generation));
                        refused(scumble_generation_wait(generation, 0), Status::Cancelled, &["was cancelled"]);
                    }
                    "destroy" => {
                        ok(scumble_context_destroy(context));
                        ok(scumble_prompt_destroy(prompt));
                        ok(scumble_generation_destroy(generation));
                    }
                    _ => {}
                }
                ok(scumble_shutdown(PROMPTLY));
            }
            let answer = waiter.join().unwrap();
            // The handle is either waited for or gone.
            assert!([Status::Cancelled, Status::InvalidHandle].contains(&answer), "{answer:?} after {end}");
        }
    }
}

/// A prompt that waits for its turn while the worker rests for twenty seconds: neither who waits for it nor who ends it
/// waits for the rest.
#[test]
fn a_queued_prompt_ends_at_once() {
    let _guard = one_at_a_time();
    for shuts_down in [false, true] {
        let (context, ..) = held(false);
        let prompt = c::prompt(context, 0);
        let address = prompt as usize;
        let waiter = thread::spawn(move || unsafe { scumble_prompt_wait(address as _, PROMPTLY) });
        if !shuts_down {
            ok(unsafe { scumble_prompt_destroy(prompt) });
            let answer = waiter.join().unwrap();
            assert!([Status::Cancelled, Status::InvalidHandle].contains(&answer), "{answer:?}");
            ok(unsafe { scumble_context_destroy(context) });
            ok(scumble_shutdown(PROMPTLY));
        } else {
            ok(scumble_shutdown(PROMPTLY));
            let answer = waiter.join().unwrap();
            assert!([Status::Cancelled, Status::InvalidHandle].contains(&answer), "{answer:?}");
        }
    }
}

fn loading() -> *mut scumble_context {
    let path = CString::new(common::model().to_str().unwrap()).unwrap();
    let mut desc = c::desc(scumble_context_desc_init);
    desc.model_path = path.as_ptr();
    let mut context = ptr::null_mut();
    ok(unsafe { scumble_context_create(&desc, &mut context) });
    context
}

/// ONNX Runtime, which does not come back from what it loads: a thread of ours that stands still stands in for it.
#[test]
fn what_never_ends_loading_is_left_behind() {
    let _guard = one_at_a_time();
    let _device = common::device(); // found, and tried, before anything stands still

    let stall = arm_stall("session_make");
    let context = loading();
    stall.wait();
    unsafe {
        refused(scumble_context_wait(context, 0), Status::Timeout, &["loading"]);
        refused(scumble_shutdown(PROMPTLY), Status::ThreadLeft, &["1 thread", "left behind", "the log"]);
        refused(scumble_context_poll(context), Status::InvalidHandle, &[]);
        refused(scumble_shutdown(0), Status::ThreadLeft, &[]);
        let mut entry: scumble_log_entry = c::output();
        let mut log = String::new();
        while scumble_log_next(&mut entry) == Status::Ok {
            log += CStr::from_ptr(entry.text.as_ptr()).to_str().unwrap();
        }
        assert!(log.contains("model.onnx: ONNX Runtime does not stop loading it"), "{log}");

        // Others go on.
        let other = loading();
        ok(scumble_context_wait(other, -1));
        ok(scumble_generation_destroy(c::painted(other)));

        // What a host's own thread loads again after a trim is left behind, too.
        ok(scumble_context_trim(other));
        let mut info: scumble_context_info = c::output();
        loop {
            ok(scumble_context_get_info(other, &mut info));
            if info.text_encoder_bytes + info.unet_bytes + info.vae_bytes == 0 {
                break;
            }
        }
        let prompt = c::prompt(other, SCUMBLE_PROMPT_BY_HAND);
        let again = arm_stall("session_make");
        let address = prompt as usize;
        let encoder = thread::spawn(move || scumble_prompt_encode(address as _));
        again.wait();
        ok(scumble_prompt_destroy(prompt));
        assert_eq!(encoder.join().unwrap(), Status::Cancelled);
        ok(scumble_generation_destroy(c::painted(other)));
        refused(scumble_shutdown(PROMPTLY), Status::ThreadLeft, &[]);

        // Should it come back after all, that is the end of it.
        drop((stall, again));
        let start = Instant::now();
        while scumble_shutdown(PROMPTLY) != Status::Ok {
            assert!(start.elapsed() < Duration::from_millis(PROMPTLY as u64));
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// The thread rests; a host's own does not, and a new pace ends the rest.
#[test]
fn a_rest_is_the_worker_s_and_not_for_ever() {
    let _guard = one_at_a_time();
    let start = Instant::now();
    let (context, prompt, resting) = held(false);
    let by_hand = c::generation(prompt, |_| ());
    c::step_all(by_hand);
    unsafe {
        ok(scumble_generation_decode(by_hand));
        assert_eq!(c::progress(resting).evaluation, 1, "it rests"); // as the host computed three
        assert!(c::progress(resting).left_ms > 20_000.0, "{} ms are left, rests counted", c::progress(resting).left_ms);
        ok(scumble_context_set_pace(context, 1.0));
        ok(scumble_generation_wait(resting, PROMPTLY));
    }
    assert!(start.elapsed() < Duration::from_millis(PROMPTLY as u64), "{:?}", start.elapsed());
}

#[test]
fn a_rest_after_every_turn() {
    let _guard = one_at_a_time();
    let (context, prompt, first) = held(true);
    unsafe {
        ok(scumble_context_set_pace(context, 0.5));
        let other = started(prompt, 2, STEPS);
        ok(scumble_generation_wait(other, -1));
        let least = EVALUATION.as_secs_f32() * 1000.0 * 2.0 * STEPS as f32;
        assert!(c::progress(other).spent_ms >= least, "{} ms of {least}", c::progress(other).spent_ms);
        ok(scumble_generation_resume(first));
        ok(scumble_generation_wait(first, -1));
    }
}

#[test]
fn lengths_of_rests() {
    let rest = |share, ms| Pace::new(share).unwrap().rest(Duration::from_millis(ms)).as_millis();
    assert_eq!([rest(1.0, 1000), rest(0.5, 1000), rest(0.25, 10), rest(0.5, 0)], [0, 1000, 30, 0]);
    assert_eq!([rest(f32::MIN_POSITIVE, 1), rest(1e-45, u64::MAX), rest(0.5, 3_600_000)], [60_000; 3], "a minute");
}
