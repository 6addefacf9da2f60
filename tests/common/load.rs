//! Loading a model directory through the C API.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

use std::ffi::CString;
use std::path::Path;
use std::ptr;

use scumble::ffi::*;
use scumble::Status;

use super::c::{self, last_error, ok};

/// What loading this directory ends with, and its text.
pub fn load(path: &Path) -> (Status, String) {
    let path = CString::new(path.to_str().unwrap()).unwrap();
    let mut desc = c::desc(scumble_context_desc_init);
    desc.model_path = path.as_ptr();
    let mut context = ptr::null_mut();
    ok(unsafe { scumble_context_create(&desc, &mut context) });
    let status = unsafe { scumble_context_wait(context, -1) };
    let text = last_error();
    ok(unsafe { scumble_context_destroy(context) });
    (status, text)
}

/// Demands that loading this directory ends with this status, and a text that has these words.
#[track_caller]
pub fn refused(path: &Path, status: Status, words: &[impl AsRef<str>]) {
    let (found, text) = load(path);
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    assert!(found == status, "{found:?} ({text}) instead of {status:?} with {words:?}");
    for word in words {
        assert!(text.contains(word), "\"{word}\" is not in the text: {text}");
    }
}
