//! A panic anywhere becomes `SCUMBLE_STATUS_PANIC`: the work that it struck has failed, and
//! everything else goes on.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod common;

use std::ffi::{CStr, CString};
use std::ptr;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use common::c::{self, ok, output, refused};
use common::fake::{self, Call};
use parking_lot::{Mutex, MutexGuard};
use scumble::ffi::*;
use scumble::testing::arm;
use scumble::Status::{self, Panic};

/// What is armed and the log belong to the whole process.
fn one_at_a_time() -> MutexGuard<'static, ()> {
    static LOCK: Mutex<()> = Mutex::new(());
    let guard = LOCK.lock();
    log();
    guard
}

/// The lines of the log, which are then gone.
fn log() -> String {
    let mut text = String::new();
    let mut entry: scumble_log_entry = output();
    while unsafe { scumble_log_next(&mut entry) } == Status::Ok {
        text += unsafe { CStr::from_ptr(entry.text.as_ptr()) }.to_str().unwrap();
        text.push('\n');
    }
    text
}

/// Demands that the log tells of a panic with this text.
#[track_caller]
fn logged(text: &str) {
    let log = log();
    assert!(log.contains("panicked at ") && log.contains(text), "\"{text}\" is not in the log: {log}");
}

/// Demands that a context paints, on its thread and by hand.
#[track_caller]
fn paints(context: *const scumble_context) {
    let prompt = c::prompt(context, 0);
    let started = c::generation(prompt, |desc| desc.preview_every = 1);
    unsafe {
        ok(scumble_generation_start(started));
        ok(scumble_generation_wait(started, -1));
        let by_hand = c::generation(prompt, |_| ());
        c::step_all(by_hand);
        ok(scumble_generation_decode(by_hand));
        for generation in [started, by_hand] {
            let mut pixels = [0; fake::SIDE * fake::SIDE * 4];
            let image = c::image(&mut pixels, 0, fake::SIDE as i32, fake::SIDE as i32);
            ok(scumble_generation_read_image(generation, 0, &image));
            ok(scumble_generation_destroy(generation));
        }
        ok(scumble_prompt_destroy(prompt));
    }
}

/// Demands that a generation has failed with this text and stays so, whatever is called.
#[track_caller]
fn failed(generation: *mut scumble_generation, words: &[&str]) {
    unsafe {
        refused(scumble_generation_wait(generation, -1), Panic, words);
        refused(scumble_generation_error(generation), Panic, words);
        ok(scumble_generation_cancel(generation));
        assert_ne!(scumble_generation_start(generation), Status::Ok);
        assert_ne!(scumble_generation_step(generation, ptr::null_mut()), Status::Ok);
        assert_ne!(scumble_generation_decode(generation), Status::Ok);
        let mut pixels = [0; fake::SIDE * fake::SIDE * 4];
        let image = c::image(&mut pixels, 0, fake::SIDE as i32, fake::SIDE as i32);
        refused(scumble_generation_read_image(generation, 0, &image), Panic, words);
        let progress = c::progress(generation);
        assert_eq!((progress.phase, progress.status), (5, Panic as i32));
        ok(scumble_generation_destroy(generation));
    }
}

#[test]
fn in_every_export() {
    let _guard = one_at_a_time();
    let bystander = fake::context();
    for export in c::calls() {
        arm(export.name);
        refused(export.call(&[0; 4]), Panic, &[&format!("{0}: a defect of Scumble: a test asked {0}", export.name)]);
        logged(export.name);
        paints(bystander);
    }
}

#[test]
fn while_loading() {
    let _guard = one_at_a_time();
    let bystander = fake::context();
    for words in ["a loader panics", "asked worker_load to panic"] {
        let context = match words {
            "a loader panics" => fake::loading(|_| panic!("a loader panics")),
            _ => {
                arm("worker_load");
                fake::loading(|_| Ok(fake::model(|_| Ok(()))))
            }
        };
        unsafe {
            refused(scumble_context_wait(context, -1), Panic, &["loading panicked", words]);
            refused(scumble_context_poll(context), Panic, &[words]);
            refused(scumble_context_get_info(context, &mut output()), Panic, &[words]);
            let desc = c::desc(scumble_prompt_desc_init);
            let desc = scumble_prompt_desc { text: c"".as_ptr(), ..desc };
            refused(scumble_prompt_create(context, &desc, &mut ptr::null_mut()), Panic, &[words]);
            ok(scumble_context_destroy(context));
        }
        logged(words);
        paints(bystander);
    }
}

