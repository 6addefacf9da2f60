//! Images begun and given up, thousands of them: memory, threads and open files are as after the first ones.
#![cfg(all(target_os = "linux", target_env = "gnu"))]
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod common;

use std::fs::{self, File};
use std::hint::black_box;
use std::path::Path;
use std::thread;
use std::time::Duration;

use common::c::{self, ok};
use common::fake::{self, Call};
use common::model::ModelCopy;
use parking_lot::{Mutex, MutexGuard};
use scumble::ffi::*;
use scumble::model::StableDiffusion;
use scumble::{Options, Places, Status};

/// What is measured is the whole process's.
fn one_at_a_time() -> MutexGuard<'static, ()> {
    static LOCK: Mutex<()> = Mutex::new(());
    LOCK.lock()
}

/// What this process holds.
#[derive(Debug)]
struct Held {
    /// What was allocated and not freed, as the C library counts it: exactly, unlike what is resident.
    allocated_kb: usize,
    resident_kb: usize,
    threads: usize,
    files: usize,
}

impl Held {
    fn now() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let heap = unsafe { libc::mallinfo2() };
        // The other tests' threads may begin or end meanwhile; they have the tests' names.
        let is_a_test =
            |name: &str| ["ten_thousand", "five_hundred", "what_a_load"].iter().any(|it| name.starts_with(it));
        let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
        let names = tasks.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
        Self {
            allocated_kb: (heap.uordblks + heap.hblkhd) / 1024,
            resident_kb: line.trim_end_matches(" kB").trim().parse().unwrap(),
            threads: names.filter(|name| !is_a_test(name)).count(),
            files: fs::read_dir("/proc/self/fd").unwrap().count(),
        }
    }

    /// After a shutdown, with nothing in the log. The system counts a thread for a moment longer than it can be waited
    /// for.
    fn shut_down(threads: usize) -> Self {
        ok(scumble_shutdown(-1));
        while unsafe { scumble_log_next(&mut c::output()) } == Status::Ok {}
        for _ in 0..1000 {
            if Self::now().threads <= threads {
                break;
            }
            thread::sleep(Duration::from_millis(1));
        }
        Self::now()
    }
}

/// How much more may be resident: the C library keeps what was freed, here and there.
const RESIDENT_KB: usize = 16 * 1024;

/// Runs so many cycles; what grows after a fifth of them. Allocated memory may by `allocated_kb`.
fn growth(cycles: usize, allocated_kb: usize, mut cycle: impl FnMut(usize)) -> Result<(), String> {
    let threads = Held::now().threads;
    (0..cycles / 5).for_each(&mut cycle);
    let warm = Held::shut_down(threads);
    (cycles / 5..cycles).for_each(&mut cycle);
    let end = Held::shut_down(threads);
    let told = format!("{cycles} cycles: {warm:?} after a fifth of them, {end:?} at the end");
    println!("{told}");
    let grows = [
        ("allocated", end.allocated_kb > warm.allocated_kb + allocated_kb),
        ("resident", end.resident_kb > warm.resident_kb + RESIDENT_KB),
        ("threads", end.threads > threads),
        ("files", end.files > warm.files),
    ];
    let grown: Vec<&str> = grows.into_iter().filter_map(|(what, grows)| grows.then_some(what)).collect();
    if grown.is_empty() {
        Ok(())
    } else {
        Err(format!("{grown:?} grow: {told}"))
    }
}

/// Begins an image of this prompt, cancels it, and destroys all three in an order that differs from time to time.
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
    let grown = growth(10_000, 512, |nth| {
        let context = fake::scripted(move |call| {
            if call == Call::Denoise && nth.is_multiple_of(2) {
                thread::yield_now();
            }
            Ok(())
        });
        cancel_and_destroy(nth, context, c::prompt(context, 0));
    });
    grown.unwrap();
}

/// Loads a model in which `fault` happens, and uses it.
fn load_and_cancel(nth: usize, model: &Path, fault: impl FnOnce() + Send + 'static) {
    let places = Places::at(model);
    let context = fake::loading(move |cancel| {
        fault();
        Ok(Box::new(StableDiffusion::open(&places, &Options::default(), cancel)?))
    });
    ok(unsafe { scumble_context_wait(context, -1) });
    cancel_and_destroy(nth, context, c::prompt(context, 0));
}

#[test]
fn five_hundred_that_load_a_model() {
    let _alone = one_at_a_time();
    let model = ModelCopy::reference("sd1");
    growth(500, 1024, |nth| load_and_cancel(nth, model.path(), || ())).unwrap();
}

/// The measurement finds what the tests above are for.
#[test]
fn what_a_load_leaks_is_found() {
    let _alone = one_at_a_time();
    let model = ModelCopy::reference("sd1");
    let faults: [(&str, fn()); 3] = [
        ("allocated", || _ = black_box(vec![1_u8; 100_000].leak())),
        ("threads", || drop(thread::Builder::new().name("leaked".into()).spawn(thread::park))),
        ("files", || std::mem::forget(File::open("/dev/null").unwrap())),
    ];
    for (what, fault) in faults {
        let grown = growth(25, 1024, |nth| load_and_cancel(nth, model.path(), fault)).unwrap_err();
        // Threads hold memory, too.
        let (names, _) = grown.split_once(" grow").unwrap();
        assert!(names.contains(what), "{what}: {grown}");
    }
}
