//! Where ONNX Runtime is looked for. The answer is always an absolute path: a bare name would
//! pick up whatever copy the system or another plugin brought along.

use std::env;
use std::path::{Path, PathBuf};

use super::module;
use crate::error::{bail, Error, Result, Status};

/// The environment variable that names the library.
pub const VARIABLE: &str = "SCUMBLE_ONNXRUNTIME";

/// File names looked for beside Scumble's own library: first a name that no other package's copy
/// has, then the official one.
#[cfg(windows)]
const NAMES: [&str; 2] = ["scumble_onnxruntime.dll", "onnxruntime.dll"];
#[cfg(target_vendor = "apple")]
const NAMES: [&str; 2] = ["scumble_onnxruntime.dylib", "libonnxruntime.dylib"];
#[cfg(not(any(windows, target_vendor = "apple")))]
const NAMES: [&str; 2] = ["scumble_onnxruntime.so", "libonnxruntime.so"];

/// The library to load: the path given, else what the variable names, else beside Scumble's own
/// library, else what a development build fetched.
pub fn find(given: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = given {
        return existing(path, "path");
    }
    if let Some(path) = env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
        return existing(Path::new(&path), VARIABLE);
    }
    let mut looked: Vec<PathBuf> = Vec::new();
    if let Some(directory) = module::directory() {
        looked.extend(NAMES.map(|name| directory.join(name)));
    }
    looked.extend(fetched());
    if let Some(found) = looked.iter().find(|path| path.is_file()) {
        return Ok(found.clone());
    }
    let list: Vec<String> = looked.iter().map(|path| format!("\"{}\"", path.display())).collect();
    bail!(
        RuntimeNotFound,
        "ONNX Runtime was not found: {VARIABLE} is not set, and there is no {}. \
         Put the library there, set {VARIABLE} to its path, or call scumble_runtime_load",
        list.join(", no ")
    )
}

fn existing(path: &Path, parameter: &str) -> Result<PathBuf> {
    if !path.is_file() {
        let found = if path.is_dir() { "is a directory" } else { "does not exist" };
        bail!(
            RuntimeNotFound,
            "{parameter} is \"{}\", which {found}; expected the ONNX Runtime library ({})",
            path.display(),
            NAMES[1]
        );
    }
    std::path::absolute(path)
        .map_err(|error| Error::new(Status::RuntimeNotFound, format!("{parameter} is \"{}\": {error}", path.display())))
}

/// What build.rs fetched; a build without the feature does not know of it.
fn fetched() -> Option<PathBuf> {
    #[cfg(feature = "fetch-runtime")]
    return option_env!("SCUMBLE_FETCHED_ONNXRUNTIME").map(PathBuf::from);
    #[cfg(not(feature = "fetch-runtime"))]
    None
}
