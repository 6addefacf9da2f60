//! A session whose weights are given to it in memory, from which it copies them.
//!
//! The call that `ort` has for it wants memory whose allocation cannot fail without ending the process.
#![allow(unsafe_code)]

use ort::session::builder::SessionBuilder;
use ort::session::Session;
use ort::sys::os_char;
use ort::{AsPointer, Error};

/// Makes a session of a graph. `weights` is the content of the file that its external data calls `name`.
pub fn commit(mut builder: SessionBuilder, graph: &[u8], name: &str, weights: &[u8]) -> ort::Result<Session> {
    #[cfg(windows)]
    let name: Vec<os_char> = name.encode_utf16().chain([0]).collect();
    #[cfg(not(windows))]
    let name: Vec<os_char> = name.bytes().map(|byte| byte as os_char).chain([0]).collect();
    if !weights.is_empty() {
        let (options, content) = (builder.ptr_mut(), weights.as_ptr().cast_mut().cast());
        // SAFETY: ONNX Runtime copies the name at once, and reads the content while it makes a session with these options.
        // They are used below alone, while `weights` is borrowed, and are gone at the end.
        unsafe {
            let add = ort::api().AddExternalInitializersFromMemory;
            Error::result_from_status(add(options, &name.as_ptr(), &content, &weights.len(), 1))?;
        }
    }
    builder.commit_from_memory(graph)
}
