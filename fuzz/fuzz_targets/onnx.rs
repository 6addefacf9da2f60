//! The scan of ONNX files.
#![no_main]

use std::io::Cursor;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use scumble::model::scan;

fuzz_target!(|file: &[u8]| {
    // The folder has files that external data may name.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds/onnx");
    let _ = scan::model(Cursor::new(file), file.len() as u64, &folder, &folder);
});
