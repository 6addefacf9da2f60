//! What an error of ONNX Runtime means. It has a code for few of them: the rest shows in its text.

use std::path::Path;

use crate::error::{Error, Status};
use crate::model::scan;
use crate::runtime::Place;
use crate::threads;

/// The adapter is gone for this process: removed, reset, or its driver or a kernel has crashed. What CUDA reports so
/// ends its context (`cudaError_t`), Direct3D its device (`DXGI_ERROR_…`), Dawn and Vulkan theirs.
const LOST: &[&str] = &[
    "CUBLAS failure 13:", // execution failed
    "CUBLAS_STATUS_EXECUTION_FAILED",
    "CUDNN_STATUS_EXECUTION_FAILED", // and what begins so
    "CUDNN_BACKEND_API_FAILED",
    "887A0005", // removed
    "887A0006", // hung
    "887A0007", // reset
    "887A0020", // an error within the driver
    "DXGI_ERROR_DEVICE_",
    "VK_ERROR_DEVICE_LOST",
    "evice lost",
    "evice is lost",
    "evice was lost",
];

/// What ends a context of CUDA's, which nothing revives. ONNX Runtime gives the number or the name.
const CUDA_LOST: &[(u32, &str)] = &[
    (46, "cudaErrorDevicesUnavailable"),
    (214, "cudaErrorECCUncorrectable"),
    (226, "cudaErrorContained"),
    (700, "cudaErrorIllegalAddress"),
    (702, "cudaErrorLaunchTimeout"), // the system's watchdog, where the GPU drives a display
    (709, "cudaErrorContextIsDestroyed"),
    (710, "cudaErrorAssert"),
    (714, "cudaErrorHardwareStackError"),
    (715, "cudaErrorIllegalInstruction"),
    (716, "cudaErrorMisalignedAddress"),
    (717, "cudaErrorInvalidAddressSpace"),
    (718, "cudaErrorInvalidPc"),
    (719, "cudaErrorLaunchFailure"),
    (999, "cudaErrorUnknown"),
];

/// The adapter's memory ran out.
const DEVICE_MEMORY: &[&str] = &[
    "CUDA failure 2:",
    "cudaErrorMemoryAllocation",
    "CUBLAS failure 3:",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
    "8007000E",
    "E_OUTOFMEMORY",
    "VK_ERROR_OUT_OF_DEVICE_MEMORY",
];

/// What ONNX Runtime's arena says: that of the device, on a device that has one.
const ARENA: &str = "Failed to allocate memory";

/// Memory ran out, or threads cannot be started.
const MEMORY: &[&str] = &["bad_alloc", ARENA, threads::NOT_STARTED];

/// The model is sound, but not for this device or what is asked of it.
const NOT_SUPPORTED: &[(&str, &str)] = &[
    (
        "cannot use the graph capture feature",
        "device_options ask for recorded runs, but the device does not compute all of this model",
    ),
    ("requires f16 but the device does not support it", "the device does not compute in float16, as this model does"),
];

/// The model is sound, but this ONNX Runtime is older than what wrote it.
const TOO_OLD: &[&str] = &[
    "is under development and support for this is limited", // a version of ONNX
    "Unsupported model IR version",
    "is not a registered function/op",
    "No Op registered for",
    "No opset registered for domain",
];

/// The model is sound, but was rewritten for devices whose operators this one has not.
const NO_KERNEL: &str = "Could not find an implementation for ";

/// What became of a model file that ONNX Runtime was to load.
pub fn load_error(path: &Path, place: Place, error: &ort::Error) -> Error {
    use ort::ErrorCode::{InvalidGraph, InvalidProtobuf, NoModel};
    if let Some((_, text)) = NOT_SUPPORTED.iter().find(|(sign, _)| error.message().contains(sign)) {
        return Error::new(Status::NotSupported, format!("{}: {text}: {error}", path.display()));
    }
    if let Some(text) = unsupported(error.message(), place) {
        return Error::new(Status::ModelUnsupported, format!("{}: {text}: {error}", path.display()));
    }
    let status = match error.code() {
        InvalidProtobuf | InvalidGraph | NoModel => Status::ModelInvalid,
        _ => meaning(error.message(), place).unwrap_or(Status::ModelInvalid),
    };
    noted(status, place, format!("{} cannot be loaded: {error}", path.display()))
}

