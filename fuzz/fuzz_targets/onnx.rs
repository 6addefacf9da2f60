//! The scan of ONNX files, and what is rewritten of those that it lets through.
#![no_main]

use std::io::Cursor;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use scumble::model::{channels, scan, seamless, widen, Roots, Seamless};

fuzz_target!(|file: &[u8]| {
    // The folder has files that external data may name.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds/onnx");
    let check = |file: &[u8]| scan::model(Cursor::new(file), file.len() as u64, &Roots::new(&folder, &[]), &folder);
    if check(file).is_ok() {
        let weights = scan::Weights::InFiles { own: "weights.bin", rename: &|location| location };
        let graph = scan::without_weights(Cursor::new(file), file.len() as u64, weights);
        graph.expect("a good file can be read again");
        let wraps = Seamless { x: true, y: true };
        // Its constants alone may have grown too large, for which a session looks too.
        let recheck = |rewritten: &[u8], how: &str| {
            if let Err(error) = check(rewritten) {
                assert!(error.to_string().contains("its constants are"), "a good file was {how}, and then: {error:?}");
            }
        };
        if let Ok(rewritten) = seamless::rewrite(Cursor::new(file), file.len() as u64, wraps) {
            recheck(&rewritten, "made seamless");
        }
        if let Ok(Some(rewritten)) = widen::rewrite(Cursor::new(file), file.len() as u64) {
            recheck(&rewritten, "widened");
        }
        if let Ok(Some(rewritten)) = channels::rewrite(Cursor::new(file), file.len() as u64) {
            recheck(&rewritten, "given more channels");
        }
    }
});
