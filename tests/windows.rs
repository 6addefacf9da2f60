//! The Windows library as it is shipped: looked at from outside, and at work under Wine with the official ONNX Runtime
//! for Windows.
#![cfg(target_os = "linux")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use common::c_program::{run, ROOT};
use common::model::ModelCopy;
use common::windows::{built, dll, output, told, windows, Program, Wine, ONNXRUNTIME};
use common::{c, painting};

/// The end of what `objdump` says of the library, in each line that begins so.
fn listed(start: &str) -> BTreeSet<String> {
    let all = run(Command::new("x86_64-w64-mingw32-objdump").arg("-p").arg(built().unwrap().join("scumble.dll")));
    let lines = all.lines().filter_map(|line| line.trim().strip_prefix(start));
    lines.map(|rest| rest.split(' ').next_back().unwrap().to_owned()).collect()
}

#[test]
fn it_needs_nothing_but_windows_and_exports_the_header() {
    let Some(built) = built() else { return };
    const OF_WINDOWS: [&str; 6] =
        ["bcryptprimitives.dll", "kernel32.dll", "msvcrt.dll", "ntdll.dll", "userenv.dll", "ws2_32.dll"];
    let needed = listed("DLL Name: ");
    let is_of_windows = |name: &String| {
        let name = name.to_lowercase();
        OF_WINDOWS.contains(&name.as_str()) || name.starts_with("api-ms-win-core-")
    };
    assert!(!needed.is_empty() && needed.iter().all(is_of_windows), "{needed:?}");

    let documented: BTreeSet<String> = c::exports().iter().map(|export| export.name.to_owned()).collect();
    let is_name = |word: &String| word != "RVA" && word.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let exported: BTreeSet<String> = listed("[ ").into_iter().filter(is_name).collect();
    assert_eq!(exported, documented);
    let definition = fs::read_to_string(built.join("scumble.def")).unwrap();
    assert_eq!(definition.lines().skip(2).map(|line| line.trim().to_owned()).collect::<BTreeSet<_>>(), documented);

    let library = fs::read(built.join("scumble.dll")).unwrap();
    for path in [ROOT, env!("CARGO"), "/.cargo/"] {
        assert!(!library.windows(path.len()).any(|window| window == path.as_bytes()), "{path}");
    }
}

/// Programs of Microsoft's compilers link to it through `scumble.lib`.
#[test]
fn a_program_for_msvc_links_to_it() {
    let Some(wine) = Wine::get() else { return };
    let program = Program::alone(wine);
    let object = program.path("msvc.obj");
    let clang = ["--target=x86_64-pc-windows-msvc", "-ffreestanding", "-Wall", "-Wextra", "-Wpedantic", "-Werror"];
    let mut compile = Command::new("clang");
    compile.current_dir(ROOT).args(clang).args(["-Iinclude", "-c", "tests/c/msvc.c", "-o"]).arg(&object);
    if Command::new("clang").arg("--version").output().is_err() {
        common::skip("clang is not installed; no program for MSVC was linked");
        return;
    }
    run(&mut compile);
    run(Command::new("lld-link")
        .args(["/subsystem:console", "/entry:start", "/nodefaultlib"])
        .args([&object, &built().unwrap().join("scumble.lib")])
        .arg(format!("/out:{}", program.path("program.exe").display())));
    assert_eq!(output(&mut program.command()).status.code(), Some(42));
}

#[test]
fn a_debugger_finds_names_of_functions() {
    let Some(wine) = Wine::get() else { return };
    let program = Program::with(wine, "tests/c/symbols.c", &["-ldbghelp"]);
    println!("{}", told(program.command().arg(windows(built().unwrap()))));
}

#[test]
fn structures_are_laid_out_as_on_linux() {
    let Some(wine) = Wine::get() else { return };
    told(&mut Program::new(wine, "tests/c/layout.c").command());
}

#[test]
fn by_hand_paints_what_the_worker_paints() {
    let Some(wine) = Wine::get() else { return };
    told(&mut Program::new(wine, "tests/c/by_hand.c").command());
}

#[test]
fn objects_may_be_destroyed_in_any_order_and_at_any_moment() {
    let Some(wine) = Wine::get() else { return };
    told(&mut Program::new(wine, "tests/c/lifetime.c").command());
}

#[test]
fn errors_and_warnings_are_not_printed() {
    let Some(wine) = Wine::get() else { return };
    let program = Program::new(wine, "tests/c/quiet.c");
    let models = [ModelCopy::damaged(), ModelCopy::noisy()];
    let output = output(program.command().args(models.each_ref().map(|model| windows(model.path()))));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!((output.stdout.len(), output.stderr.len()), (0, 0), "{output:?}");
}