#[test]
fn in_the_worker() {
    let _guard = one_at_a_time();
    let (context, bystander) = (fake::context(), fake::context());

    arm("worker_encode");
    let prompt = c::prompt(context, 0);
    let started = c::generation(prompt, |_| ());
    let by_hand = c::generation(prompt, |_| ());
    let words = ["asked worker_encode to panic"];
    unsafe {
        ok(scumble_generation_start(started));
        refused(scumble_prompt_wait(prompt, -1), Panic, &["encoding panicked", words[0]]);
        refused(scumble_prompt_poll(prompt), Panic, &words);
        refused(scumble_prompt_get_info(prompt, &mut output()), Panic, &words);
        failed(started, &words);
        refused(scumble_generation_step(by_hand, ptr::null_mut()), Panic, &words);
        failed(by_hand, &words);
        ok(scumble_prompt_destroy(prompt));
    }
    logged(words[0]);
    paints(context);
    paints(bystander);

    arm("worker_paint");
    let prompt = c::prompt(context, 0);
    let (struck, other) = (c::generation(prompt, |_| ()), c::generation(prompt, |_| ()));
    unsafe {
        ok(scumble_generation_start(struck));
        refused(scumble_generation_wait(struck, -1), Panic, &["painting panicked", "asked worker_paint to panic"]);
        ok(scumble_generation_start(other));
        ok(scumble_generation_wait(other, -1));
    }
    failed(struck, &["asked worker_paint to panic"]);
    logged("worker_paint");
    paints(context);
    paints(bystander);
}

/// ONNX Runtime counts on the threads of its pools: one that panics before its work does it all the same.
#[test]
fn in_a_thread_of_a_pool() {
    let _guard = one_at_a_time();
    let path = CString::new(common::model().to_str().unwrap()).unwrap();
    let mut desc = c::desc(scumble_context_desc_init);
    (desc.model_path, desc.threads) = (path.as_ptr(), 3);
    let create = |point| {
        let mut context = ptr::null_mut();
        arm(point);
        ok(unsafe { scumble_context_create(&desc, &mut context) });
        context
    };
    unsafe {
        let context = create("pool_thread");
        ok(scumble_context_wait(context, -1));
        logged("asked pool_thread to panic");
        ok(scumble_generation_destroy(c::painted(context)));
        ok(scumble_context_destroy(context));
    }
}

/// What takes no turns cannot be struck in one.
#[test]
fn not_in_a_paused_generation() {
    let _guard = one_at_a_time();
    let (calls, blocking) = mpsc::channel::<()>();
    let context = fake::scripted(move |call| {
        let _ = (call == Call::Denoise).then(|| blocking.recv());
        Ok(())
    });
    let prompt = c::prompt_by_hand(context);
    let (paused, other, struck) =
        (c::generation(prompt, |_| ()), c::generation(prompt, |_| ()), c::generation(prompt, |_| ()));
    unsafe {
        ok(scumble_generation_start(paused));
        ok(scumble_generation_pause(paused));
        ok(scumble_generation_start(other));
        drop(calls);
        ok(scumble_generation_wait(other, -1)); // the worker has put the paused one away by now
        arm("worker_paint");
        thread::sleep(Duration::from_millis(20)); // time for a turn that nobody shall take
        ok(scumble_generation_start(struck));
        refused(scumble_generation_wait(struck, -1), Panic, &["asked worker_paint to panic"]);
        ok(scumble_generation_resume(paused));
        ok(scumble_generation_wait(paused, -1));
    }
    logged("worker_paint");
}

