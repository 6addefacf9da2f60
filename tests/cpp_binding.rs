//! The C++ binding, compiled by real compilers as a game compiles it, and run.

mod common;

use std::process::Command;

use common::c_program::{library, onnxruntime, ROOT};

#[test]
fn compiles_and_paints() {
    for compiler in [common::cxx_compiler(), "clang++".into()] {
        if Command::new(&compiler).arg("--version").output().is_err() {
            eprintln!("SKIPPED: {compiler} is not installed; the C++ binding was not tried with it");
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let (program, library) = (folder.path().join("binding"), library());
        let libraries = library.parent().unwrap().display();
        let output = Command::new(&compiler)
            .args(["-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror", "-O1"])
            .args(["-fno-exceptions", "-fno-rtti"])
            .args([format!("-I{ROOT}/include"), format!("-I{ROOT}/bindings/cpp/include")])
            .arg(format!("{ROOT}/tests/cpp/binding.cpp"))
            .args([format!("-L{libraries}"), "-lscumble".into(), format!("-Wl,-rpath,{libraries}")])
            .arg("-o")
            .arg(&program)
            .output()
            .unwrap();
        assert!(output.status.success(), "{compiler}: {}", String::from_utf8_lossy(&output.stderr));
        let output = Command::new(&program)
            .arg(common::model())
            .env("SCUMBLE_ONNXRUNTIME", onnxruntime())
            .env_remove("LD_LIBRARY_PATH") // cargo's would lead to another build of libscumble
            .output()
            .unwrap();
        assert!(output.status.success(), "{compiler}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