#[test]
fn the_host_finds_its_environment_as_it_was() {
    let Some(wine) = Wine::get() else { return };
    let library = windows(&built().unwrap().join(ONNXRUNTIME));
    told(Program::new(wine, "tests/c/environment.c").command().arg(library));
}

#[test]
fn paths_are_utf8() {
    let Some(wine) = Wine::get() else { return };
    let program = Program::new(wine, "tests/c/paths.c");
    fs::create_dir(program.path("Läufer 走")).unwrap();
    fs::rename(program.path(ONNXRUNTIME), program.path("Läufer 走").join(ONNXRUNTIME)).unwrap();
    symlink(common::model(), program.path("Modèle 模型")).unwrap();
    told(program.command().current_dir(program.path("")).arg(ONNXRUNTIME));

    let program = Program::alone(wine);
    run(Command::new("x86_64-w64-mingw32-g++-posix")
        .args(["-std=c++17", "-Wall", "-Wextra", "-Werror", "-static", "-Iinclude", "-Ibindings/cpp/include"])
        .current_dir(ROOT)
        .args(["tests/cpp/wide_paths.cpp", "-o"])
        .arg(program.path("program.exe")));
    told(&mut program.command());
}

/// Threads, mapped files, and another plugin's library of the same name.
#[test]
fn what_only_windows_has() {
    let Some(wine) = Wine::get() else { return };
    let others = tempfile::tempdir().unwrap();
    let another = others.path().join(ONNXRUNTIME);
    dll("int answer(void) { return 42; }", &[], &another);
    let model = ModelCopy::reference("sd1");
    told(Program::new(wine, "tests/c/windows.c").command().args([windows(model.path()), windows(&another)]));
    assert!(!model.path().join("unet/model.onnx").exists());
}

#[test]
fn the_example_paints_what_linux_paints() {
    let Some(wine) = Wine::get() else { return };
    let text = "a green star, flat style, on a white background";
    let program = Program::new(wine, "examples/c/txt2img.c");
    told(program.command().current_dir(program.path("")).args([&windows(&common::model()), text, "out.ppm"]));
    let (painted, expected) = (fs::read(program.path("out.ppm")).unwrap(), painting::ppm(text));
    assert_eq!(painted.len(), expected.len());
    let difference = painted.iter().zip(&expected).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    println!("the largest difference is {difference} of 255");
    assert!(difference <= 1, "{difference}");
}

/// Beside the library, its own name comes first; elsewhere nothing is looked for. (System32 has an old one throughout.)
#[test]
fn onnxruntime_is_found_beside_the_library_alone() {
    let Some(wine) = Wine::get() else { return };
    const OWN: &str = "scumble_onnxruntime.dll";
    let good = built().unwrap().join(ONNXRUNTIME);
    for (names, found) in [(vec![OWN], OWN), (vec![ONNXRUNTIME], ONNXRUNTIME), (vec![OWN, ONNXRUNTIME], OWN)] {
        let program = Program::new(wine, "tests/c/runtime.c");
        fs::remove_file(program.path(ONNXRUNTIME)).unwrap();
        for name in names {
            symlink(&good, program.path(name)).unwrap();
        }
        let log = told(program.command().arg(""));
        let path = windows(&program.path(found));
        assert!(log.starts_with("SCUMBLE_STATUS_OK") && log.contains(&format!("ONNX Runtime from {path}")), "{log}");
    }

    let program = Program::new(wine, "tests/c/runtime.c");
    fs::remove_file(program.path(ONNXRUNTIME)).unwrap();
    let log = told(program.command().current_dir(built().unwrap()).arg(""));
    assert!(log.starts_with("SCUMBLE_STATUS_RUNTIME_NOT_FOUND"), "{log}");
    for name in [OWN, ONNXRUNTIME] {
        assert!(log.contains(&windows(&program.path(name))), "{log}");
    }
}

