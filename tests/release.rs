//! The library as it is shipped, looked at from outside: its names, its size, and that it knows
//! nothing of the machine that built it.
#![cfg(target_os = "linux")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use common::c_program::{c_library, can_build, onnxruntime, run, CProgram, ROOT};
use common::model::ModelCopy;
use common::{c, contains};

/// Without ONNX Runtime, stripped.
const MOST_BYTES: u64 = 6_500_000;

/// The library as `tools/linux/build.sh` makes it for what is shipped.
fn shipped() -> Option<&'static Path> {
    static LIBRARY: OnceLock<Option<PathBuf>> = OnceLock::new();
    let build = || {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shipped");
        can_build(Command::new("tools/linux/build.sh").arg(&folder)).then(|| folder.join("libscumble.so"))
    };
    LIBRARY.get_or_init(build).as_deref()
}

/// What a tool says of the library.
fn told(tool: &str, arguments: &[&str], library: &Path) -> String {
    run(Command::new(tool).args(arguments).arg(library))
}

#[test]
fn it_is_small() {
    let Some(library) = shipped() else { return };
    let size = fs::metadata(library).unwrap().len();
    println!("libscumble.so, stripped: {:.2} MB", size as f64 / 1e6);
    assert!(size < MOST_BYTES, "{size} bytes");
}

#[test]
fn exports_are_those_of_the_header() {
    let Some(library) = shipped() else { return };
    let names = told("nm", &["-D", "--defined-only", "--format=posix"], library);
    let exported: BTreeSet<&str> = names.lines().filter_map(|line| line.split(' ').next()).collect();
    let documented: BTreeSet<&str> = c::exports().iter().map(|export| export.name).collect();
    assert_eq!(exported, documented);
}

/// A library that was linked to is looked for beside the program by its name, and stays in memory
/// when it is closed.
#[test]
fn the_linker_is_told_how_to_load_it() {
    let Some(library) = shipped() else { return };
    let dynamic = told("readelf", &["-d", "-W"], library);
    assert!(dynamic.contains("Library soname: [libscumble.so]"), "{dynamic}");
    assert!(dynamic.contains("NODELETE"), "{dynamic}");
    assert!(!dynamic.contains("onnxruntime"), "{dynamic}");
}

#[test]
fn no_path_of_this_machine_is_in_it() {
    let Some(library) = shipped() else { return };
    let library = fs::read(library).unwrap();
    assert!(!contains(&library, "target/onnxruntime"));
    let home = format!("{}/", std::env::var("HOME").unwrap());
    for folder in [ROOT, &home, "/registry/src/", "/.cargo/", "/.rustup/"] {
        assert!(!contains(&library, folder), "{folder}");
    }
    // What panics say of crates is there: the search above would find it.
    assert!(contains(&library, "crates/ort-2"));

    // A development build does know where its ONNX Runtime is: the search above would find it.
    if cfg!(feature = "fetch-runtime") {
        assert!(contains(&fs::read(common::c_program::library()).unwrap(), "/onnxruntime/"));
    }
}

/// Nothing that forces panics is in what is shipped.
#[test]
fn the_testing_feature_is_off() {
    let Some(library) = shipped() else { return };
    let library = fs::read(library).unwrap();
    assert!(!contains(&library, "a test asked"));
}

/// Every large allocation of the process fails once, ONNX Runtime's too, in everything that it does.
#[test]
fn memory_may_run_out_at_any_moment() {
    const LEAST_BYTES: &str = "65536";
    let Some(library) = shipped() else { return };
    let folder = tempfile::tempdir().unwrap();
    let failing = folder.path().join("failing_malloc.so");
    c_library(include_str!("c/failing_malloc.c"), &failing);
    let [tiny, controlnet] = ["sd1-tiny", "sd1-controlnet"].map(ModelCopy::reference);
    let program = CProgram::beside("tests/c/out_of_memory.c", library);
    let told = run(program
        .command()
        .arg(LEAST_BYTES)
        .args([tiny.path(), controlnet.path()])
        .env("LD_PRELOAD", failing)
        .env("SCUMBLE_ONNXRUNTIME", onnxruntime()));
    println!("{told}");
}
