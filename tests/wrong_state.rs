//! Calls at a time when they are not allowed: the documented status, a text that tells the state,
//! nothing written, and the object goes on as if nothing had been asked.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod common;

use std::ptr;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use common::c::{self, ok, output, refused};
use common::fake;
use scumble::ffi::*;
use scumble::Status;

#[test]
fn calls_out_of_order() {
    use Status::*;
    let context = fake::context();
    let prompt = c::prompt(context, 0);
    let by_hand = c::prompt(context, SCUMBLE_PROMPT_BY_HAND);
    let none = ptr::null_mut();
    unsafe {
        // Prompts.
        refused(scumble_prompt_encode(prompt), WrongState, &["the worker encodes this prompt"]);
        refused(scumble_prompt_poll(by_hand), NotReady, &["not encoded yet"]);
        refused(scumble_prompt_wait(by_hand, 0), Timeout, &["not encoded yet"]);
        let mut info: scumble_prompt_info = output();
        info.tokens = -7;
        refused(scumble_prompt_get_info(by_hand, &mut info), NotReady, &["not encoded yet"]);
        assert_eq!(info.tokens, -7);

        // A generation whose prompt nobody has encoded.
        let early = c::generation(by_hand, |_| ());
        let mut left = -7;
        refused(scumble_generation_start(early), WrongState, &["encoded by hand", "_encode"]);
        refused(scumble_generation_step(early, &mut left), NotReady, &["not encoded yet"]);
        refused(scumble_generation_wait(early, -1), WrongState, &["was not started"]);
        assert_eq!((left, c::progress(early).phase), (-7, 0));
        ok(scumble_prompt_encode(by_hand));
        refused(scumble_prompt_encode(by_hand), WrongState, &["encoded already"]);
        ok(scumble_generation_step(early, &mut left));
        assert_eq!(left, fake::STEPS as i32 - 1);

        // By hand.
        let hand = c::generation(by_hand, |_| ());
        refused(scumble_generation_decode(hand), WrongState, &["_decode", "Created"]);
        ok(scumble_generation_step(hand, none));
        refused(scumble_generation_start(hand), WrongState, &["_start", "Denoising; expected [Created]"]);
        refused(scumble_generation_decode(hand), WrongState, &["Denoising; expected [Decoding]"]);
        refused(scumble_generation_wait(hand, 0), Timeout, &["goes on"]);
        refused(read(hand, 0), Empty, &["no picture yet"]);
        refused(read(hand, 1), WrongState, &["makes no previews: set preview_every"]);
        c::step_all(hand);
        refused(scumble_generation_step(hand, &mut left), WrongState, &["_step", "Decoding"]);
        refused(read(hand, 0), Empty, &["no picture yet"]);
        ok(scumble_generation_decode(hand));
        refused(scumble_generation_decode(hand), WrongState, &["Done; expected [Decoding]"]);
        refused(scumble_generation_step(hand, &mut left), WrongState, &["_step", "Done"]);
        refused(scumble_generation_start(hand), WrongState, &["_start", "Done; expected [Created]"]);
        ok(scumble_generation_cancel(hand));
        ok(scumble_generation_error(hand));
        ok(read(hand, 0));
        assert_eq!(left, fake::STEPS as i32 - 1, "a refused step wrote");

        // By the worker.
        let started = c::generation(prompt, |desc| desc.preview_every = 100);
        ok(scumble_generation_start(started));
        refused(scumble_generation_start(started), WrongState, &["_start", "expected [Created]"]);
        refused(scumble_generation_step(started, none), WrongState, &["was started"]);
        refused(scumble_generation_decode(started), WrongState, &["was started"]);
        ok(scumble_generation_wait(started, -1));
        refused(scumble_generation_start(started), WrongState, &["_start", "Done; expected [Created]"]);
        refused(scumble_generation_step(started, none), WrongState, &["was started"]);
        refused(read(started, 1), Empty, &["no preview yet"]);
    }
}

#[test]
fn cancelled_generations() {
    use Status::*;
    let prompt = c::prompt_by_hand(fake::context());
    for stepped in [false, true] {
        let generation = c::generation(prompt, |desc| desc.preview_every = 1);
        unsafe {
            if stepped {
                ok(scumble_generation_step(generation, ptr::null_mut()));
            }
            ok(scumble_generation_cancel(generation));
            ok(scumble_generation_cancel(generation));
            let mut left = -7;
            refused(scumble_generation_step(generation, &mut left), Cancelled, &["was cancelled"]);
            refused(scumble_generation_decode(generation), Cancelled, &["was cancelled"]);
            refused(scumble_generation_wait(generation, -1), Cancelled, &["was cancelled"]);
            refused(scumble_generation_error(generation), Cancelled, &["was cancelled"]);
            refused(scumble_generation_start(generation), Cancelled, &["was cancelled"]);
            refused(read(generation, 0), Cancelled, &["was cancelled"]);
            match stepped {
                true => ok(read(generation, 1)),
                false => refused(read(generation, 1), Cancelled, &["was cancelled"]),
            }
            let progress = c::progress(generation);
            assert_eq!((left, progress.phase, progress.status), (-7, 6, Cancelled as i32));
        }
    }
}

