//! A process that ends in the midst of loading, encoding, denoising or decoding: at once, and without a crash.
#![cfg(target_os = "linux")]

mod common;

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use common::c_program::{library, run, CProgram};

/// How many moments are tried where `SCUMBLE_TEST_MOMENTS` does not say it: some of each way in each work.
const MOMENTS: usize = 280;
/// How many are tried at once.
const AT_ONCE: usize = 4;
/// Ways to end: on the main thread, on one that never called Scumble, and with the last thread after a shutdown.
const WAYS: [&str; 7] = ["exit", "_exit", "terminate", "return", "foreign", "pthread_exit", "last"];
/// From the first word of the end to the end.
const LIMIT: Duration = Duration::from_secs(2);

/// Kinds of work, and how many microseconds of each are tried.
const WORK: [(&str, f64); 4] = [("loading", 200e3), ("encoding", 8e3), ("denoising", 60e3), ("decoding", 4e3)];

/// Runs a program that says when it begins to end. How it ended, how long that took, and what it wrote to stderr.
fn end(command: &mut Command) -> (ExitStatus, Duration, String) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let said = child.stdout.take().unwrap().read_exact(&mut [0]);
    let begin = Instant::now();
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    said.unwrap_or_else(|_| panic!("{command:?} ended too early: {}, {errors}", output.status));
    (output.status, begin.elapsed(), errors)
}

/// Ends the program in this way while it does this, so many microseconds after the beginning.
fn expect_end(program: &CProgram, how: &str, work: &str, microseconds: f64) -> Duration {
    let (status, time, errors) = end(program.command().args([how, work]).arg(format!("{microseconds:.0}")));
    match how {
        "terminate" => assert_eq!(status.signal(), Some(15), "{work} {microseconds:.0}: {status}, {errors}"),
        _ => assert_eq!(status.code(), Some(0), "{how} {work} {microseconds:.0}: {status}, {errors}"),
    }
    assert!(time < LIMIT, "{how} in {work} after {microseconds:.0} µs took {time:?}");
    assert_eq!(errors, "", "{how} {work} {microseconds:.0}");
    time
}

#[test]
fn at_two_hundred_moments() {
    let moments = std::env::var("SCUMBLE_TEST_MOMENTS").map_or(MOMENTS, |text| text.parse().unwrap());
    let program = CProgram::new("tests/c/ending.c");
    let next = AtomicUsize::new(0);
    let end_some = || {
        let mut longest = Duration::ZERO;
        loop {
            let nth = next.fetch_add(1, Relaxed);
            if nth >= moments {
                return longest;
            }
            let how = WAYS[nth % WAYS.len()];
            let (work, most) = WORK[nth / WAYS.len() % WORK.len()];
            let share = nth as f64 * 0.618_034 % 1.0; // as evenly as can be, however many there are
            longest = longest.max(expect_end(&program, how, work, most * share));
        }
    };
    let longest = thread::scope(|scope| {
        let threads = [(); AT_ONCE].map(|()| scope.spawn(end_some));
        threads.into_iter().map(|thread| thread.join().unwrap()).max()
    });
    println!("{moments} ends, the longest took {:.1?}", longest.unwrap());
}

/// The child has no threads of ours; its parent paints on and shuts down as ever.
#[test]
fn of_a_child_that_was_forked_meanwhile() {
    let program = CProgram::new("tests/c/ending.c");
    for (nth, (work, most)) in WORK.into_iter().enumerate() {
        expect_end(&program, "fork", work, most * (nth as f64 + 1.0) / 5.0);
        expect_end(&program, "fork-and-call", work, most * (nth as f64 + 1.0) / 5.0);
    }
}

#[test]
fn after_the_library_was_unloaded() {
    let program = CProgram::linked("tests/c/unload.c", &["-ldl".into()]);
    for milliseconds in [0, 7, 40] {
        let (status, time, errors) = end(program.command().arg(library()).arg(milliseconds.to_string()));
        assert!(status.success() && time < LIMIT, "after {milliseconds} ms: {status}, {time:?}, {errors}");
    }
}

/// Nothing keeps a shutdown from its end, and no object survives it.
#[test]
fn of_all_objects_in_a_shutdown() {
    let program = CProgram::new("tests/c/shutdown.c");
    for case in ["creating", "waiting", "together", "background"] {
        run(program.command().arg(case));
    }
}

/// Wherever the system refuses a thread, that is an error, and all goes on.
#[test]
fn of_work_for_which_no_thread_can_be_started() {
    let counted = run(&mut CProgram::new("tests/c/no_threads.c").command());
    let (loading, encoding) = counted.trim().split_once(' ').unwrap();
    // A worker, and for each of four sessions one that makes it and two that compute. (ONNX Runtime itself is there by
    // then: the second thread of the first context has started it.)
    assert_eq!((loading, encoding), ("13", "3"));
}
