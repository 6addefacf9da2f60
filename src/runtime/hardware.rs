//! What ONNX Runtime tells of an adapter besides its vendor, for which `ort` has no safe call.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString};

use ort::device::HardwareDevice;
use ort::AsPointer;

/// The value of a key such as "Description", "LUID" or "DxgiVideoMemory"; those are told under Windows.
pub fn metadata(hardware: &HardwareDevice, key: &str) -> Option<String> {
    let api = ort::api();
    let key = CString::new(key).ok()?;
    // SAFETY: the device belongs to the environment, which stays; the pairs belong to the device, and the text to
    // the pairs.
    unsafe {
        let pairs = (api.HardwareDevice_Metadata)(hardware.ptr());
        let text = if pairs.is_null() { std::ptr::null() } else { (api.GetKeyValue)(pairs, key.as_ptr()) };
        (!text.is_null()).then(|| CStr::from_ptr(text).to_string_lossy().into_owned())
    }
}