/// A cancel that comes while the model computes, which does not notice it.
#[test]
fn cancelled_while_the_model_computes() {
    let (calls, blocking) = mpsc::channel();
    let (context, load) = blocked(blocking);
    drop(load);
    ok(unsafe { scumble_context_wait(context, -1) });
    let prompt = c::prompt_by_hand(context);
    for stepped in [false, true] {
        let generation = c::generation(prompt, |_| ());
        if stepped {
            c::step_all(generation);
        }
        let (end, call) = mpsc::channel();
        calls.send(call).unwrap();
        let address = generation as usize;
        let by_hand = thread::spawn(move || unsafe {
            match stepped {
                true => scumble_generation_decode(address as _),
                false => scumble_generation_step(address as _, ptr::null_mut()),
            }
        });
        thread::sleep(Duration::from_millis(20));
        ok(unsafe { scumble_generation_cancel(generation) });
        assert_eq!(c::progress(generation).phase, 6, "cancelled at once");
        drop(end);
        assert_eq!(by_hand.join().unwrap(), Status::Cancelled);
        refused(read(generation, 0), Status::Cancelled, &["was cancelled"]);
    }
}

/// Reads into memory of the right size, which a refusal leaves alone.
fn read(generation: *const scumble_generation, source: i32) -> Status {
    let mut pixels = [0; fake::SIDE * fake::SIDE * 4];
    let image = c::image(&mut pixels, 0, fake::SIDE as i32, fake::SIDE as i32);
    let answer = unsafe { scumble_generation_read_image(generation, source, &image) };
    assert_eq!(pixels.iter().any(|byte| *byte != 0), answer == Status::Ok, "{answer:?}");
    answer
}

/// A model that loads until the sender is dropped, and then computes each call until its sender is.
fn blocked(calls: mpsc::Receiver<mpsc::Receiver<()>>) -> (*mut scumble_context, mpsc::Sender<()>) {
    let (load, loading) = mpsc::channel::<()>();
    let context = fake::loading(move |_| {
        let _ = loading.recv();
        Ok(fake::model(move |_| {
            let _ = calls.try_recv().map(|call| call.recv());
            Ok(())
        }))
    });
    (context, load)
}

#[test]
fn while_the_context_loads() {
    use Status::*;
    let (context, load) = blocked(mpsc::channel().1);
    unsafe {
        refused(scumble_context_poll(context), NotReady, &["still loading"]);
        refused(scumble_context_wait(context, 0), Timeout, &["still loading"]);
        let mut info: scumble_context_info = output();
        refused(scumble_context_get_info(context, &mut info), NotReady, &["still loading"]);
        assert_eq!(info.width, 0);
        let mut desc = c::desc(scumble_prompt_desc_init);
        desc.text = c"early".as_ptr();
        let mut prompt = ptr::dangling_mut();
        refused(scumble_prompt_create(context, &desc, &mut prompt), NotReady, &["still loading"]);
        assert_eq!(prompt, ptr::dangling_mut());
        drop(load);
        ok(scumble_context_wait(context, -1));
        ok(scumble_context_get_info(context, &mut info));
        assert_eq!(info.width, fake::SIDE as i32);
        c::prompt(context, 0);
    }
}

/// Destroying a context ends loading for those who wait for it.
#[test]
fn destroyed_while_it_loads() {
    let (context, _load) = blocked(mpsc::channel().1);
    let address = context as usize;
    let (waits, waiting) = mpsc::channel();
    let waiter = thread::spawn(move || {
        // Started before the destroy or after it: the handle is either waited for or gone.
        waits.send(()).unwrap();
        (unsafe { scumble_context_wait(address as _, 10_000) }, c::last_error())
    });
    waiting.recv().unwrap();
    thread::sleep(Duration::from_millis(50));
    ok(unsafe { scumble_context_destroy(context) });
    let (answer, text) = waiter.join().unwrap();
    assert!(answer == Status::Cancelled || answer == Status::InvalidHandle, "{answer:?}: {text}");
}

/// By hand while the model computes for somebody else: busy, and nothing has changed.
#[test]
fn while_the_model_computes() {
    use Status::*;
    let (calls, blocking) = mpsc::channel();
    let (context, load) = blocked(blocking);
    drop(load);
    ok(unsafe { scumble_context_wait(context, -1) });
    let prompt = c::prompt_by_hand(context);
    let (decode, step) = (c::generation(prompt, |_| ()), c::generation(prompt, |_| ()));
    c::step_all(decode);

    let (end, call) = mpsc::channel();
    calls.send(call).unwrap();
    let started = c::generation(prompt, |_| ());
    unsafe {
        ok(scumble_generation_start(started));
        while c::progress(started).phase < 2 {
            thread::yield_now();
        }
        let other = c::prompt(context, SCUMBLE_PROMPT_BY_HAND);
        let mut left = -7;
        refused(scumble_prompt_encode(other), Busy, &["somebody else"]);
        refused(scumble_generation_step(step, &mut left), Busy, &["somebody else"]);
        refused(scumble_generation_decode(decode), Busy, &["somebody else"]);
        refused(scumble_generation_wait(started, 0), Timeout, &["goes on"]);
        assert_eq!((left, c::progress(step).phase, c::progress(decode).phase), (-7, 0, 3));
        drop(end);
        ok(scumble_generation_wait(started, -1));
        ok(scumble_prompt_encode(other));
        ok(scumble_generation_step(step, &mut left));
        ok(scumble_generation_decode(decode));
    }
}
