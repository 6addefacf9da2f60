//! What ONNX Runtime tells of adapters. For much of it `ort` has no safe call.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString};

use ort::device::{Device, HardwareDevice};
use ort::environment::Environment;
use ort::memory::DeviceType;
use ort::sys::{OrtDeviceMemoryType, OrtKeyValuePairs};
use ort::AsPointer;

use super::Provider;

/// The adapters that a provider lists, with the number by which it is told which of them to take.
pub fn adapters(environment: &Environment, provider: Provider) -> impl Iterator<Item = (u32, Device<'_>)> {
    let ours = environment.devices().filter(move |device| {
        device.ep().is_ok_and(|name| name == provider.official_name())
            && (matches!(provider, Provider::Cpu | Provider::OpenVino)
                || device.hardware_device().ty() != DeviceType::CPU)
    });
    (0..).zip(ours).map(move |(position, device)| {
        // Others count their own adapters alone.
        let directx = (provider == Provider::DirectMl).then(|| number(&device.hardware_device(), "DxgiAdapterNumber"));
        (directx.flatten().map_or(position, |number| number as u32), device)
    })
}

/// The value of a key of an adapter, such as "Description"; most are told under Windows alone.
pub fn text(adapter: &HardwareDevice, key: &str) -> Option<String> {
    // SAFETY: the adapter belongs to the environment, and the pairs to the adapter.
    unsafe { value((ort::api().HardwareDevice_Metadata)(adapter.ptr()), key) }
}

/// Likewise, as a number: "LUID", "DxgiVideoMemory" (in MB).
pub fn number(adapter: &HardwareDevice, key: &str) -> Option<u64> {
    text(adapter, key)?.split_whitespace().next()?.parse().ok()
}

/// What the provider tells of it: for OpenVINO "FULL_DEVICE_NAME".
pub fn provider_text(device: &Device, key: &str) -> Option<String> {
    // SAFETY: the device belongs to the environment, and the pairs to the device.
    unsafe { value((ort::api().EpDevice_EpMetadata)(device.ptr()), key) }
}

/// Whether it has memory of its own.
pub fn has_memory(device: &Device) -> bool {
    let kind = OrtDeviceMemoryType::OrtDeviceMemoryType_DEFAULT;
    // SAFETY: the device belongs to the environment, which stays.
    !unsafe { (ort::api().EpDevice_MemoryInfo)(device.ptr(), kind) }.is_null()
}

/// # Safety
/// `pairs` is NULL, or lives during this call.
unsafe fn value(pairs: *const OrtKeyValuePairs, key: &str) -> Option<String> {
    let key = CString::new(key).ok()?;
    if pairs.is_null() {
        return None;
    }
    // SAFETY: the text belongs to the pairs.
    unsafe {
        let text = (ort::api().GetKeyValue)(pairs, key.as_ptr());
        (!text.is_null()).then(|| CStr::from_ptr(text).to_string_lossy().into_owned())
    }
}
