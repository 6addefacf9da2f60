//! Programs in C, compiled by a real compiler against the library as it is shipped.
#![cfg(unix)]

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use common::c_program::{onnxruntime, run, CProgram, ROOT};
use common::painting;

#[test]
fn structures_have_their_first_size_and_no_padding() {
    run(&mut CProgram::new("tests/c/layout.c").command());

    let [header, layout] =
        ["include/scumble.h", "tests/c/layout.c"].map(|file| fs::read_to_string(Path::new(ROOT).join(file)).unwrap());
    let structures = header.lines().filter_map(|line| line.strip_prefix("typedef struct ")?.strip_suffix(" {"));
    for structure in structures {
        assert!(layout.contains(&format!("#define STRUCT {structure}\n")), "{structure} is not checked by layout.c");
    }
}

#[test]
fn paths_are_utf8() {
    let folder = tempfile::tempdir().unwrap();
    let libraries = folder.path().join("Läufer 走");
    fs::create_dir(&libraries).unwrap();
    let (onnxruntime, name) = (onnxruntime(), "onnxruntime.library");
    symlink(onnxruntime, libraries.join(name)).unwrap();
    symlink(common::model(), folder.path().join("Modèle 模型")).unwrap();
    run(CProgram::new("tests/c/paths.c").command().current_dir(folder.path()).arg(name));
}

#[test]
fn by_hand_paints_what_the_worker_paints() {
    run(&mut CProgram::new("tests/c/by_hand.c").command());
}

#[test]
fn objects_may_be_destroyed_in_any_order_and_at_any_moment() {
    run(&mut CProgram::new("tests/c/lifetime.c").command());
}

#[test]
fn the_example_paints_what_rust_paints() {
    let text = "a green star, flat style, on a white background";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out.ppm");
    run(CProgram::new("examples/c/txt2img.c").command().args(["tests/reference/models/emblem-64", text]).arg(&file));
    assert!(fs::read(&file).unwrap() == painting::ppm(text), "the picture differs");
}

/// Fibers and job systems give their tasks 64 KB and more.
#[test]
#[cfg(target_os = "linux")]
fn small_stacks_are_enough() {
    let program = CProgram::new("tests/c/stack.c");
    println!("{}", run(&mut program.command()));
    run(program.command().arg("64"));
    run(program.command().args(["64", "fiber"]));
    run(program.command().arg("64").env("RUST_MIN_STACK", "1000"));
}
