//! Files of a model directory that are cut off at any point, or that go while they are read: an answer,
//! never a crash.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod common;

use std::fs;
use std::ptr;
use std::thread;
use std::time::Duration;

use common::c::{self, last_error, ok};
use common::load::load;
use common::model::{original, ModelCopy};
use common::onnx::{encoder, raw, weights, ENCODER};
use scumble::ffi::*;
use scumble::Status;

/// Loads a directory with these files cut off after each 64th part. Every answer is success or names one of them;
/// how many are success.
fn cut(files: &[&str]) -> usize {
    let copy = ModelCopy::new();
    copy.write(ENCODER, encoder(weights(raw(128)), &[], &[])); // which loads sooner
    let loads = |part: usize| {
        for file in files {
            let whole = fs::read(original(file)).unwrap();
            copy.write(file, &whole[..whole.len() * part / 64]);
        }
        let (status, text) = load(copy.path());
        let named = files.iter().any(|file| text.contains(file.rsplit('/').next().unwrap()));
        let clean = status == Status::Ok || (status == Status::ModelInvalid && named);
        assert!(clean, "{files:?}, {part} of 64 parts: {status:?} ({text})");
        status == Status::Ok
    };
    (0..64).filter(|part| loads(*part)).count()
}

#[test]
fn models_cut_off() {
    for file in [ENCODER, "unet/model.onnx", "vae_decoder/model.onnx", "vae_encoder/model.onnx"] {
        assert_eq!(cut(&[file]), 0, "{file}");
    }
}

#[test]
fn json_cut_off() {
    for file in [
        "model_index.json",
        "scheduler/scheduler_config.json",
        "scumble.json",
        "text_encoder/config.json",
        "tokenizer/special_tokens_map.json",
        "tokenizer/tokenizer_config.json",
        "tokenizer/vocab.json",
        "unet/config.json",
        "vae_decoder/config.json",
    ] {
        assert_eq!(cut(&[file]), 0, "{file}");
    }
}

/// A list of merges may end after any of them.
#[test]
fn merges_cut_off() {
    cut(&["tokenizer/merges.txt"]);
}

/// A folder that is taken away while it is loaded, earlier or later.
#[test]
fn files_that_go_while_they_are_loaded() {
    let mut failures = 0;
    for i in 0..40 {
        let copy = ModelCopy::new();
        let path = std::ffi::CString::new(copy.path().to_str().unwrap()).unwrap();
        let mut desc = c::desc(scumble_context_desc_init);
        desc.model_path = path.as_ptr();
        let mut context = ptr::null_mut();
        ok(unsafe { scumble_context_create(&desc, &mut context) });
        thread::sleep(Duration::from_millis(i * 5));
        for folder in ["vae_decoder", "unet", "text_encoder", "tokenizer", "scheduler"] {
            copy.remove(folder);
        }
        let status = unsafe { scumble_context_wait(context, -1) };
        let text = last_error();
        let clean = matches!(status, Status::Ok | Status::ModelIncomplete | Status::ModelInvalid);
        assert!(clean, "after {} ms: {status:?} ({text})", i * 5);
        failures += usize::from(status != Status::Ok);
        ok(unsafe { scumble_context_destroy(context) });
    }
    assert!(failures > 0, "no file went in time");
}
