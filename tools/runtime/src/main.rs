//! Fetches the official ONNX Runtime of a platform into a folder, whichever machine this is, and prints the library's
//! path. Its licence lies beside it.
//!
//! `cargo run --manifest-path tools/runtime/Cargo.toml -- win32-x64 target/onnxruntime`

#[path = "../../../build/onnxruntime.rs"]
#[allow(dead_code)] // a build script asks for more
mod onnxruntime;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [platform, folder] = &arguments[..] else {
        eprintln!(
            "usage: fetch-onnxruntime PLATFORM FOLDER, with a platform of {}",
            onnxruntime::platforms().join(", ")
        );
        return ExitCode::from(2);
    };
    match onnxruntime::fetch(platform, Path::new(folder), |warning| eprintln!("{warning}")) {
        Ok(library) => {
            println!("{}", library.display());
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
