//! What several test programs need.
#![allow(dead_code)] // each test is a program of its own and uses a part

pub mod c;
pub mod c_program;
pub mod clip;
pub mod fake;
pub mod golden;
#[cfg(unix)]
pub mod hostile;
pub mod load;
pub mod model;
pub mod onnx;
pub mod painting;
#[cfg(unix)]
pub mod windows;

use std::env;
use std::path::{Path, PathBuf};

/// The model that the tests share.
pub fn model() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models/emblem-64")
}

/// What golden values are compared on: the CPU, or what `SCUMBLE_TEST_DEVICE` names.
pub fn device() -> scumble::Device {
    let place = env::var("SCUMBLE_TEST_DEVICE").map_or(Ok(scumble::runtime::Place::CPU), |name| name.parse());
    scumble::Device { place: Some(place.unwrap()), ..scumble::Device::default() }
}

/// How many times farther from golden values than the CPU a device may be: other orders of sums, other
/// approximations of functions.
pub fn slack() -> f32 {
    match device().place {
        Some(scumble::runtime::Place::CPU) => 1.0,
        _ => 10.0,
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
