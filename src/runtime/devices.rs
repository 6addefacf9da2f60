//! What this process can run models on, and why not on the rest.
//!
//! Whether a provider works is not asked of anybody: a model of one operator is run with it.

use std::path::{self, Path};
use std::sync::Arc;

use ort::device::Device;
use ort::memory::DeviceType;
use ort::session::{RunOptions, Session};
use ort::value::Tensor;
use parking_lot::Mutex;

use super::provider::{Place, Provider, ProviderOptions};
use super::reasons::reason;
use super::{environment, hardware, nvidia, Making};
use crate::error::{bail, Error, Result, Status};
use crate::log::{self, LogLevel};

/// A model that gives back what it is given, without negative numbers (`Relu`, opset 13).
const PROBE: &[u8] = include_bytes!("probe.onnx");

/// A provider of the loaded ONNX Runtime on one adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// What descriptors name.
    pub place: Place,
    /// What the adapter calls itself, as far as anybody tells.
    pub name: String,
    /// Who made it; empty where nobody tells.
    pub vendor: String,
    /// Bytes of its own memory; 0 where nobody tells.
    pub memory: u64,
    /// Which adapter the system says it is: a LUID under Windows; 0 elsewhere.
    pub luid: u64,
    /// Whether the system knows it as hardware: a GPU that is only software is slower than the CPU.
    pub is_hardware: bool,
    /// Why it cannot be used, if it cannot.
    pub unusable: Option<String>,
}

static FOUND: Mutex<Option<Arc<[DeviceInfo]>>> = Mutex::new(None);

/// How many libraries of providers were added.
static ADDED: Mutex<usize> = Mutex::new(0);

/// The devices: first those that can be used, best first and software last, then those that cannot. None before
/// somebody looked.
pub fn found() -> Option<Arc<[DeviceInfo]>> {
    FOUND.lock().clone()
}

/// Looks for devices, once. This takes as long as the drivers need: a second or more where there are several.
pub fn look() -> Result<Arc<[DeviceInfo]>> {
    let mut found = FOUND.lock();
    if let Some(devices) = &*found {
        return Ok(Arc::clone(devices));
    }
    let mut devices = Vec::new();
    for provider in Provider::all().into_iter().filter(|provider| provider.exists_here()) {
        devices.extend(of(provider)?);
    }
    devices.sort_by_key(|device| (device.unusable.is_some(), !device.is_hardware)); // stable: the order stays
    let devices: Arc<[DeviceInfo]> = devices.into();
    *found = Some(Arc::clone(&devices));
    Ok(devices)
}

/// Adds a provider from a library of its own.
pub fn add_provider(path: &Path) -> Result<()> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    // ONNX Runtime would look for a relative one beside itself.
    let absolute = path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let added = environment()?.register_ep_library(name, absolute);
    added.map_err(|error| {
        let text = format!(
            "path is \"{}\", which cannot be added to this ONNX Runtime as a provider: {error}",
            path.display()
        );
        Error::new(Status::RuntimeInvalid, text)
    })?;
    *ADDED.lock() += 1;
    *FOUND.lock() = None;
    look().map(drop)
}

/// The device to run on: the one named, or the best.
pub fn choose(named: Option<Place>) -> Result<DeviceInfo> {
    if named == Some(Place::cpu()) {
        return Ok(cpu()); // without a look at drivers
    }
    let devices = look()?;
    match named {
        Some(place) => match devices.iter().find(|device| device.place == place) {
            Some(device) => match &device.unusable {
                None => Ok(device.clone()),
                Some(reason) => bail!(DeviceNotFound, "device is \"{place}\", which cannot be used: {reason}"),
            },
            None => {
                let usable = devices.iter().filter(|device| device.unusable.is_none());
                let names: Vec<String> = usable.map(|device| device.place.to_string()).collect();
                bail!(DeviceNotFound, "device is \"{place}\", which is not there; found {}", names.join(", "))
            }
        },
        None => {
            let suits = |device: &&DeviceInfo| {
                device.unusable.is_none() && device.is_hardware && device.place.provider.is_automatic()
            };
            let best = devices.iter().find(suits).cloned().unwrap_or_else(cpu);
            log::push(LogLevel::Info, format!("device {} ({}){}", best.place, best.name, passed_over(&devices, &best)));
            Ok(best)
        }
    }
}

/// Why none of the devices before the chosen one was taken.
fn passed_over(devices: &[DeviceInfo], best: &DeviceInfo) -> String {
    let rank = |device: &DeviceInfo| Provider::all().iter().position(|provider| *provider == device.place.provider);
    let better = devices.iter().filter(|device| rank(device) < rank(best));
    let reasons = better.map(|device| match &device.unusable {
        Some(reason) => format!("; not {}: {reason}", device.place),
        None if !device.is_hardware => format!("; not {}: no GPU is known that it would run on", device.place),
        None => format!("; not {}: it has to be named", device.place),
    });
    reasons.collect()
}