/// Why a model that is sound cannot be loaded here, if that is so.
fn unsupported(text: &str, place: Place) -> Option<String> {
    let named = |sign: &&str| text.split_once(*sign)?.1.split('(').next();
    let operator = [NO_KERNEL, "com.microsoft:"].iter().find_map(named);
    if let Some((operator, device)) = operator.and_then(|operator| Some((operator, scan::fused_for(operator)?))) {
        return Some(format!(
            "it was optimised for {device}: {place} has no operator {operator}; expected the export before that"
        ));
    }
    if TOO_OLD.iter().any(|sign| text.contains(sign)) {
        return Some("it needs a newer ONNX Runtime, or an export for an older version of ONNX".to_owned());
    }
    let operator = operator.filter(|_| text.contains(NO_KERNEL))?;
    Some(format!(
        "{place} has no operator {operator} of these element types; it may have been optimised for another device"
    ))
}

/// What ONNX Runtime reported, with what it was about.
pub fn runtime_error(what: &str, place: Place, error: &ort::Error) -> Error {
    let status = meaning(error.message(), place).unwrap_or(Status::RuntimeFailed);
    noted(status, place, format!("{what}: ONNX Runtime: {error}"))
}

/// The error, of which the place is told if it is lost.
fn noted(status: Status, place: Place, text: String) -> Error {
    if status == Status::DeviceLost {
        place.lose();
    }
    Error::new(status, text)
}

fn meaning(text: &str, place: Place) -> Option<Status> {
    let says = |signs: &[&str]| signs.iter().any(|sign| text.contains(sign));
    let cuda = |(number, name): &(u32, &str)| says(&[&format!("CUDA failure {number}:"), name]);
    if says(LOST) || CUDA_LOST.iter().any(cuda) {
        Some(Status::DeviceLost)
    } else if says(DEVICE_MEMORY) || (place != Place::cpu() && says(&[ARENA])) {
        Some(Status::OutOfDeviceMemory)
    } else {
        says(MEMORY).then_some(Status::OutOfMemory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::Provider;

    const CUDA: Place = Place { provider: Provider::Cuda, index: 0 };

    /// As the providers word them.
    #[test]
    fn texts_mean_what_they_say() {
        for (text, status) in [
            (
                "CUDA failure 700: an illegal memory access was encountered ; GPU=0 ; expr=cudaStreamSynchronize",
                Status::DeviceLost,
            ),
            ("CUDA error cudaErrorLaunchTimeout:the launch timed out and was terminated", Status::DeviceLost),
            ("CUBLAS failure 13: the function failed to launch on the GPU ; GPU=0 ; line=427", Status::DeviceLost),
            ("CUDNN failure 5003: CUDNN_STATUS_EXECUTION_FAILED_CUDART ; GPU=0 ; line=493", Status::DeviceLost),
            (
                "CUDA failure 2: out of memory ; GPU=0 ; hostname=game ; expr=cudaMalloc((void**)&p, size);",
                Status::OutOfDeviceMemory,
            ),
            ("CUBLAS failure 3: the resource allocation failed ; GPU=0 ; line=427", Status::OutOfDeviceMemory),
            ("CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version", Status::RuntimeFailed),
            (
                "DmlCommandRecorder.cpp(371)] Exception(1) 887A0005 The GPU device instance has been suspended.",
                Status::DeviceLost,
            ),
            (
                "DmlBucketizedBufferAllocator.cpp] 8007000E Not enough memory resources are available",
                Status::OutOfDeviceMemory,
            ),
            ("WebGPU validation failed. [Device] is lost. Device is lost.", Status::DeviceLost),
            ("Non-zero status code returned while running Conv node", Status::RuntimeFailed),
        ] {
            assert_eq!(meaning(text, CUDA).unwrap_or(Status::RuntimeFailed), status, "{text}");
        }
        let arena = "bfc_arena.cc:358 Failed to allocate memory for requested buffer of size 1048576";
        assert_eq!(meaning(arena, CUDA), Some(Status::OutOfDeviceMemory));
        assert_eq!(meaning(arena, Place::cpu()), Some(Status::OutOfMemory));
    }
}
