//! Which ONNX Runtime is found, which is refused, and what the developer is told. A process has
//! only one, so every case is a process of its own.
#![cfg(unix)]

mod common;

use std::env::consts::DLL_SUFFIX;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use common::c_program::{c_library, library, onnxruntime, run, CProgram};
use tempfile::TempDir;

/// The statuses that a case expects, each with parts of its text.
type Answers<'a> = &'a [(&'a str, &'a [&'a str])];

const OK: (&str, &[&str]) = ("OK", &[]);

/// What the system's loader says of a file that is no library.
const LOADER_S_WORDS: &str = if cfg!(target_os = "linux") { "file too short" } else { "dlopen" };

fn program() -> &'static CProgram {
    static PROGRAM: OnceLock<CProgram> = OnceLock::new();
    PROGRAM.get_or_init(|| CProgram::new("tests/c/runtime.c"))
}

/// A command without the user's own choice of a library.
fn command() -> Command {
    let mut command = program().command();
    command.env_remove("SCUMBLE_ONNXRUNTIME");
    command
}

/// Runs a case; what the program's log says.
fn expect(command: &mut Command, answers: Answers) -> String {
    let output = run(command);
    let mut lines = output.lines();
    for (status, parts) in answers {
        let line = lines.next().unwrap();
        assert!(line.starts_with(&format!("SCUMBLE_STATUS_{status} ")), "{command:?}: {line}");
        for part in *parts {
            assert!(line.contains(part), "{command:?}: \"{part}\" is not in: {line}");
        }
    }
    lines.collect::<Vec<_>>().join("\n")
}

/// Libraries that are not what is wanted.
struct Impostors(TempDir);

impl Impostors {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("directory")).unwrap();
        fs::write(path("text.so"), "not a library\n").unwrap();
        c_library("int answer(void) { return 42; }", &path("other.so"));
        let versioned = |version: &str, api: &str| {
            format!(
                "#include <stdint.h>
                 static const void *get_api(uint32_t version) {{ (void)version; return {api}; }}
                 static const char *get_version(void) {{ return {version}; }}
                 static const struct {{ const void *(*a)(uint32_t); const char *(*v)(void); }}
                     base = {{ get_api, get_version }};
                 const void *OrtGetApiBase(void) {{ return &base; }}"
            )
        };
        c_library(&versioned("\"1.16.3\"", "0"), &path("old.so"));
        c_library(&versioned("\"of a kind\"", "0"), &path("unversioned.so"));
        c_library(&versioned("\"\\xff\"", "0"), &path("garbled.so"));
        c_library(&versioned("0", "0"), &path("silent.so"));
        c_library(&versioned("\"1.32.0\"", "0"), &path("without_api.so"));
        c_library(&format!("#include <stdlib.h>\n{}", versioned("\"1.32.0\"", "calloc(1, 8)")), &path("hollow.so"));
        let base = |functions: &str| {
            format!(
                "static const void *base[2] = {{ {functions} }};\nconst void *OrtGetApiBase(void) {{ return base; }}"
            )
        };
        c_library(&base("0, 0"), &path("without_version.so"));
        c_library("const void *OrtGetApiBase(void) { return 0; }", &path("without_base.so"));
        c_library("int missing(void); int OrtGetApiBase(void) { return missing(); }", &path("unfinished.so"));
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }
}

#[test]
fn what_is_not_onnx_runtime_is_refused_and_a_good_one_loads_afterwards() {
    let impostors = Impostors::new();
    let good = onnxruntime();
    let cases: &[(&str, &str, &[&str])] = &[
        ("missing.so", "RUNTIME_NOT_FOUND", &["does not exist", "libonnxruntime"]),
        ("directory", "RUNTIME_NOT_FOUND", &["is a directory", "libonnxruntime"]),
        ("text.so", "RUNTIME_INVALID", &["cannot be loaded as a library", LOADER_S_WORDS]),
        ("other.so", "RUNTIME_INVALID", &["not ONNX Runtime", "OrtGetApiBase"]),
        ("garbled.so", "RUNTIME_INVALID", &["not ONNX Runtime"]),
        ("silent.so", "RUNTIME_INVALID", &["not ONNX Runtime", "GetVersionString gives NULL"]),
        ("unversioned.so", "RUNTIME_INVALID", &["not ONNX Runtime", "of a kind", "1.24"]),
        ("without_api.so", "RUNTIME_INVALID", &["1.32.0", "GetApi(24) gives NULL"]),
        ("hollow.so", "RUNTIME_INVALID", &["1.32.0", "function 0 of its API"]),
        ("without_version.so", "RUNTIME_INVALID", &["not ONNX Runtime", "no GetVersionString"]),
        ("without_base.so", "RUNTIME_INVALID", &["not ONNX Runtime", "OrtGetApiBase"]),
        ("unfinished.so", "RUNTIME_INVALID", &["cannot be loaded as a library", "missing"]),
        ("old.so", "RUNTIME_TOO_OLD", &["1.16.3", "1.24", "scumble_runtime_load", "SCUMBLE_ONNXRUNTIME"]),
    ];
    for (name, status, parts) in cases {
        let path = impostors.path(name);
        let parts: Vec<&str> = parts.iter().copied().chain([path.as_str()]).collect();
        expect(command().arg(&path).arg(&path).arg(&good), &[(status, &parts), (status, &parts), OK]);
    }
}