/// The devices of a provider.
fn of(provider: Provider) -> Result<Vec<DeviceInfo>> {
    if provider == Provider::Cpu {
        return Ok(vec![cpu()]);
    }
    let mut devices = listed(provider)?;
    devices.sort_by_key(|device| device.place.index);
    if provider == Provider::WebGpu {
        devices.truncate(1); // it chooses its adapter itself
    }
    if !devices.is_empty() {
        // They are as ONNX Runtime knows them.
    } else if !provider.is_built_in() {
        let libraries = match *ADDED.lock() {
            0 => "",
            _ => ", and no library that was added has a device for it",
        };
        return Ok(vec![unusable(provider, format!("this ONNX Runtime was built without it{libraries}"))]);
    } else if provider.is_nvidia() {
        match nvidia::adapters() {
            Err(reason) => return Ok(vec![unusable(provider, reason)]),
            Ok(adapters) => devices.extend(adapters.into_iter().zip(0..).map(|(adapter, index)| DeviceInfo {
                place: Place { provider, index },
                name: adapter.name,
                vendor: "NVIDIA".into(),
                memory: adapter.memory,
                luid: 0,
                is_hardware: true,
                unusable: None,
            })),
        }
    } else {
        let name = "an adapter that nobody describes".to_owned();
        devices.push(DeviceInfo { name, ..nobody(Place { provider, index: 0 }) });
    }
    for device in &mut devices {
        device.unusable = probe(device.place).err().map(|error| reason(error.message()));
    }
    Ok(devices)
}

/// What ONNX Runtime lists of itself.
fn listed(provider: Provider) -> Result<Vec<DeviceInfo>> {
    let describe = |(index, device): (u32, Device)| {
        let adapter = device.hardware_device();
        let vendor = adapter.vendor().unwrap_or_default().to_owned();
        let name = hardware::text(&adapter, "Description");
        let name = name.or_else(|| hardware::provider_text(&device, "FULL_DEVICE_NAME"));
        DeviceInfo {
            place: Place { provider, index },
            name: name.unwrap_or_else(|| format!("{vendor} {:04x}", adapter.id())),
            vendor,
            memory: hardware::number(&adapter, "DxgiVideoMemory").unwrap_or(0) << 20,
            luid: hardware::number(&adapter, "LUID").unwrap_or(0),
            is_hardware: true,
            unusable: None,
        }
    };
    Ok(hardware::adapters(environment()?, provider).map(describe).collect())
}

fn cpu() -> DeviceInfo {
    let listed = environment().ok().and_then(|environment| {
        environment.devices().map(|device| device.hardware_device()).find(|it| it.ty() == DeviceType::CPU)
    });
    let vendor = listed.and_then(|cpu| cpu.vendor().ok()).unwrap_or_default();
    let known = if vendor.is_empty() { "generic" } else { vendor };
    let name = format!("{known} {}", std::env::consts::ARCH);
    DeviceInfo { name, vendor: vendor.to_owned(), is_hardware: true, ..nobody(Place::cpu()) }
}

fn unusable(provider: Provider, reason: String) -> DeviceInfo {
    DeviceInfo { unusable: Some(reason), ..nobody(Place { provider, index: 0 }) }
}

impl Default for DeviceInfo {
    /// A CPU of which nothing is known.
    fn default() -> Self {
        nobody(Place::cpu())
    }
}

/// A device of which nothing is known.
fn nobody(place: Place) -> DeviceInfo {
    let (name, vendor) = (String::new(), String::new());
    DeviceInfo { place, name, vendor, memory: 0, luid: 0, is_hardware: false, unusable: None }
}

/// Runs a model of one operator there, as models are run.
fn probe(place: Place) -> ort::Result<()> {
    let Ok(environment) = environment() else { return Ok(()) };
    let (_making, _turn) = (Making::enter(), place.turn());
    let builder = Session::builder(environment)?.with_intra_threads(1)?.with_inter_threads(1)?;
    let mut builder = place.attach(environment, builder, &ProviderOptions::new(), None, 1)?;
    let mut session = builder.commit_from_memory(PROBE)?;
    let mut options = RunOptions::new()?;
    place.give_back_after(&mut options)?;
    let number = Tensor::from_array(([1], vec![1.0f32]))?;
    let outputs = session.run_with_options(ort::inputs!["x" => number], &options)?;
    outputs["y"].try_extract_tensor::<f32>().map(drop)
}
