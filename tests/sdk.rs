//! The SDK as a game developer gets it: unpacked anywhere, with nothing of this repository at hand.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use common::c_program::{run, ROOT};
use common::sdk::{Sdk, VERSION};
use common::windows::{self, Wine};
use common::{contains, is_there};

/// Whether tools are there to try something with.
fn can(what: &str, tools: &[&str]) -> bool {
    let missing: Vec<&&str> = tools.iter().filter(|tool| !is_there(tool, "--version")).collect();
    if !missing.is_empty() {
        common::skip(&format!("{missing:?} not installed; {what} was not tried"));
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
    let Some(sdk) = Sdk::new("linux-x64") else { return };
    let readme = fs::read_to_string(sdk.path().join("README.md")).unwrap();
    let mut pictures = Vec::new();
    let chapters: [(&str, &[&str]); 3] =
        [("C", &["cc", "pkg-config"]), ("C++", &["c++", "cmake"]), ("C#", &["mcs", "mono"])];
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

/// Every file of an SDK.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Paths of this machine would tell who built it, and work nowhere else. ONNX Runtime is as Microsoft built it.
fn names_nothing_of_this_machine(sdk: &Path) {
    let sysroot = run(Command::new("rustc").arg("--print=sysroot"));
    let home = std::env::var("HOME").unwrap();
    let cargo = std::env::var("CARGO_HOME").unwrap_or_else(|_| format!("{home}/.cargo"));
    let names = [ROOT, sysroot.trim(), &cargo, &format!("{home}/"), "/registry/src/"];
    for file in files(sdk) {
        if file.file_stem().unwrap() != "scumble_onnxruntime" {
            let bytes = fs::read(&file).unwrap();
            for name in names {
                assert!(!contains(&bytes, name), "{}: {name}", file.display());
            }
        }
    }
}

/// The package of each engine has the libraries where it wants them: those that the other tests try.
fn has_libraries_in_place(sdk: &Path, own: &str, libraries: [&str; 2], packages: [&str; 3]) {
    for library in libraries {
        let original = fs::read(sdk.join(own).join(library)).unwrap();
        for folder in packages {
            assert!(fs::read(sdk.join(folder).join(library)).unwrap() == original, "{folder}/{library}");
        }
    }
    let library = fs::read(sdk.join(own).join(libraries[0])).unwrap();
    assert!(contains(&library, "crates/ort-2"), "what panics say of crates would have been found");
}

#[test]
fn what_is_in_it() {
    let Some(sdk) = Sdk::new("linux-x64") else { return };
    names_nothing_of_this_machine(&sdk.path());
    has_libraries_in_place(
        &sdk.path(),
        "lib",
        ["libscumble.so", "scumble_onnxruntime.so"],
        [
            "bindings/csharp/runtimes/linux-x64/native",
            "bindings/unity/com.scumble.unity/Plugins/Linux/x86_64",
            "bindings/unreal/Scumble/Source/ThirdParty/ScumbleLibrary/bin/Linux",
        ],
    );
    let readme = fs::read_to_string(sdk.path().join("README.md")).unwrap();
    assert!(readme.contains("need glibc 2.28 or newer"), "{readme}");
    assert!(!readme.contains('@'), "{readme}");
    let licences = fs::read_to_string(sdk.path().join("licences/rust-crates.txt")).unwrap();
    assert!(licences.contains("\ntokenizers 0") && licences.contains("TERMS AND CONDITIONS"));
    for file in ["onnxruntime/LICENSE", "onnxruntime/ThirdPartyNotices.txt", "rust-standard-library.html"] {
        assert!(fs::metadata(sdk.path().join("licences").join(file)).unwrap().len() > 1000, "{file}");
    }
}

/// What a consumer built with it tells.
fn is_ready(sdk: &Sdk, program: &Path) {
    assert_eq!(run(&mut sdk.command(program)).trim(), format!("{VERSION} ready"), "{}", program.display());
}

/// An SDK of which nothing is where it was unpacked, and where it is now.
fn moved(name: &str) -> Option<(Sdk, TempDir, PathBuf)> {
    let (sdk, work) = (Sdk::new("linux-x64")?, tempfile::tempdir().unwrap());
    let moved = work.path().join(name);
    fs::rename(sdk.path(), &moved).unwrap();
    fs::create_dir(sdk.path()).unwrap();
    Some((sdk, work, moved))
}

/// A project outside of the SDK, and the SDK in a place that has a blank in its name.
#[test]
fn cmake_finds_it_wherever_it_lies() {
    if !can("find_package", &["cmake"]) {
        return;
    }
    let Some((sdk, work, moved)) = moved("third party") else { return };
    let build = work.path().join("build");
    let configure = |wanted: &str| {
        let mut command = sdk.command("cmake");
        command.arg("-S").arg(Path::new(ROOT).join("tests/consumer")).arg("-B").arg(&build);
        command.arg(format!("-DCMAKE_PREFIX_PATH={}", moved.display())).arg(format!("-DWANTED={wanted}"));
        command
    };
    for wanted in ["9.0", "1.0", "0.9"] {
        let refused = configure(wanted).output().unwrap();
        assert!(!refused.status.success(), "{wanted} was found");
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(said.contains(&format!("version: {VERSION}")), "{said}");
        fs::remove_dir_all(&build).unwrap();
    }
    run(&mut configure(VERSION));
    run(sdk.command("cmake").arg("--build").arg(&build));
    is_ready(&sdk, &build.join("consumer_c"));
    is_ready(&sdk, &build.join("consumer_cpp"));
}

#[test]
fn pkg_config_finds_it_wherever_it_lies() {
    if !can("pkg-config", &["pkg-config"]) {
        return;
    }
    let Some((sdk, work, moved)) = moved("third-party") else { return };
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
        is_ready(&sdk, &program);
    }
}

/// The SDK for Windows: what MinGW and CMake build with it runs under Wine.
#[test]
fn its_windows_examples_paint_under_wine() {
    let Some(wine) = Wine::get() else { return };
    let Some(sdk) = Sdk::new("windows-x64") else { return };
    names_nothing_of_this_machine(&sdk.path());
    has_libraries_in_place(
        &sdk.path(),
        "bin",
        ["scumble.dll", "scumble_onnxruntime.dll"],
        [
            "bindings/csharp/runtimes/win-x64/native",
            "bindings/unity/com.scumble.unity/Plugins/Windows/x86_64",
            "bindings/unreal/Scumble/Source/ThirdParty/ScumbleLibrary/bin/Win64",
        ],
    );
    assert!(sdk.path().join("bindings/unreal/Scumble/Source/ThirdParty/ScumbleLibrary/lib/Win64/scumble.lib").exists());

    run(sdk
        .command("x86_64-w64-mingw32-gcc")
        .args("examples/c/txt2img.c -Iinclude -Llib -lscumble -o bin/txt2img.exe".split(' ')));
    let mut programs = vec!["bin/txt2img.exe"];
    let compiler = "x86_64-w64-mingw32-g++-posix"; // the other one has no std::thread
    if can("the C++ example for Windows", &["cmake", compiler]) {
        run(sdk
            .command("cmake")
            .args("-S examples/cpp/txt2img -B build -DCMAKE_SYSTEM_NAME=Windows".split(' '))
            .args([&format!("-DCMAKE_CXX_COMPILER={compiler}"), "-DCMAKE_EXE_LINKER_FLAGS=-static"]));
        run(sdk.command("cmake").args(["--build", "build"]));
        programs.push("build/txt2img.exe");
    }
    for program in programs {
        let prompt = "a red apple, 3d style, on a blue background";
        let said =
            windows::told(wine.command().current_dir(sdk.path()).args([program, "models/emblem", prompt, "apple.ppm"]));
        assert!(said.contains("wrote apple.ppm: 64 x 64, seed 14"), "{program}: {said}");
        assert_eq!(fs::metadata(sdk.path().join("apple.ppm")).unwrap().len(), 13 + 64 * 64 * 3, "{program}");
        fs::remove_file(sdk.path().join("apple.ppm")).unwrap();
    }
}
