//! The C and C# programs in the README work when pasted.

#![cfg(unix)]

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use common::c_program::{run, CProgram, ROOT};
use common::mono;
use tempfile::TempDir;

/// The program of the README in this language, in a folder that has the models as the repository's root has them.
fn program(language: &str, name: &str) -> (TempDir, PathBuf) {
    let root = Path::new(ROOT);
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let (_, rest) = readme.split_once(&format!("```{language}\n")).expect("the README has such a program");
    let (program, _) = rest.split_once("```").unwrap();
    let work = tempfile::tempdir().unwrap();
    let source = work.path().join(name);
    fs::write(&source, program).unwrap();
    symlink(root.join("models"), work.path().join("models")).unwrap();
    (work, source)
}

#[test]
fn c_program_paints() {
    let (work, source) = program("c", "apple.c");
    run(CProgram::new(source.to_str().unwrap()).command().current_dir(work.path()));
    let picture = fs::read(work.path().join("apple.ppm")).unwrap();
    assert!(picture.starts_with(b"P6 64 64 255\n") && picture.len() == 13 + 64 * 64 * 3);
}

#[test]
fn csharp_program_paints() {
    if !mono::is_there() {
        return;
    }
    let (work, source) = program("csharp", "apple.cs");
    let program = mono::program("apple.exe", mono::binding(false), &[source], &[]);
    run(mono::command(&program).current_dir(work.path()));
    assert_eq!(fs::read(work.path().join("apple.rgb")).unwrap().len(), 64 * 64 * 3);
}