#[test]
fn a_process_has_one() {
    let good = onnxruntime();
    let good = good.to_str().unwrap();
    let impostors = Impostors::new();
    let link = impostors.path("link.so");
    symlink(good, &link).unwrap();
    let another = impostors.path("old.so");
    let refused = ("RUNTIME_ALREADY_LOADED", &[good, another.as_str()][..]);
    expect(command().args([good, good, &link, "", &another, good]), &[OK, OK, OK, OK, refused, OK]);
    let missing = impostors.path("missing.so");
    expect(command().args([good, &missing]), &[OK, ("RUNTIME_ALREADY_LOADED", &[good, &missing])]);
}

#[test]
fn a_relative_path_counts_from_the_working_directory() {
    let good = onnxruntime();
    let name = Path::new(good.file_name().unwrap());
    let folder = good.parent().unwrap();
    for path in
        [name.to_path_buf(), Path::new(".").join(name), Path::new("..").join(folder.file_name().unwrap()).join(name)]
    {
        expect(command().current_dir(folder).arg(path), &[OK]);
    }
    // Not even a library that the system would find by its name.
    expect(command().arg("libm.so.6"), &[("RUNTIME_NOT_FOUND", &["\"libm.so.6\"", "does not exist"])]);
}

#[test]
fn the_variable_names_the_library() {
    let impostors = Impostors::new();
    let good = onnxruntime();
    let with = |value: &str| {
        let mut command = command();
        command.env("SCUMBLE_ONNXRUNTIME", value);
        command
    };
    let (missing, old) = (impostors.path("missing.so"), impostors.path("old.so"));
    let not_found = ("RUNTIME_NOT_FOUND", &["SCUMBLE_ONNXRUNTIME", &missing, "does not exist"][..]);
    // A wrong choice is not passed over in silence, but a path that is given counts more.
    expect(with(&missing).arg("").arg(&good), &[not_found, OK]);
    expect(with(&old).arg(""), &[("RUNTIME_TOO_OLD", &[&old])]);
    expect(with(good.to_str().unwrap()).args(["", &old]), &[OK, ("RUNTIME_ALREADY_LOADED", &[])]);
    expect(with("").arg(""), &[OK]);

    // What loading a context runs into shows when it is polled.
    let output = CProgram::new("examples/c/txt2img.c").command().env("SCUMBLE_ONNXRUNTIME", &missing).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("SCUMBLE_STATUS_RUNTIME_NOT_FOUND") && said.contains(&missing), "{said}");
}

#[test]
fn beside_libscumble_its_own_name_comes_first() {
    let good = onnxruntime();
    let own = format!("scumble_onnxruntime{DLL_SUFFIX}");
    let official = format!("libonnxruntime{DLL_SUFFIX}");
    for (names, found) in [(vec![&own], &own), (vec![&official], &official), (vec![&own, &official], &own)] {
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join(library().file_name().unwrap());
        fs::copy(library(), &copy).unwrap();
        for name in names {
            symlink(&good, folder.path().join(name)).unwrap();
        }
        let program = CProgram::beside("tests/c/runtime.c", &copy);
        let mut command = program.command();
        // The working directory does not count.
        command.current_dir(good.parent().unwrap()).env_remove("SCUMBLE_ONNXRUNTIME").arg("");
        let log = expect(&mut command, &[OK]);
        let expected: PathBuf = folder.path().join(found);
        assert!(log.contains(&format!("ONNX Runtime from {}", expected.display())), "{log}");
    }
}

/// Official builds of ONNX Runtime report to Microsoft where nobody stops them.
#[test]
fn nothing_is_reported_and_the_host_finds_its_environment_as_it_was() {
    let home = tempfile::tempdir().unwrap();
    let program = CProgram::new("tests/c/environment.c");
    run(program
        .command()
        .env_clear() // a variable of a continuous integration would stop it too
        .env("HOME", home.path())
        .env("TMPDIR", home.path())
        .arg(onnxruntime()));
    let left: Vec<_> = fs::read_dir(home.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}
