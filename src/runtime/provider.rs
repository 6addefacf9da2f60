//! Execution providers: what computes, and on which of its adapters.

use std::fmt;
use std::str::FromStr;

use ort::environment::Environment;
use ort::ep::{self, ArbitrarilyConfigurableExecutionProvider, ExecutionProvider, ExecutionProviderDispatch};
use ort::memory::{AllocationDevice, AllocatorType, DeviceType, MemoryInfo, MemoryType};
use ort::session::builder::SessionBuilder;
use parking_lot::{Mutex, MutexGuard};

use crate::error::{bail, Error, Result, Status};

/// An execution provider of ONNX Runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// NVIDIA.
    Cuda,
    /// Every GPU under Windows, through Direct3D 12.
    DirectMl,
    /// Every GPU, through Vulkan, Direct3D 12 or Metal.
    WebGpu,
    /// NVIDIA RTX, with engines that are built on the player's machine.
    TensorRtRtx,
    /// NVIDIA, with engines that are built on the player's machine.
    TensorRt,
    /// Intel.
    OpenVino,
    /// Apple.
    CoreMl,
    /// Always there.
    Cpu,
}

/// A provider on one of its adapters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    #[allow(missing_docs)]
    pub provider: Provider,
    /// Which adapter, as the provider counts them.
    pub index: u32,
}

/// Settings of a provider by their names, in the order given.
pub type ProviderOptions = Vec<(String, String)>;

impl Provider {
    /// All, in the order in which a device is chosen: those that run any model at once come first, those that
    /// compile it for minutes and the CPU last.
    pub fn all() -> [Provider; 8] {
        [
            Provider::Cuda,
            Provider::DirectMl,
            Provider::WebGpu,
            Provider::TensorRtRtx,
            Provider::TensorRt,
            Provider::OpenVino,
            Provider::CoreMl,
            Provider::Cpu,
        ]
    }

    /// As descriptors name it.
    pub fn name(self) -> &'static str {
        match self {
            Provider::Cuda => "cuda",
            Provider::DirectMl => "directml",
            Provider::WebGpu => "webgpu",
            Provider::TensorRtRtx => "tensorrt-rtx",
            Provider::TensorRt => "tensorrt",
            Provider::OpenVino => "openvino",
            Provider::CoreMl => "coreml",
            Provider::Cpu => "cpu",
        }
    }

    /// As ONNX Runtime names it.
    pub fn official_name(self) -> &'static str {
        match self {
            Provider::Cuda => ep::CUDA::NAME,
            Provider::DirectMl => ep::DirectML::NAME,
            Provider::WebGpu => ep::WebGPU::NAME,
            Provider::TensorRtRtx => ep::NVRTX::NAME,
            Provider::TensorRt => ep::TensorRT::NAME,
            Provider::OpenVino => ep::OpenVINO::NAME,
            Provider::CoreMl => ep::CoreML::NAME,
            Provider::Cpu => ep::CPU::NAME,
        }
    }

    /// Whether it is taken where no device is named. The others compile each model for minutes when they first meet
    /// it, or run only parts of Stable Diffusion: somebody has to want them.
    pub fn is_automatic(self) -> bool {
        matches!(self, Provider::Cuda | Provider::DirectMl | Provider::WebGpu | Provider::Cpu)
    }

    /// Whether this operating system can have it.
    pub fn exists_here(self) -> bool {
        match self {
            Provider::DirectMl => cfg!(windows),
            Provider::CoreMl => cfg!(target_vendor = "apple"),
            Provider::Cuda | Provider::TensorRt | Provider::TensorRtRtx => !cfg!(target_vendor = "apple"),
            Provider::WebGpu | Provider::OpenVino | Provider::Cpu => true,
        }
    }

    /// Whether it needs an adapter and a driver of NVIDIA's.
    pub fn is_nvidia(self) -> bool {
        matches!(self, Provider::Cuda | Provider::TensorRt | Provider::TensorRtRtx)
    }

    /// Whether the loaded ONNX Runtime was built with it.
    pub fn is_built_in(self) -> bool {
        let available = match self {
            Provider::Cuda => ep::CUDA::is_available(),
            Provider::DirectMl => ep::DirectML::is_available(),
            Provider::WebGpu => ep::WebGPU::is_available(),
            Provider::TensorRtRtx => ep::NVRTX::is_available(),
            Provider::TensorRt => ep::TensorRT::is_available(),
            Provider::OpenVino => ep::OpenVINO::is_available(),
            Provider::CoreMl => ep::CoreML::is_available(),
            Provider::Cpu => Ok(true),
        };
        available.unwrap_or(false)
    }
}

impl Place {
    /// The CPU.
    pub const fn cpu() -> Self {
        Self { provider: Provider::Cpu, index: 0 }
    }

    /// What a session is told to run here: this provider, and the CPU for what it leaves over. `memory_limit`: bytes
    /// of the adapter's memory, where the provider can keep to it.
    pub fn attach(
        self,
        environment: &Environment,
        builder: SessionBuilder,
        options: &ProviderOptions,
        memory_limit: Option<u64>,
    ) -> ort::Result<SessionBuilder> {
        let cpu = ep::CPU::default().with_arena_allocator(true).build().error_on_failure();
        if self.provider != Provider::Cpu && !self.provider.is_built_in() {
            // From a library of its own: ONNX Runtime knows it by its devices alone.
            let name = self.provider.official_name();
            let ours = environment.devices().filter(|device| device.ep().is_ok_and(|other| other == name));
            let adapters = ours.filter(|device| device.hardware_device().ty() != DeviceType::CPU);
            let options: Vec<_> = options.iter().map(|(key, value)| (format!("{name}.{key}"), value.clone())).collect();
            let builder = builder.with_devices(adapters.skip(self.index as usize).take(1), Some(&options))?;
            return Ok(builder.with_execution_providers([cpu])?);
        }
        let provider = self.dispatch(options, memory_limit).map(ExecutionProviderDispatch::error_on_failure);
        Ok(builder.with_execution_providers(provider.into_iter().chain([cpu]).collect::<Vec<_>>())?)
    }

