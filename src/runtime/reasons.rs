//! Why a device cannot be used: in plain words, as far as ONNX Runtime's are known, and then in its own.

/// What its texts have in them, and mean.
const MEANINGS: &[(&str, &str)] = &[
    // An older driver lacks functions of newer ones.
    ("undefined symbol: cu", "the NVIDIA driver is too old for this provider"),
    ("CUDA failure 35:", "the NVIDIA driver is too old for this provider"),
    ("CUDA failure 100:", "the NVIDIA driver sees no adapter"),
    ("CUDA failure 209:", "the adapter is too old or too new for this provider"), // no kernel image
    ("cannot open shared object file", "a library that the provider needs is missing"),
    ("error 126", "a library that the provider needs is missing"),
    ("887A0002", "there is no such adapter"),
    ("887A0004", "the adapter or its driver lacks what Direct3D 12 needs"),
    ("Failed to get a WebGPU adapter", "no driver offers an adapter for Vulkan, Direct3D 12 or Metal"),
];

/// What ONNX Runtime told of an attempt to use the device.
pub fn reason(text: &str) -> String {
    let text = text.trim().replace('\n', " ");
    let own = message(&text);
    match MEANINGS.iter().find(|(sign, _)| own.contains(sign)) {
        Some((_, meaning)) => format!("{meaning}: {own}"),
        None => own.to_owned(),
    }
}

/// Without the place in the sources that ONNX Runtime puts before a message.
fn message(text: &str) -> &str {
    let text = text.rsplit_once(" was false. ").map_or(text, |(_, rest)| rest);
    match text.rsplit_once("[ONNXRuntimeError] : ") {
        Some((_, rest)) => rest.splitn(3, " : ").last().unwrap_or(rest), // behind the code and its name
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As ONNX Runtime 1.30 and 1.31 word them.
    #[test]
    fn texts_are_told_in_plain_words() {
        for (text, expected) in [
            (
                "/onnxruntime_src/session/provider_bridge_ort.cc:2043 onnxruntime::Provider& onnxruntime::Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load library libonnxruntime_providers_cuda.so with error: libcublasLt.so.13: cannot open shared object file: No such file or directory\n",
                "a library that the provider needs is missing: Failed to load library libonnxruntime_providers_cuda.so with error: libcublasLt.so.13: cannot open shared object file: No such file or directory",
            ),
            (
                "x.cc:2043 Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load library cuda.so with error: cuda.so: undefined symbol: cuTensorMapEncodeTiled",
                "the NVIDIA driver is too old for this provider: Failed to load library cuda.so with error: cuda.so: undefined symbol: cuTensorMapEncodeTiled",
            ),
            (
                "x.cc:63 FromProviderOptions() [ONNXRuntimeError] : 1 : FAIL : provider_options_utils.h:187 Parse Failed to parse provider option \"device_id\": CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version",
                "the NVIDIA driver is too old for this provider: provider_options_utils.h:187 Parse Failed to parse provider option \"device_id\": CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version",
            ),
            (
                "webgpu_context.cc:136 Initialize()::<lambda()> adapter_result.status == wgpu::RequestAdapterStatus::Success was false. Failed to get a WebGPU adapter: No supported adapters",
                "no driver offers an adapter for Vulkan, Direct3D 12 or Metal: Failed to get a WebGPU adapter: No supported adapters",
            ),
            ("something else", "something else"),
        ] {
            assert_eq!(reason(text), expected);
        }
    }
}
