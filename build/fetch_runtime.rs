//! What cargo is told about ONNX Runtime's library: where it lies in cargo's target folder, through
//! `SCUMBLE_FETCHED_ONNXRUNTIME`. It is fetched when it is not there.

#[path = "onnxruntime.rs"]
mod onnxruntime;

use std::env;
use std::path::{Path, PathBuf};

const WITHOUT_FETCHING: &str = "\
To build without fetching it, do one of these:
  - put an ONNX Runtime library (1.24 or newer) anywhere, set the environment variable
    SCUMBLE_ONNXRUNTIME to its path, and build again;
  - build with --no-default-features, and name the library when the program runs.";

/// Sets `SCUMBLE_FETCHED_ONNXRUNTIME`, or ends the build with a message.
pub fn provide_onnxruntime() {
    println!("cargo::rerun-if-env-changed=SCUMBLE_ONNXRUNTIME");
    println!("cargo::rerun-if-env-changed=DOCS_RS");
    if env::var_os("DOCS_RS").is_some() {
        return;
    }
    let library = library_named_by_the_user().map_or_else(cached_or_fetched_library, Ok).unwrap_or_else(|message| {
        // Not a panic: cargo shows this last and as it is.
        eprintln!("\n{message}\n\n{WITHOUT_FETCHING}\n");
        std::process::exit(1)
    });
    let path = library.to_str().expect("the library's path is not UTF-8");
    // A library that was deleted is looked for again.
    println!("cargo::rerun-if-changed={path}");
    println!("cargo::rustc-env=SCUMBLE_FETCHED_ONNXRUNTIME={path}");
}

fn library_named_by_the_user() -> Option<PathBuf> {
    let named = env::var_os("SCUMBLE_ONNXRUNTIME").filter(|path| !path.is_empty())?;
    let path = std::path::absolute(named).expect("the current folder is readable");
    if path.is_file() {
        return Some(path);
    }
    let path = path.display();
    println!("cargo::warning=SCUMBLE_ONNXRUNTIME is not used by this build: no file at {path}");
    None
}

fn cached_or_fetched_library() -> Result<PathBuf, String> {
    let [os, arch, abi] = ["OS", "ARCH", "ENV"].map(|key| cargo_variable(&format!("CARGO_CFG_TARGET_{key}")));
    let platform = onnxruntime::platform(&os, &arch, &abi).ok_or_else(|| {
        let (target, known) = (cargo_variable("TARGET"), onnxruntime::platforms().join(", "));
        format!("ONNX Runtime cannot be fetched for {target}, only for {known}.")
    })?;
    let warn = |warning: &str| println!("cargo::warning={warning}");
    onnxruntime::fetch(platform, false, &cargo_target_folder().join("onnxruntime"), warn)
}

/// The folder that all profiles and targets share: `OUT_DIR` is
/// `<target folder>/[<triple>/]<profile>/build/…`.
fn cargo_target_folder() -> PathBuf {
    let out = PathBuf::from(cargo_variable("OUT_DIR"));
    let build = out.ancestors().find(|folder| folder.ends_with("build"));
    let profile = build.and_then(Path::parent).expect("OUT_DIR lies in a profile's build folder");
    let above = profile.parent().expect("a profile's folder lies in the target folder");
    // With --target, the running script lies in the profile's folder one level further up.
    match (above.parent(), profile.file_name()) {
        (Some(top), Some(profile)) if above.ends_with(cargo_variable("TARGET")) && top.join(profile).is_dir() => {
            top.to_path_buf()
        }
        _ => above.to_path_buf(),
    }
}

fn cargo_variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}, in UTF-8"))
}