    /// Held while a session is made, runs or ends, or memory of the device is given back: WebGPU's sessions share one
    /// device, which is not made for several threads. Others need no such turn.
    pub fn turn(self) -> Option<MutexGuard<'static, ()>> {
        static WEBGPU: Mutex<()> = Mutex::new(());
        (self.provider == Provider::WebGpu).then(|| WEBGPU.lock())
    }

    /// The memory in which outputs stay where they are computed: the adapter's own, or else this process's.
    pub fn memory(self) -> ort::Result<MemoryInfo<'static>> {
        let (device, index) = match self.provider {
            // What a library of its own calls its memory, nobody knows.
            provider if !provider.is_built_in() => (AllocationDevice::CPU, 0),
            Provider::Cuda | Provider::TensorRt | Provider::TensorRtRtx => (AllocationDevice::CUDA, self.index as i32),
            Provider::DirectMl => (AllocationDevice::DIRECTML, self.index as i32),
            Provider::WebGpu => (AllocationDevice::WEBGPU_BUFFER, 0),
            Provider::OpenVino | Provider::CoreMl | Provider::Cpu => (AllocationDevice::CPU, 0),
        };
        let kind = if device == AllocationDevice::CPU { MemoryType::CPUOutput } else { MemoryType::Default };
        MemoryInfo::new(device, index, AllocatorType::Device, kind)
    }

    /// The arenas that sessions compute in here, as ONNX Runtime lists them.
    pub fn arenas(self) -> String {
        match self.provider.is_nvidia() {
            true => format!("cpu:0;gpu:{}", self.index),
            false => "cpu:0".into(),
        }
    }

    fn dispatch(self, options: &ProviderOptions, memory_limit: Option<u64>) -> Option<ExecutionProviderDispatch> {
        fn with<E: ArbitrarilyConfigurableExecutionProvider>(provider: E, options: &ProviderOptions) -> E {
            options.iter().fold(provider, |provider, (key, value)| provider.with_arbitrary_config(key, value))
        }
        let limit = memory_limit.and_then(|bytes| usize::try_from(bytes).ok());
        Some(match self.provider {
            Provider::Cpu => return None,
            Provider::Cuda => {
                // Exact numbers, no search of seconds at each new size, and no more memory than is used.
                let cuda = ep::CUDA::default()
                    .with_device_id(self.index as i32)
                    .with_tf32(false)
                    .with_conv_algorithm_search(ep::cuda::ConvAlgorithmSearch::Heuristic)
                    .with_arena_extend_strategy(ep::ArenaExtendStrategy::SameAsRequested);
                let cuda = limit.into_iter().fold(cuda, |cuda, bytes| cuda.with_memory_limit(bytes));
                with(cuda, options).build()
            }
            Provider::TensorRt => with(ep::TensorRT::default().with_device_id(self.index as i32), options).build(),
            Provider::TensorRtRtx => with(ep::NVRTX::default().with_device_id(self.index), options).build(),
            Provider::DirectMl => ep::DirectML::default().with_device_id(self.index as i32).build(),
            Provider::WebGpu => with(ep::WebGPU::default(), options).build(),
            Provider::OpenVino => with(ep::OpenVINO::default(), options).build(),
            Provider::CoreMl => with(ep::CoreML::default(), options).build(),
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.provider {
            Provider::Cpu => f.write_str("cpu"),
            provider => write!(f, "{}:{}", provider.name(), self.index),
        }
    }
}

impl FromStr for Place {
    type Err = Error;

    /// Reads "cuda" or "cuda:1".
    fn from_str(text: &str) -> Result<Self> {
        let (name, index) = match text.split_once(':') {
            Some((name, index)) => (name, index.parse().ok()),
            None => (text, Some(0)),
        };
        let provider = Provider::all().into_iter().find(|provider| provider.name() == name);
        match (provider, index) {
            (Some(provider), Some(index)) => Ok(Self { provider, index }),
            _ => {
                let names = Provider::all().map(Provider::name).join(", ");
                bail!(DeviceNotFound, "device is \"{text}\"; expected auto, or one of {names}, with a number behind a colon where there are several: \"cuda:1\"")
            }
        }
    }
}

/// Settings that have a provider record a run and play it again with the inputs that it had then: later steps would
/// be computed of the first one's latents.
const RECORDINGS: [&str; 3] = ["enable_cuda_graph", "trt_cuda_graph_enable", "enableGraphCapture"];

/// Reads "key=value; key=value".
pub fn parse_options(text: &str) -> Result<ProviderOptions> {
    let pair = |part: &str| match part.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.trim().to_owned())),
        _ => Err(Error::new(
            Status::InvalidArgument,
            format!("device_options has \"{}\"; expected \"key=value; key=value\"", part.trim()),
        )),
    };
    let options: ProviderOptions =
        text.split(';').filter(|part| !part.trim().is_empty()).map(pair).collect::<Result<_>>()?;
    match options.iter().find(|(key, value)| RECORDINGS.contains(&key.as_str()) && value != "0") {
        None => Ok(options),
        Some((key, _)) => bail!(
            NotSupported,
            "device_options has \"{key}\", which would play the first step again in the place of each later one; \
             expected it left out"
        ),
    }
}
