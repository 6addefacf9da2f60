//! The C++ binding, compiled by real compilers as a game compiles it, and run.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::c_program::{c_library, library, onnxruntime, run, ROOT};
use common::{c, is_there};

/// The compiler whose sanitizers are used.
const CLANG: &str = "clang++";

/// The compilers that are there.
fn compilers() -> Vec<String> {
    if !is_there(CLANG, "--version") {
        common::skip(&format!("{CLANG} is not installed; the C++ binding was not tried with it"));
        return vec![common::cxx_compiler()];
    }
    vec![common::cxx_compiler(), CLANG.into()]
}

/// Compiles a program of `tests/cpp` into a folder. Every warning is an error.
fn compile(compiler: &str, name: &str, flags: &[&str], library: &Path, folder: &Path) -> PathBuf {
    let (program, libraries) = (folder.join(name), library.parent().unwrap().display());
    run(Command::new(compiler)
        .args(["-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wold-style-cast"])
        .args(["-Werror", "-O1", "-fno-exceptions", "-fno-rtti"])
        .args(flags)
        .args([format!("-I{ROOT}/include"), format!("-I{ROOT}/bindings/cpp/include")])
        .arg(format!("{ROOT}/tests/cpp/{name}.cpp"))
        .args([format!("-L{libraries}"), "-lscumble".into(), format!("-Wl,-rpath,{libraries}")])
        .arg("-o")
        .arg(&program));
    program
}

#[test]
fn compiles_and_paints() {
    for compiler in compilers() {
        let folder = tempfile::tempdir().unwrap();
        run(Command::new(compile(&compiler, "binding", &[], &library(), folder.path()))
            .arg(common::model())
            .env("SCUMBLE_ONNXRUNTIME", onnxruntime())
            .env_remove("LD_LIBRARY_PATH")); // cargo's would lead to another build of libscumble
    }
}

/// Descriptors are not left with pointers to what is gone.
#[test]
fn descriptors_keep_what_they_point_to() {
    let sanitizers =
        ["-fsanitize=address,undefined", "-fsanitize-address-use-after-scope", "-fno-sanitize-recover=all"];
    for (compiler, flags) in [(CLANG, &sanitizers[..]), (&common::cxx_compiler(), &["-std=c++20"])] {
        let folder = tempfile::tempdir().unwrap();
        run(Command::new(compile(compiler, "descriptors", flags, &library(), folder.path()))
            .arg(common::model())
            .env("SCUMBLE_ONNXRUNTIME", onnxruntime())
            .env_remove("LD_LIBRARY_PATH"));
    }
}

/// Nothing of the C API is missing.
#[test]
fn every_function_of_the_header_is_used() {
    let binding =
        [include_str!("../bindings/cpp/include/scumble.hpp"), include_str!("../bindings/cpp/include/scumble_desc.hpp")]
            .concat();
    let used = |name| binding.match_indices(name).any(|(at, _)| !binding[at + str::len(name)..].starts_with('_'));
    let missing: Vec<&str> = c::exports().iter().map(|export| export.name).filter(|name| !used(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Of a library that speaks another ABI, nothing is called but what tells which one it is.
#[test]
fn another_abi_is_told_first() {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("libscumble.so");
    let body = |name: &str| match name {
        "scumble_abi_version" => "return 7;".into(),
        "scumble_version" => "return \"7.0.0\";".into(),
        _ if name.ends_with("_desc_init") => "return SCUMBLE_STATUS_ABI_MISMATCH;".into(),
        _ => format!("fputs(\"{name} was called\\n\", stderr); abort();"),
    };
    let header = include_str!("../include/scumble.h");
    let source = format!("#include <stdio.h>\n#include <stdlib.h>\n{header}\n{}", c::definitions(header, body));
    c_library(&source, &library);
    run(Command::new(compile(&common::cxx_compiler(), "other_abi", &[], &library, folder.path()))
        .env_remove("LD_LIBRARY_PATH"));
}
