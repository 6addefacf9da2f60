//! ONNX Runtime: found and loaded once in the life of a process.
//!
//! It is never linked. The one environment is kept until the process ends, since ONNX Runtime
//! cannot make a second; sessions and their threads end with their contexts.

mod arena;
#[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
mod destructors;
mod devices;
mod ending;
mod hardware;
#[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
mod imports;
mod library;
mod losses;
mod module;
mod nvidia;
#[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
mod operator_new;
mod provider;
mod reasons;
mod search;
mod telemetry;
mod weights;

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ort::environment::Environment;
use ort::logging::LogLevel as OrtLevel;
use parking_lot::Mutex;

use crate::error::{bail, Error, Result, Status};
use crate::log::{self, LogLevel};

pub use arena::{arena, give_back};
pub use devices::{add_provider, choose, found, look, DeviceInfo};
pub use ending::{at_exit, Making};
pub use module::pin;
pub use provider::{parse_options, records, without_recording, Place, Provider, ProviderOptions};
pub use weights::commit;

/// The library, once `ort` has it: a process has one.
static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
static ENVIRONMENT: OnceLock<Environment> = OnceLock::new();
static LOADING: Mutex<()> = Mutex::new(());

/// Loads ONNX Runtime from this path, or from where the search finds it. Does nothing when
/// it is loaded already, unless another path is asked for.
pub fn load(path: Option<&Path>) -> Result<()> {
    let _one_at_a_time = LOADING.lock();
    let path = match (LIBRARY.get(), path) {
        (Some(loaded), Some(path)) if !same_file(path, loaded) => bail!(
            RuntimeAlreadyLoaded,
            "path is \"{}\", but ONNX Runtime is loaded from \"{}\" already, and a process has one",
            path.display(),
            loaded.display()
        ),
        (Some(loaded), _) => loaded.clone(),
        (None, path) => search::find(path)?,
    };
    if ENVIRONMENT.get().is_some() {
        return Ok(());
    }
    let environment = open(path)?;
    let _ = ENVIRONMENT.set(environment); // nobody else sets it: the lock is held
    Ok(())
}

/// The path of the loaded library.
pub fn path() -> Option<&'static Path> {
    LIBRARY.get().map(PathBuf::as_path)
}

/// The environment of all sessions.
pub fn environment() -> Result<&'static Environment> {
    match ENVIRONMENT.get() {
        Some(environment) => Ok(environment),
        None => bail!(RuntimeNotFound, "ONNX Runtime is not loaded"),
    }
}

fn open(path: PathBuf) -> Result<Environment> {
    let _off = telemetry::Off::enter();
    let _making = Making::enter();
    let _stays = library::open(&path)?;
    let failed = |error: &dyn Display| {
        Error::new(Status::RuntimeFailed, format!("ONNX Runtime at \"{}\" does not start: {error}", path.display()))
    };
    let builder = ort::init_from(&path).map_err(|error| failed(&error))?;
    let _ = LIBRARY.set(path.clone()); // the same, where it is set
    ending::register(); // before what the library has registered as it was loaded
    #[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
    {
        operator_new::replace(&path);
        destructors::keep(&path);
    }
    let environment = builder
        .with_name("scumble")
        .with_telemetry(false)
        .with_logger(Arc::new(|level, _, _, place, message| {
            log::push(log_level(level), format!("ONNX Runtime: {message} ({place})"));
        }))
        .build()
        .map_err(|error| failed(&error))?;
    // With a logger of one's own the environment begins at its most talkative.
    environment.set_log_level(OrtLevel::Warning);
    log::push(LogLevel::Info, format!("ONNX Runtime from {}: {}", path.display(), ort::info()));
    Ok(environment)
}

fn log_level(level: OrtLevel) -> LogLevel {
    match level {
        OrtLevel::Verbose | OrtLevel::Info => LogLevel::Info,
        OrtLevel::Warning => LogLevel::Warning,
        OrtLevel::Error | OrtLevel::Fatal => LogLevel::Error,
    }
}

fn same_file(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}
