//! The C program in the README works when pasted.

#![cfg(unix)]

mod common;

use std::fs;
use std::path::Path;

use common::c_program::CProgram;

#[test]
fn c_program_paints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let (_, rest) = readme.split_once("```c\n").expect("the README has a C program");
    let (program, _) = rest.split_once("```").unwrap();

    let work = tempfile::tempdir().unwrap();
    let source = work.path().join("apple.c");
    fs::write(&source, program).unwrap();
    let program = CProgram::new(source.to_str().unwrap());
    // It names the model as from the repository's root, and writes beside it.
    std::os::unix::fs::symlink(root.join("models"), work.path().join("models")).unwrap();
    let output = program.command().current_dir(work.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let picture = fs::read(work.path().join("apple.ppm")).unwrap();
    assert!(picture.starts_with(b"P6 64 64 255\n") && picture.len() == 13 + 64 * 64 * 3);
}