#[test]
fn what_is_not_onnx_runtime_is_refused() {
    let Some(wine) = Wine::get() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("text.dll"), "not a library\n").unwrap();
    dll("int answer(void) { return 42; }", &[], &path("other.dll"));
    let import = format!("-Wl,--out-implib,{}", path("gone.a").display());
    dll("int answer(void) { return 42; }", &[&import], &path("gone.dll"));
    let needs = "int answer(void); __declspec(dllexport) int ask(void) { return answer(); }";
    dll(needs, &[path("gone.a").to_str().unwrap()], &path("needs.dll"));
    fs::remove_file(path("gone.dll")).unwrap();

    let cases = [
        (path("gone.dll"), "RUNTIME_NOT_FOUND", "does not exist"),
        (path("text.dll"), "RUNTIME_INVALID", "cannot be loaded as a library: "),
        (path("other.dll"), "RUNTIME_INVALID", "OrtGetApiBase"),
        (path("needs.dll"), "RUNTIME_INVALID", "Visual C++"),
        (wine.system32().join(ONNXRUNTIME), "RUNTIME_TOO_OLD", "1.16.3"),
    ];
    let program = Program::new(wine, "tests/c/runtime.c");
    let good = built().unwrap().join(ONNXRUNTIME);
    let output = told(program.command().args(cases.iter().map(|case| windows(&case.0))).arg(windows(&good)));
    let mut lines = output.lines();
    for (path, status, words) in cases {
        let line = lines.next().unwrap();
        assert!(line.starts_with(&format!("SCUMBLE_STATUS_{status} ")), "{line}");
        assert!(line.contains(words) && line.contains(&windows(&path)), "{line}");
    }
    assert_eq!(lines.next().unwrap().trim(), "SCUMBLE_STATUS_OK");
}

/// Microsoft's library with DirectML, where no graphics card works. Wine's own Direct3D 12 would end the process.
#[test]
fn directml_without_an_adapter_is_an_error() {
    let Some(wine) = Wine::get() else { return };
    let fetch = "run --quiet --manifest-path tools/runtime/Cargo.toml --target-dir target/tools -- win32-x64";
    let library =
        run(Command::new(env!("CARGO")).current_dir(ROOT).args(fetch.split(' ')).args(["target/onnxruntime", "gpu"]));
    let program = Program::new(wine, "tests/c/directml.c");
    fs::remove_file(program.path(ONNXRUNTIME)).unwrap();
    for file in fs::read_dir(Path::new(ROOT).join(library.trim()).parent().unwrap()).unwrap() {
        let file = file.unwrap();
        symlink(file.path(), program.path(file.file_name().to_str().unwrap())).unwrap();
    }
    let exports = program.path("d3d12.def");
    fs::write(&exports, "EXPORTS\nD3D12CreateDevice @101\nD3D12GetDebugInterface @102\n").unwrap();
    let source = "long D3D12CreateDevice(void) { return 0x887A0004; } /* DXGI_ERROR_UNSUPPORTED */
        long D3D12GetDebugInterface(void) { return 0x887A0004; }";
    dll(source, &[exports.to_str().unwrap()], &program.path("d3d12.dll"));
    print!("{}", told(program.command().env("WINEDLLOVERRIDES", "d3d12=n")));
}

/// In the midst of its work, and without a crash. (What `exit` does while a context is being loaded is told in the
/// header.)
#[test]
fn a_process_ends_at_any_moment() {
    let Some(wine) = Wine::get() else { return };
    const WORK: [(&str, f64, &[&str]); 4] = [
        ("loading", 200e3, &["terminate"]),
        ("encoding", 8e3, &["exit", "_exit", "terminate", "return"]),
        ("denoising", 60e3, &["exit", "_exit", "terminate", "return"]),
        ("decoding", 4e3, &["exit", "_exit", "terminate", "return"]),
    ];
    let program = Program::new(wine, "tests/c/ending.c");
    let ways = WORK.iter().flat_map(|(work, most, ways)| ways.iter().map(move |how| (*how, *work, *most)));
    for (nth, (how, work, most)) in ways.enumerate() {
        let share = nth as f64 * 0.618_034 % 1.0; // as evenly as can be, however many there are
        let moment = format!("{:.0}", most * share);
        let ended = output(program.command().args([how, work, &moment]));
        let expected = if how == "terminate" { 15 } else { 0 };
        assert_eq!(ended.status.code(), Some(expected), "{how} {work} {moment}: {ended:?}");
    }
}

/// As a plugin in a folder of its own, which its host unloads while it paints.
#[test]
fn the_library_stays_when_it_is_unloaded() {
    let Some(wine) = Wine::get() else { return };
    let plugin = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    for name in ["scumble.dll", ONNXRUNTIME] {
        symlink(built().unwrap().join(name), plugin.path().join(name)).unwrap();
    }
    let program = Program::new(wine, "tests/c/unload.c");
    let decoy = program.path(ONNXRUNTIME);
    fs::remove_file(&decoy).unwrap();
    symlink(wine.system32().join(ONNXRUNTIME), &decoy).unwrap();
    for milliseconds in ["0", "7", "40"] {
        let library = windows(&plugin.path().join("scumble.dll"));
        told(program.command().args([&library, milliseconds]));
    }
}
