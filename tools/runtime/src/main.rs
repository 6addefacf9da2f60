//! Fetches the official ONNX Runtime of a platform into a folder, whichever machine this is, and prints the library's
//! path. With a third word, `gpu`, it is the one that knows DirectML (under Windows) and WebGPU.
//!
//! `cargo run --manifest-path tools/runtime/Cargo.toml -- win32-x64 target/onnxruntime`

#[path = "../../../build/onnxruntime.rs"]
#[allow(dead_code)] // a build script asks for more
mod onnxruntime;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (platform, folder, gpu) = match &arguments[..] {
        [platform, folder] => (platform, folder, false),
        [platform, folder, word] if word == "gpu" => (platform, folder, true),
        _ => return usage(),
    };
    match onnxruntime::fetch(platform, gpu, Path::new(folder), |warning| eprintln!("{warning}")) {
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

fn usage() -> ExitCode {
    let platforms = onnxruntime::platforms().join(", ");
    eprintln!("usage: fetch-onnxruntime PLATFORM FOLDER [gpu], with a platform of {platforms}");
    ExitCode::from(2)
}
