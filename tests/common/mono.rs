//! C# programs, compiled by Mono's compiler and run by Mono, the runtime that Unity's players have.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use super::c_program::{library, onnxruntime, ROOT};

/// The newest version that Mono's compiler knows: what it takes, C# 7.3 takes too.
const LANGUAGE: &str = "-langversion:7.2";

/// Whether the tools are there; says so if not.
pub fn is_there() -> bool {
    let missing: Vec<&str> =
        ["mcs", "mono"].into_iter().filter(|tool| Command::new(tool).arg("--version").output().is_err()).collect();
    if !missing.is_empty() {
        super::skip(&format!("{missing:?} is not installed; what is written in C# was not tried"));
    }
    missing.is_empty()
}

/// `Scumble.dll` as its project builds it for netstandard 2.0 or, with spans, for 2.1.
pub fn binding(spans: bool) -> &'static Path {
    static PLAIN: LazyLock<PathBuf> = LazyLock::new(|| compile_binding("plain", &[]));
    static SPANS: LazyLock<PathBuf> = LazyLock::new(|| compile_binding("spans", &["-define:SCUMBLE_SPAN"]));
    if spans {
        &SPANS
    } else {
        &PLAIN
    }
}

fn compile_binding(name: &str, defines: &[&str]) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mono").join(test.file_name().unwrap()).join(name);
    fs::create_dir_all(&folder).unwrap();
    let [assembly, documentation] = ["Scumble.dll", "Scumble.xml"].map(|name| folder.join(name));
    // Without documentation of a public item there is a warning.
    let documentation = format!("-doc:{}", documentation.display());
    compile(
        &assembly,
        &sources("bindings/csharp/src"),
        &[&["-target:library", "-unsafe", &documentation], defines].concat(),
    );
    folder
}

/// Compiles a program beside a `Scumble.dll`, which it uses.
pub fn program(name: &str, binding: &Path, sources: &[PathBuf], defines: &[&str]) -> PathBuf {
    let program = binding.join(name);
    let reference = format!("-r:{}", binding.join("Scumble.dll").display());
    compile(&program, sources, &[&[&*reference], defines].concat());
    program
}

/// The C# files of a folder of the repository.
pub fn sources(folder: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(Path::new(ROOT).join(folder)).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|file| file.extension().is_some_and(|extension| extension == "cs")).collect()
}

/// Compiles an assembly. Every warning is an error.
pub fn compile(output: &Path, sources: &[PathBuf], arguments: &[&str]) {
    let mut command = Command::new("mcs");
    command.args([LANGUAGE, "-debug", "-warn:4", "-warnaserror"]).args(arguments).args(sources);
    let Output { status, stdout, stderr } = command.arg(format!("-out:{}", output.display())).output().unwrap();
    let text = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(status.success(), "{command:?}: {text}");
}

/// A command that runs a program in the repository's root, with the library that cargo built for the test.
pub fn command(program: &Path) -> Command {
    with_library(program, library().parent().unwrap())
}

/// Likewise, with what lies in a given folder.
pub fn with_library(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new("mono");
    command.arg("--debug").arg(program).current_dir(ROOT);
    command.env("LD_LIBRARY_PATH", folder).env("SCUMBLE_ONNXRUNTIME", onnxruntime());
    command
}
