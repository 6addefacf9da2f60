//! ONNX Runtime: found and loaded once in the life of a process.
//!
//! It is never linked. The one environment is kept until the process ends, since ONNX Runtime
//! cannot make a second; sessions and their threads end with their contexts.

mod arena;
mod devices;
mod ending;
mod hardware;
mod losses;
mod module;
mod nvidia;
mod provider;
mod reasons;
mod search;
mod telemetry;

use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ort::environment::Environment;
use ort::logging::LogLevel as OrtLevel;
use ort::LoadDynamicError;
use parking_lot::Mutex;

use crate::error::{bail, Error, Result, Status};
use crate::log::{self, LogLevel};

pub use arena::{arena, give_back};
pub use devices::{add_provider, choose, found, look, DeviceInfo};
pub use ending::{at_exit, Making};
pub use module::pin;
pub use provider::{parse_options, records, without_recording, Place, Provider, ProviderOptions};

struct Runtime {
    path: PathBuf,
    environment: Environment,
}

static RUNTIME: OnceLock<Runtime> = OnceLock::new();
static LOADING: Mutex<()> = Mutex::new(());

/// Loads ONNX Runtime from this path, or from where the search finds it. Does nothing when
/// it is loaded already, unless another path is asked for.
pub fn load(path: Option<&Path>) -> Result<()> {
    let _one_at_a_time = LOADING.lock();
    if let Some(loaded) = RUNTIME.get() {
        return match path {
            Some(path) if !same_file(path, &loaded.path) => bail!(
                RuntimeAlreadyLoaded,
                "path is \"{}\", but ONNX Runtime is loaded from \"{}\" already, and a process has one",
                path.display(),
                loaded.path.display()
            ),
            _ => Ok(()),
        };
    }
    let path = search::find(path)?;
    let runtime = open(path)?;
    log::push(LogLevel::Info, format!("ONNX Runtime from {}: {}", runtime.path.display(), ort::info()));
    let _ = RUNTIME.set(runtime); // nobody else sets it: the lock is held
    Ok(())
}

/// The path of the loaded library.
pub fn path() -> Option<&'static Path> {
    RUNTIME.get().map(|runtime| runtime.path.as_path())
}

/// The environment of all sessions.
pub fn environment() -> Result<&'static Environment> {
    match RUNTIME.get() {
        Some(runtime) => Ok(&runtime.environment),
        None => bail!(RuntimeNotFound, "ONNX Runtime is not loaded"),
    }
}

fn open(path: PathBuf) -> Result<Runtime> {
    let _off = telemetry::Off::enter();
    let _making = Making::enter();
    let builder = ort::init_from(&path).map_err(|error| load_error(&path, &error))?;
    let environment = builder
        .with_name("scumble")
        .with_telemetry(false)
        .with_logger(Arc::new(|level, _, _, place, message| {
            log::push(log_level(level), format!("ONNX Runtime: {message} ({place})"));
        }))
        .build()
        .map_err(|error| {
            Error::new(Status::RuntimeFailed, format!("ONNX Runtime at \"{}\" does not start: {error}", path.display()))
        })?;
    // With a logger of one's own the environment begins at its most talkative.
    environment.set_log_level(OrtLevel::Warning);
    Ok(Runtime { path, environment })
}

fn load_error(path: &Path, error: &LoadDynamicError) -> Error {
    let path = path.display();
    match error {
        LoadDynamicError::BadVersion { version_str, .. } => Error::new(
            Status::RuntimeTooOld,
            format!(
                "ONNX Runtime at \"{path}\" is version {version_str}; expected 1.{} or newer: \
                 replace it, or name another with scumble_runtime_load or {}",
                ort::MINOR_VERSION,
                search::VARIABLE
            ),
        ),
        LoadDynamicError::Dlopen { error, .. } => {
            let reason = error.source().map_or_else(|| error.to_string(), ToString::to_string);
            // Windows says the same when the file itself is missing, which was looked at before.
            let what = match cfg!(windows) && reason.ends_with("(os error 126)") {
                true => ": a DLL that it needs is missing; official ones need Microsoft's Visual C++ runtime",
                false => "",
            };
            Error::new(Status::RuntimeInvalid, format!("\"{path}\" cannot be loaded as a library: {reason}{what}"))
        }
        LoadDynamicError::MissingApi { .. } | LoadDynamicError::InvalidVersionString => Error::new(
            Status::RuntimeInvalid,
            format!("\"{path}\" is a library, but not ONNX Runtime: it does not export OrtGetApiBase as that does"),
        ),
    }
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
