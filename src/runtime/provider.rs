//! Execution providers: what computes, and on which of its adapters.

use std::fmt;
use std::str::FromStr;

use ort::environment::Environment;
use ort::ep::{self, ArbitrarilyConfigurableExecutionProvider, ExecutionProvider, ExecutionProviderDispatch};
use ort::memory::{AllocationDevice, AllocatorType, MemoryInfo, MemoryType};
use ort::session::builder::SessionBuilder;
use ort::session::{IoBinding, RunOptions};
use parking_lot::{Mutex, MutexGuard};

use super::{environment, hardware};
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
    /// of the adapter's memory, where the provider can keep to it. `threads`: that compute, where it computes on a CPU
    /// with threads of its own.
    pub fn attach(
        self,
        environment: &Environment,
        builder: SessionBuilder,
        options: &ProviderOptions,
        memory_limit: Option<u64>,
        threads: usize,
    ) -> ort::Result<SessionBuilder> {
        if self.provider == Provider::Cpu || !self.provider.is_built_in() {
            // Even the CPU's: of no provider at all, ONNX Runtime makes a choice of its own among all that there are.
            let Some(device) = self.listed(environment) else {
                return Err(ort::Error::new(format!("no provider's library has the device {self}")));
            };
            let options = match self.provider {
                Provider::OpenVino => with_defaults(openvino_defaults(&device, threads), options),
                _ => options.clone(),
            };
            let name = self.provider.official_name();
            let options: Vec<_> = options.into_iter().map(|(key, value)| (format!("{name}.{key}"), value)).collect();
            return Ok(builder.with_devices([device], Some(&options))?);
        }
        let provider = self.dispatch(options, memory_limit, threads);
        Ok(builder.with_execution_providers([provider.error_on_failure()])?)
    }

    /// As ONNX Runtime lists it, which is all that it knows of providers from libraries of their own.
    fn listed(self, environment: &Environment) -> Option<ort::device::Device<'_>> {
        hardware::adapters(environment, self.provider).find(|(index, _)| *index == self.index).map(|(_, device)| device)
    }

    /// Held while a session is made, runs or ends, or memory of the device is given back: WebGPU's sessions share one
    /// device, which is not made for several threads. Others need no such turn.
    pub fn turn(self) -> Option<MutexGuard<'static, ()>> {
        static WEBGPU: Mutex<()> = Mutex::new(());
        (self.provider == Provider::WebGpu).then(|| WEBGPU.lock())
    }

    /// Has a session leave an output where it is computed: in the adapter's own memory, where it has some that other
    /// sessions can read. DirectML's sessions cannot read each other's: each has its own queue and its own memory.
    pub fn bind_output(self, binding: &mut IoBinding, name: &str) -> ort::Result<()> {
        if !self.provider.is_built_in() {
            let device = environment().ok().and_then(|environment| self.listed(environment));
            return match device.filter(hardware::has_memory) {
                Some(device) => binding.bind_output_to_device(name, &device.memory_info(false)),
                None => Place::cpu().bind_output(binding, name),
            };
        }
        let (device, index) = match self.provider {
            Provider::Cuda | Provider::TensorRt | Provider::TensorRtRtx => (AllocationDevice::CUDA, self.index as i32),
            Provider::WebGpu => (AllocationDevice::WEBGPU_BUFFER, 0),
            Provider::DirectMl | Provider::OpenVino | Provider::CoreMl | Provider::Cpu => (AllocationDevice::CPU, 0),
        };
        let kind = if device == AllocationDevice::CPU { MemoryType::CPUOutput } else { MemoryType::Default };
        binding.bind_output_to_device(name, &MemoryInfo::new(device, index, AllocatorType::Device, kind)?)
    }

    /// Has a run give the memory back that it computed in, as far as arenas hold it. ONNX Runtime refuses a list with
    /// anything else: DirectML's memory of the CPU is none, and of TensorRT's nobody knows.
    pub fn give_back_after(self, options: &mut RunOptions) -> ort::Result<()> {
        let arenas = match self.provider {
            Provider::DirectMl | Provider::TensorRt | Provider::TensorRtRtx => return Ok(()),
            Provider::Cuda => format!("cpu:0;gpu:{}", self.index),
            Provider::WebGpu | Provider::OpenVino | Provider::CoreMl | Provider::Cpu => "cpu:0".into(),
        };
        options.set("memory.enable_memory_arena_shrinkage", arenas)
    }

    fn dispatch(
        self,
        options: &ProviderOptions,
        memory_limit: Option<u64>,
        threads: usize,
    ) -> ExecutionProviderDispatch {
        fn with<E: ArbitrarilyConfigurableExecutionProvider>(provider: E, options: &ProviderOptions) -> E {
            options.iter().fold(provider, |provider, (key, value)| provider.with_arbitrary_config(key, value))
        }
        let limit = memory_limit.and_then(|bytes| usize::try_from(bytes).ok());
        match self.provider {
            Provider::Cpu => ep::CPU::default().build(),
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
            Provider::OpenVino => {
                let openvino = ep::OpenVINO::default().with_precision("ACCURACY").with_num_threads(threads);
                with(openvino, options).build()
            }
            Provider::CoreMl => with(ep::CoreML::default(), options).build(),
        }
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

/// What OpenVINO's library is told, if nothing else is: to compute in what the model is in, where it would take 16 bits
/// for 32, and on no more of a CPU than its share.
fn openvino_defaults(device: &ort::device::Device, threads: usize) -> ProviderOptions {
    let name = hardware::provider_text(device, "ov_device").unwrap_or_else(|| "CPU".into());
    let threads = if name == "CPU" { format!(r#", "INFERENCE_NUM_THREADS": "{threads}""#) } else { String::new() };
    let config = format!(r#"{{"{name}": {{"EXECUTION_MODE_HINT": "ACCURACY"{threads}}}}}"#);
    vec![("load_config".into(), config)]
}

/// The options that were given, before those that are taken where they are not.
fn with_defaults(defaults: ProviderOptions, given: &ProviderOptions) -> ProviderOptions {
    let missing = defaults.into_iter().filter(|(key, _)| !given.iter().any(|(other, _)| other == key));
    given.iter().cloned().chain(missing.collect::<Vec<_>>()).collect()
}

/// Settings that have a provider record a run and play it again.
const RECORDINGS: [&str; 3] = ["enable_cuda_graph", "trt_cuda_graph_enable", "enableGraphCapture"];

fn is_recording((key, value): &(String, String)) -> bool {
    RECORDINGS.contains(&key.as_str()) && value != "0"
}

/// Whether these settings have a provider record runs.
pub fn records(options: &ProviderOptions) -> bool {
    options.iter().any(is_recording)
}

/// The same settings for runs that are not recorded.
pub fn without_recording(options: &ProviderOptions) -> ProviderOptions {
    options.iter().filter(|option| !is_recording(option)).cloned().collect()
}

/// Reads "key=value; key=value".
pub fn parse_options(text: &str) -> Result<ProviderOptions> {
    let pair = |part: &str| match part.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.trim().to_owned())),
        _ => Err(Error::new(
            Status::InvalidArgument,
            format!("device_options has \"{}\"; expected \"key=value; key=value\"", part.trim()),
        )),
    };
    text.split(';').filter(|part| !part.trim().is_empty()).map(pair).collect()
}