/// A handle of a context whose model panics in the nth of these calls.
fn panics_in(call: Call, mut nth: usize) -> *mut scumble_context {
    fake::scripted(move |now| {
        if now == call && nth > 0 {
            nth -= 1;
            assert!(nth > 0, "the model panics in {call:?}");
        }
        Ok(())
    })
}

#[test]
fn of_the_model_on_the_worker() {
    let _guard = one_at_a_time();
    let bystander = fake::context();
    for (call, nth) in [(Call::Encode, 1), (Call::Denoise, 1), (Call::Denoise, 3), (Call::Decode, 1)] {
        let words = format!("the model panics in {call:?}");
        let context = panics_in(call, nth);
        let prompt = c::prompt(context, 0);
        let struck = c::generation(prompt, |desc| desc.preview_every = 1);
        unsafe {
            ok(scumble_generation_start(struck));
            failed(struck, &[&words]);
            match call {
                Call::Encode => refused(scumble_prompt_wait(prompt, -1), Panic, &[&words]),
                _ => ok(scumble_prompt_wait(prompt, -1)),
            }
        }
        logged(&words);
        paints(context);
        paints(bystander);
    }
}

#[test]
fn of_the_model_by_hand() {
    let _guard = one_at_a_time();
    let bystander = fake::context();

    let words = ["the model panics in Encode"];
    let context = panics_in(Call::Encode, 1);
    let prompt = c::prompt(context, SCUMBLE_PROMPT_BY_HAND);
    let generation = c::generation(prompt, |_| ());
    unsafe {
        refused(scumble_prompt_encode(prompt), Panic, &["a defect of Scumble", words[0]]);
        refused(scumble_prompt_encode(prompt), Panic, &words);
        refused(scumble_prompt_poll(prompt), Panic, &words);
        refused(scumble_prompt_wait(prompt, -1), Panic, &words);
        refused(scumble_prompt_get_info(prompt, &mut output()), Panic, &words);
        refused(scumble_generation_step(generation, ptr::null_mut()), Panic, &words);
    }
    failed(generation, &words);
    logged(words[0]);
    paints(context);

    for nth in [1, 3] {
        let context = panics_in(Call::Denoise, nth);
        let prompt = c::prompt_by_hand(context);
        let (struck, other) = (c::generation(prompt, |_| ()), c::generation(prompt, |_| ()));
        let step = || unsafe { scumble_generation_step(struck, ptr::null_mut()) };
        (1..nth).for_each(|_| ok(step()));
        refused(step(), Panic, &["a defect of Scumble", "the model panics in Denoise"]);
        refused(step(), Panic, &["the model panics in Denoise"]);
        failed(struck, &["the model panics in Denoise"]);
        c::step_all(other);
        ok(unsafe { scumble_generation_decode(other) });
        logged("the model panics in Denoise");
        paints(context);
    }

    let context = panics_in(Call::Decode, 1);
    let struck = c::generation(c::prompt_by_hand(context), |_| ());
    c::step_all(struck);
    let decode = || unsafe { scumble_generation_decode(struck) };
    refused(decode(), Panic, &["a defect of Scumble", "the model panics in Decode"]);
    refused(decode(), Panic, &["the model panics in Decode"]);
    failed(struck, &["the model panics in Decode"]);
    logged("the model panics in Decode");
    paints(context);
    paints(bystander);
}

/// What a model holds, and panics when that is unloaded.
struct BadEnd;

impl Drop for BadEnd {
    fn drop(&mut self) {
        panic!("the model panics at its end");
    }
}

/// Its thread ends all the same: shutdown, which waits for that, comes back.
#[test]
fn of_the_model_at_its_end() {
    let _guard = one_at_a_time();
    let held = BadEnd;
    let context = fake::loading(move |_| {
        Ok(fake::model(move |_| {
            let _ = &held;
            Ok(())
        }))
    });
    ok(unsafe { scumble_context_wait(context, -1) });
    paints(context);
    ok(unsafe { scumble_context_destroy(context) });
    ok(scumble_shutdown(60_000));
    logged("the model panics at its end");
    paints(fake::context());
}
