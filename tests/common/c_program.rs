//! C programs, compiled against the library that cargo built for the test, and run.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

pub const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The shared library that cargo built for the tests. It lies where they run, in `deps`: the copy one folder up is
/// made by `cargo build` alone.
pub fn library() -> PathBuf {
    std::env::current_exe().unwrap().with_file_name(format!("{DLL_PREFIX}scumble{DLL_SUFFIX}"))
}

/// ONNX Runtime's library as the build fetched it, or as the user named it.
pub fn onnxruntime() -> PathBuf {
    scumble::runtime::load(None).unwrap();
    scumble::runtime::path().unwrap().to_path_buf()
}

/// A compiled program, in a folder of its own.
pub struct CProgram {
    folder: TempDir,
}

impl CProgram {
    /// Compiles a file of the repository. Every warning is an error.
    pub fn new(source: &str) -> Self {
        Self::beside(source, &library())
    }

    /// Likewise, with a given libscumble.
    pub fn beside(source: &str, library: &Path) -> Self {
        let libraries = library.parent().unwrap().display();
        Self::linked(source, &[format!("-L{libraries}"), "-lscumble".into(), format!("-Wl,-rpath,{libraries}")])
    }

    /// Likewise, with these words for the linker.
    pub fn linked(source: &str, libraries: &[String]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let output = Command::new(super::c_compiler())
            .args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O1", "-g"])
            .arg(format!("-I{ROOT}/include"))
            .arg(Path::new(ROOT).join(source)) // an absolute one stays as it is
            .args(libraries)
            .arg("-o")
            .arg(folder.path().join("program"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{source}: {}", String::from_utf8_lossy(&output.stderr));
        Self { folder }
    }

    /// A command that runs it in the repository's root.
    pub fn command(&self) -> Command {
        let mut command = Command::new(self.folder.path().join("program"));
        // Cargo's would lead to another build of libscumble.
        command.current_dir(ROOT).env_remove("LD_LIBRARY_PATH").env_remove("DYLD_FALLBACK_LIBRARY_PATH");
        command
    }
}

/// Compiles a shared library out of some lines of C.
pub fn c_library(source: &str, path: &Path) {
    let file = path.with_extension("c");
    std::fs::write(&file, source).unwrap();
    let status =
        Command::new(super::c_compiler()).args(["-shared", "-fPIC", "-g", "-o"]).args([path, &file]).status().unwrap();
    assert!(status.success());
}

/// Runs a command that must succeed; what it wrote to stdout.
pub fn run(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let [stdout, stderr] = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(status.success(), "{command:?}: {status}\n{stdout}{stderr}");
    stdout
}

/// Runs a script that builds what is shipped. False where a tool for that is missing, which is said.
pub fn can_build(command: &mut Command) -> bool {
    const UNAVAILABLE: i32 = 69;
    // Cargo's path of libraries is not for another compiler.
    let output = command.current_dir(ROOT).env_remove("LD_LIBRARY_PATH").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(0) => true,
        Some(UNAVAILABLE) => {
            super::skip(&format!("{}; what {command:?} builds was not tried", said.trim()));
            false
        }
        _ => panic!("{command:?}: {}\n{said}", output.status),
    }
}
