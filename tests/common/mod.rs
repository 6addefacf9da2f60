//! What several test programs need.
#![allow(dead_code)] // each test is a program of its own and uses a part

pub mod c;
pub mod c_program;
pub mod clip;
pub mod fake;
pub mod golden;
#[cfg(unix)]
pub mod bombs;
#[cfg(unix)]
pub mod hostile;
pub mod load;
pub mod model;
pub mod mono;
pub mod onnx;
pub mod painting;
pub mod sdk;
pub mod statuses;
pub mod stub;
#[cfg(unix)]
pub mod windows;

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;

/// The model that the tests share.
pub fn model() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/models/emblem-64")
}

/// What golden values are compared on: the CPU, or what `SCUMBLE_TEST_DEVICE` names, with the options in
/// `SCUMBLE_TEST_DEVICE_OPTIONS` and the provider whose library `SCUMBLE_TEST_PROVIDER` names.
pub fn device() -> scumble::Device {
    static ADDED: Once = Once::new();
    ADDED.call_once(|| {
        if let Some(library) = env::var_os("SCUMBLE_TEST_PROVIDER") {
            scumble::runtime::load(None).unwrap();
            scumble::runtime::add_provider(Path::new(&library)).unwrap();
        }
    });
    let place = env::var("SCUMBLE_TEST_DEVICE").map_or(Ok(scumble::runtime::Place::cpu()), |name| name.parse());
    let options = env::var("SCUMBLE_TEST_DEVICE_OPTIONS").unwrap_or_default();
    let provider_options = scumble::runtime::parse_options(&options).unwrap();
    scumble::Device { place: Some(place.unwrap()), provider_options, ..scumble::Device::default() }
}

/// How many times farther from golden values than the CPU a device may be: other orders of sums, other
/// approximations of functions.
pub fn slack() -> f32 {
    if device().place == Some(scumble::runtime::Place::cpu()) {
        1.0
    } else {
        10.0
    }
}

/// The machine's C compiler.
pub fn c_compiler() -> String {
    env::var("CC").unwrap_or_else(|_| "cc".into())
}

/// The machine's C++ compiler.
pub fn cxx_compiler() -> String {
    env::var("CXX").unwrap_or_else(|_| "c++".into())
}

/// Whether a tool is installed: it runs with an argument that makes it do nothing.
pub fn is_there(tool: &str, argument: &str) -> bool {
    Command::new(tool).arg(argument).output().is_ok_and(|output| output.status.success())
}

/// Says what was left out for want of a tool. Where `CI` is set, as `.ci/run` does, nothing may be left out: there it
/// fails the test.
#[track_caller]
pub fn skip(left_out: &str) {
    assert!(env::var_os("CI").is_none(), "left out, though CI is set: {left_out}");
    // To stderr itself: what `eprintln` writes in a test that passes is seen by nobody.
    let _ = writeln!(io::stderr(), "SKIPPED: {left_out}");
}

/// Whether a file holds these words.
pub fn contains(bytes: &[u8], words: &str) -> bool {
    bytes.windows(words.len()).any(|window| window == words.as_bytes())
}
