//! What this process can run models on.

use ort::memory::DeviceType;

use super::environment;
use crate::error::Result;

/// A device of a provider of the loaded ONNX Runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// Short name of the provider, as descriptors take it: `cpu`.
    pub provider: String,
    /// What the hardware calls itself, as far as ONNX Runtime tells.
    pub name: String,
}

/// The devices, best first. This version runs on the CPU alone.
pub fn devices() -> Result<Vec<DeviceInfo>> {
    let cpu = environment()?.devices().find(|device| {
        device.ep().is_ok_and(|name| name == "CPUExecutionProvider") && device.hardware_device().ty() == DeviceType::CPU
    });
    let vendor = cpu.and_then(|device| device.hardware_device().vendor().ok().map(str::to_owned));
    let name = format!("{} {}", vendor.as_deref().unwrap_or("generic"), std::env::consts::ARCH);
    Ok(vec![DeviceInfo { provider: "cpu".into(), name }])
}
