//! A process that ends in the midst of loading, encoding, denoising or decoding: at once, and without a crash.
#![cfg(target_os = "linux")]

mod common;

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use common::c_program::{library, CProgram};

const MOMENTS: usize = 200;
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
    let program = CProgram::new("tests/c/ending.c");
    let mut longest = Duration::ZERO;
    for nth in 0..MOMENTS {
        let how = ["exit", "_exit", "terminate", "return"][nth % 4];
        let (work, most) = WORK[nth / 4 % 4];
        let share = nth as f64 * 0.618_034 % 1.0; // as evenly as can be, however many there are
        longest = longest.max(expect_end(&program, how, work, most * share));
    }
    println!("{MOMENTS} ends, the longest took {longest:.1?}");
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
