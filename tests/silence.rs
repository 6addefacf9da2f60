//! Nothing is ever written to stdout or stderr: a game's console is its own.
#![cfg(unix)]
#![allow(unsafe_code)]
#![warn(clippy::undocumented_unsafe_blocks)]

mod common;

use std::ffi::CString;
use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;
use std::{env, thread};

use common::c_program::{CProgram, ROOT};
use common::model::ModelCopy;
use scumble::ffi::*;
use scumble::{log, testing, Status};

#[test]
fn errors_and_warnings_are_not_printed() {
    let (damaged, noisy) = (ModelCopy::damaged(), ModelCopy::noisy());
    let program = CProgram::new("tests/c/quiet.c");
    let output = program.command().args([damaged.path(), noisy.path()]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!((output.stdout.len(), output.stderr.len()), (0, 0), "{output:?}");
}

/// Runs this test again in a process whose stdout and stderr are a file.
#[test]
fn panics_are_not_printed() {
    const VARIABLE: &str = "SCUMBLE_TEST_OUTPUT";
    match env::var_os(VARIABLE) {
        Some(file) => panic_inside(Path::new(&file)),
        None => {
            let folder = tempfile::tempdir().unwrap();
            let output = Command::new(env::current_exe().unwrap())
                .args(["--exact", "panics_are_not_printed", "--nocapture"])
                .env(VARIABLE, folder.path().join("output"))
                .output()
                .unwrap();
            let written = fs::read_to_string(folder.path().join("output")).unwrap();
            assert!(output.status.success(), "{written}{output:?}");
        }
    }
}

fn panic_inside(output: &Path) -> ! {
    let file = File::create(output).unwrap();
    for descriptor in [1, 2] {
        // SAFETY: both are open, and nobody else counts on what they are.
        assert_eq!(unsafe { libc::dup2(file.as_raw_fd(), descriptor) }, descriptor);
    }
    // On the caller's thread, and on the context's.
    testing::arm("scumble_shutdown");
    assert_eq!(scumble_shutdown(0), Status::Panic);
    testing::arm("worker_load");
    // SAFETY: the structure is filled before it is read, and the texts live on.
    unsafe {
        let mut desc = std::mem::zeroed();
        assert_eq!(scumble_context_desc_init(&mut desc, size_of_val(&desc), SCUMBLE_ABI_VERSION), Status::Ok);
        let path =
            CString::new(Path::new(ROOT).join("tests/reference/models/emblem-64").as_os_str().as_bytes()).unwrap();
        desc.model_path = path.as_ptr();
        let mut context = std::ptr::null_mut();
        assert_eq!(scumble_context_create(&desc, &mut context), Status::Ok);
        assert_eq!(scumble_context_wait(context, -1), Status::Panic);
    }
    assert_eq!(scumble_shutdown(-1), Status::Ok);
    assert_eq!(fs::read_to_string(output).unwrap(), "");
    let told = std::iter::from_fn(log::next).filter(|line| line.text.contains("a test asked")).count();
    assert_eq!(told, 2);

    // The host's own panics go where they always went.
    let _ = thread::spawn(|| panic!("of the host")).join();
    assert!(fs::read_to_string(output).unwrap().contains("of the host"));
    std::process::exit(0)
}
