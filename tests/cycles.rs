//! Pictures begun and given up, thousands of them: memory, threads and open files are as after the first ones.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod common;

use std::fs;
use std::thread;
use std::time::Duration;

use common::c::{self, ok};
use common::fake::{self, Call};
use parking_lot::{Mutex, MutexGuard};
use scumble::ffi::*;
use scumble::{Context, Device, Places};

/// What is measured is the whole process's.
fn one_at_a_time() -> MutexGuard<'static, ()> {
    static LOCK: Mutex<()> = Mutex::new(());
    LOCK.lock()
}

/// What this process holds.
#[derive(Debug)]
struct Held {
    kilobytes: usize,
    threads: usize,
    files: usize,
}

impl Held {
    fn now() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let number = |name: &str| -> usize {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim_end_matches(" kB").trim().parse().unwrap()
        };
        let files = fs::read_dir("/proc/self/fd").unwrap().count();
        // The other test's thread may begin or end meanwhile; it has its name.
        let is_a_test = |name: &str| name.starts_with("ten_thousand") || name.starts_with("five_hundred");
        let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
        let names = tasks.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
        let threads = names.filter(|name| !is_a_test(name)).count();
        Self { kilobytes: number("VmRSS:"), threads, files }
    }

    /// After a shutdown. The system counts a thread for a moment longer than it can be waited for.
    fn shut_down(threads: usize) -> Self {
        ok(scumble_shutdown(-1));
        for _ in 0..1000 {
            if Self::now().threads <= threads {
                break;
            }
            thread::sleep(Duration::from_millis(1));
        }
        Self::now()
    }
}

/// Runs so many cycles; after a fifth of them nothing may grow by more than these kilobytes.
fn no_growth(cycles: usize, kilobytes: usize, mut cycle: impl FnMut(usize)) {
    let threads = Held::now().threads;
    (0..cycles / 5).for_each(&mut cycle);
    let warm = Held::shut_down(threads);
    (cycles / 5..cycles).for_each(&mut cycle);
    let end = Held::shut_down(threads);
    println!("{cycles} cycles: {warm:?} after a fifth of them, {end:?} at the end");
    assert!(end.kilobytes <= warm.kilobytes + kilobytes, "memory: {warm:?}, then {end:?}");
    assert!(end.threads <= threads, "threads: {threads}, then {end:?}");
    assert!(end.files <= warm.files, "files: {warm:?}, then {end:?}");
}

/// Begins a picture of this prompt, cancels it, and destroys all three in an order that differs from time to time.
fn cancel_and_destroy(nth: usize, context: *mut scumble_context, prompt: *mut scumble_prompt) {
    let generation = c::generation(prompt, |desc| desc.preview_every = 1);
    ok(unsafe { scumble_generation_start(generation) });
    if nth.is_multiple_of(4) {
        thread::yield_now(); // it may come further
    }
    ok(unsafe { scumble_generation_cancel(generation) });
    for of in 0..3 {
        ok(match (nth + of) % 3 {
            0 => unsafe { scumble_generation_destroy(generation) },
            1 => unsafe { scumble_prompt_destroy(prompt) },
            _ => unsafe { scumble_context_destroy(context) },
        });
    }
}

#[test]
fn ten_thousand_with_a_scripted_model() {
    let _alone = one_at_a_time();
    no_growth(10_000, 4096, |nth| {
        let context = fake::scripted(move |call| {
            if call == Call::Denoise && nth.is_multiple_of(2) {
                thread::yield_now();
            }
            Ok(())
        });
        cancel_and_destroy(nth, context, c::prompt(context, 0));
    });
}

/// Each tenth of them loads the model anew; the others make another handle of it.
#[test]
fn five_hundred_with_the_bundled_model() {
    let _alone = one_at_a_time();
    let mut shared = None;
    no_growth(500, 32 * 1024, |nth| {
        if nth.is_multiple_of(10) {
            let context = Context::open(Places::at(common::model()), Device::default()).unwrap();
            context.wait(None).unwrap();
            shared = Some(context);
        }
        let context = insert(shared.clone().unwrap()).unwrap();
        cancel_and_destroy(nth, context, c::prompt(context, 0));
        if (nth + 1).is_multiple_of(10) {
            shared = None; // nobody else holds it at a shutdown
        }
    });
}
