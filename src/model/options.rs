//! How a model is loaded and run.

use super::graph::seamless::Seamless;
use crate::error::{bail, Result};
use crate::limits::{self, MAX_OPTIONS};
use crate::priority::ThreadGroup;
use crate::runtime::{Place, Provider, ProviderOptions};

/// What a context is told of its model besides where its files are.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where it runs.
    pub device: Device,
    /// How its weights are kept.
    pub weights: Weights,
    /// The most bytes that it may take.
    pub memory_budget: Option<u64>,
    /// Along which axes its pictures tile.
    pub seamless: Seamless,
}

/// Where a model runs.
#[derive(Clone, Debug)]
pub struct Device {
    /// Threads that compute, the calling one counted.
    pub threads: usize,
    /// The group of these threads.
    pub group: ThreadGroup,
    /// The provider and its adapter; the best where not given.
    pub place: Option<Place>,
    /// Settings of the provider.
    pub provider_options: ProviderOptions,
}

/// How a model's weights are kept in memory.
#[repr(i32)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weights {
    /// Repacked, or mapped where that keeps the memory budget.
    #[default]
    Auto = 0,
    /// Copied into the order in which they are computed with: the fastest steps, the longest loading. While a part is
    /// loaded, its weights are in memory twice. Later changes of the files do no harm: a part that is loaded again, after
    /// a trim, is the same or is refused (`SCUMBLE_STATUS_MODEL_INVALID`).
    Repacked = 1,
    /// Used in place from the files, which are mapped into memory: they load at once, contexts and processes
    /// that use the same files share them, and the system may take their memory back whenever it is short
    /// and read them again. Steps take some percent longer. Those of the autoencoder are repacked all the
    /// same, and weights of 16 bits are widened in memory, since the CPU computes with 32. While the context
    /// lives, nothing may write into the files or cut them: images change then, or the system ends the process
    /// (SIGBUS). Deleting a file, or putting another in its place under its name, is safe: a part that is loaded again
    /// is refused.
    Mapped = 2,
}

impl Options {
    /// Refuses what no context can be made with.
    pub(crate) fn check(&self) -> Result<()> {
        if self.memory_budget == Some(0) {
            bail!(InvalidArgument, "memory_budget is 0; expected at least 1 byte, or none for no limit");
        }
        self.device.check()
    }

    /// Where it runs: on the CPU, as long as nothing is chosen.
    pub fn place(&self) -> Place {
        self.device.place.unwrap_or(Place::cpu())
    }

    /// The same for an autoencoder, which has few weights, but takes twice the room to compute with them
    /// where they are mapped.
    pub fn repacking(&self) -> Self {
        Self { weights: Weights::Repacked, ..self.clone() }
    }
}

impl From<Device> for Options {
    fn from(device: Device) -> Self {
        Self { device, ..Self::default() }
    }
}

impl Device {
    fn check(&self) -> Result<()> {
        limits::threads(i64::try_from(self.threads).unwrap_or(i64::MAX))?;
        let options = &self.provider_options;
        limits::length(
            "device_options",
            options.iter().map(|(key, value)| key.len() + value.len() + 1).sum(),
            MAX_OPTIONS,
        )?;
        if let Some((key, value)) =
            options.iter().find(|(key, value)| key.is_empty() || [key, value].iter().any(|text| text.contains('\0')))
        {
            bail!(InvalidArgument, "device_options has \"{key}={value}\"; expected a key, and no NUL");
        }
        match self.place {
            _ if options.is_empty() => Ok(()),
            None => bail!(InvalidArgument, "device_options is given without a device; each provider has its own"),
            Some(place @ Place { provider: Provider::Cpu | Provider::DirectMl, .. }) => {
                bail!(NotSupported, "device_options is given for \"{place}\", which has none")
            }
            Some(_) => Ok(()),
        }
    }
}

impl Default for Device {
    /// Half of the machine: the other half is the game's.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
        let threads = (cores / 2).max(1);
        Self { threads, group: ThreadGroup::default(), place: None, provider_options: ProviderOptions::new() }
    }
}
