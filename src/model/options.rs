//! How a model is loaded.

use super::{Device, Seamless};

/// What a context is told of its model besides where its files are.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where it runs.
    pub device: Device,
    /// Along which axes its pictures tile.
    pub seamless: Seamless,
}

impl From<Device> for Options {
    fn from(device: Device) -> Self {
        Self { device, ..Self::default() }
    }
}
