//! The SDK as a game developer gets it: unpacked anywhere, with nothing of this repository at hand.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::c_program::{run, ROOT};
use common::sdk::{Sdk, VERSION};
use common::{contains, is_there};

/// Whether tools are there to try something with.
fn can(what: &str, tools: &[&str]) -> bool {
    let missing: Vec<&&str> = tools.iter().filter(|tool| !is_there(tool, "--version")).collect();
    if !missing.is_empty() {
        eprintln!("SKIPPED: {missing:?} not installed; {what} was not tried");
    }
    missing.is_empty()
}

/// The commands of the README's chapter about a language.
fn commands(readme: &str, chapter: &str) -> String {
    let (_, text) = readme.split_once(&format!("\n## {chapter}\n")).expect("the README has the chapter");
    let (_, text) = text.split_once("```sh\n").unwrap();
    text.split_once("```").unwrap().0.to_owned()
}

/// The README's commands, as they stand; all examples paint the same picture.
#[test]
fn its_examples_paint_from_it_alone() {
    let sdk = Sdk::new("linux-x64");
    let readme = fs::read_to_string(sdk.path().join("README.md")).unwrap();
    let mut pictures = Vec::new();
    let chapters: [(&str, &[&str]); 2] = [("C", &["cc", "pkg-config"]), ("C++", &["c++", "cmake"])];
    for (chapter, tools) in chapters {
        if can(chapter, tools) {
            let said = run(sdk.command("bash").args(["-euxc", &commands(&readme, chapter)]));
            assert!(said.contains("wrote apple.ppm: 64 x 64, seed 14"), "{chapter}: {said}");
            let picture = sdk.path().join("apple.ppm");
            pictures.push(fs::read(&picture).unwrap());
            fs::remove_file(picture).unwrap();
        }
    }
    assert!(pictures.windows(2).all(|two| two[0] == two[1]), "the examples painted different pictures");
}

/// Paths of this machine would tell who built it, and work nowhere else. ONNX Runtime is as Microsoft built it.
#[test]
fn nothing_in_it_names_this_machine() {
    let sysroot = run(Command::new("rustc").arg("--print=sysroot"));
    let home = std::env::var("HOME").unwrap();
    let cargo = std::env::var("CARGO_HOME").unwrap_or_else(|_| format!("{home}/.cargo"));
    let names = [ROOT, sysroot.trim(), &cargo, &format!("{home}/"), "/registry/src/"];
    let sdk = Sdk::new("linux-x64");
    let mut folders = vec![sdk.path()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            if entry.file_name() == "scumble_onnxruntime.so" {
                continue;
            }
            let bytes = fs::read(entry.path()).unwrap();
            for name in names {
                assert!(!contains(&bytes, name), "{}: {name}", entry.path().display());
            }
        }
    }
}

/// What a consumer built with it tells.
fn told(sdk: &Sdk, program: &Path) {
    assert_eq!(run(&mut sdk.command(program)).trim(), format!("{VERSION} ready"), "{}", program.display());
}

/// A project outside of the SDK, and the SDK in a place that has a blank in its name.
#[test]
fn cmake_finds_it_wherever_it_lies() {
    if !can("find_package", &["cmake"]) {
        return;
    }
    let sdk = Sdk::new("linux-x64");
    let work = tempfile::tempdir().unwrap();
    let (moved, build) = (work.path().join("third party"), work.path().join("build"));
    fs::rename(sdk.path(), &moved).unwrap();
    fs::create_dir(sdk.path()).unwrap();
    let configure = |wanted: &str| {
        let mut command = sdk.command("cmake");
        command.arg("-S").arg(Path::new(ROOT).join("tests/consumer")).arg("-B").arg(&build);
        command.arg(format!("-DCMAKE_PREFIX_PATH={}", moved.display())).arg(format!("-DWANTED={wanted}"));
        command
    };
    for wanted in ["9.0", "1.0", "0.9"] {
        let refused = configure(wanted).output().unwrap();
        assert!(!refused.status.success(), "{wanted} was found");
        let told = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(told.contains(&format!("version: {VERSION}")), "{told}");
        fs::remove_dir_all(&build).unwrap();
    }
    run(&mut configure(VERSION));
    run(sdk.command("cmake").arg("--build").arg(&build));
    told(&sdk, &build.join("consumer_c"));
    told(&sdk, &build.join("consumer_cpp"));
}

#[test]
fn pkg_config_finds_it_wherever_it_lies() {
    if !can("pkg-config", &["pkg-config"]) {
        return;
    }
    let sdk = Sdk::new("linux-x64");
    let work = tempfile::tempdir().unwrap();
    let moved = work.path().join("third-party");
    fs::rename(sdk.path(), &moved).unwrap();
    fs::create_dir(sdk.path()).unwrap();
    let ask = |words: &[&str]| {
        let answer = run(sdk
            .command("pkg-config")
            .args(words)
            .arg("scumble")
            .env("PKG_CONFIG_PATH", moved.join("lib/pkgconfig")));
        answer.trim().to_owned()
    };
    assert_eq!(ask(&["--modversion"]), VERSION);
    let rpath = format!("-Wl,-rpath,{}", ask(&["--variable=libdir"]));
    for (compiler, standard, source) in
        [(common::c_compiler(), "-std=c99", "consumer.c"), (common::cxx_compiler(), "-std=c++17", "consumer.cpp")]
    {
        let program = work.path().join("consumer");
        run(sdk
            .command(compiler)
            .arg(standard)
            .arg(Path::new(ROOT).join("tests/consumer").join(source))
            .args(ask(&["--cflags", "--libs"]).split(' '))
            .arg(&rpath)
            .arg("-o")
            .arg(&program));
        told(&sdk, &program);
    }
}
