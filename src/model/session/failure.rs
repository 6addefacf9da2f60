//! What an error of ONNX Runtime means. It has a code for few of them: the rest shows in its text.

use std::path::Path;

use crate::error::{Error, Status};

/// The adapter is gone for this process: removed, reset, or its driver or a kernel has crashed. What CUDA reports so
/// ends its context (`cudaError_t`), Direct3D its device (`DXGI_ERROR_…`), Dawn and Vulkan theirs.
const LOST: &[&str] = &[
    "CUDA failure 46:",  // devices unavailable
    "CUDA failure 700:", // illegal address, and what else a kernel may do
    "CUDA failure 709:",
    "CUDA failure 710:",
    "CUDA failure 714:",
    "CUDA failure 715:",
    "CUDA failure 716:",
    "CUDA failure 717:",
    "CUDA failure 718:",
    "CUDA failure 719:",
    "CUDA failure 999:",
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

/// The adapter's memory ran out.
const DEVICE_MEMORY: &[&str] = &[
    "CUDA failure 2:",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
    "8007000E",
    "E_OUTOFMEMORY",
    "VK_ERROR_OUT_OF_DEVICE_MEMORY",
];

/// Memory ran out, or threads cannot be started.
const MEMORY: &[&str] = &["bad_alloc", "Failed to allocate memory", "custom_create_thread_fn"];

/// The model is sound, but not for this device or what is asked of it.
const NOT_SUPPORTED: &[(&str, &str)] = &[
    (
        "cannot use the graph capture feature",
        "device_options ask for recorded runs, but the device does not compute all of this model",
    ),
    ("requires f16 but the device does not support it", "the device does not compute in float16, as this model does"),
];

/// What became of a model file that ONNX Runtime was to load.
pub fn load_error(path: &Path, error: &ort::Error) -> Error {
    use ort::ErrorCode::{InvalidGraph, InvalidProtobuf, NoModel};
    if let Some((_, text)) = NOT_SUPPORTED.iter().find(|(sign, _)| error.message().contains(sign)) {
        return Error::new(Status::NotSupported, format!("{}: {text}: {error}", path.display()));
    }
    let status = match error.code() {
        InvalidProtobuf | InvalidGraph | NoModel => Status::ModelInvalid,
        _ => meaning(error.message()).unwrap_or(Status::ModelInvalid),
    };
    Error::new(status, format!("{} cannot be loaded: {error}", path.display()))
}

/// What ONNX Runtime reported, with what it was about.
pub fn runtime_error(what: &str, error: &ort::Error) -> Error {
    let status = meaning(error.message()).unwrap_or(Status::RuntimeFailed);
    Error::new(status, format!("{what}: ONNX Runtime: {error}"))
}

fn meaning(text: &str) -> Option<Status> {
    [(LOST, Status::DeviceLost), (DEVICE_MEMORY, Status::OutOfDeviceMemory), (MEMORY, Status::OutOfMemory)]
        .into_iter()
        .find_map(|(signs, status)| signs.iter().any(|sign| text.contains(sign)).then_some(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the providers word them.
    #[test]
    fn texts_mean_what_they_say() {
        for (text, status) in [
            (
                "CUDA failure 700: an illegal memory access was encountered ; GPU=0 ; expr=cudaStreamSynchronize",
                Status::DeviceLost,
            ),
            (
                "CUDA failure 2: out of memory ; GPU=0 ; hostname=game ; expr=cudaMalloc((void**)&p, size);",
                Status::OutOfDeviceMemory,
            ),
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
            ("bfc_arena.cc:358 Failed to allocate memory for requested buffer of size 1048576", Status::OutOfMemory),
            ("Non-zero status code returned while running Conv node", Status::RuntimeFailed),
        ] {
            assert_eq!(meaning(text).unwrap_or(Status::RuntimeFailed), status, "{text}");
        }
    }
}
