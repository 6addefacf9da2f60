//! Sessions: what ONNX Runtime is told, and what its errors mean.

use std::path::{Path, PathBuf};

use ort::environment::Environment;
use ort::ep;
use ort::session::builder::{AutoDevicePolicy, GraphOptimizationLevel, SessionBuilder};
use ort::session::Session;

use super::budget::Budget;
use super::pool::Pool;
use super::scan;
use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::files;
use crate::priority::ThreadGroup;
use crate::runtime;

/// Where a model runs, and with what means.
#[derive(Clone, Debug)]
pub struct Device {
    /// Threads that compute, the calling one counted.
    pub threads: usize,
    /// The group of these threads.
    pub group: ThreadGroup,
    /// How weights are kept.
    pub weights: Weights,
    /// The most bytes that the model may take.
    pub memory_budget: Option<u64>,
}

/// How a model's weights are kept in memory.
#[repr(i32)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weights {
    /// Repacked, or mapped where that keeps the memory budget.
    #[default]
    Auto = 0,
    /// Copied into the order in which they are computed with: the fastest steps, the longest loading.
    Repacked = 1,
    /// Used in place from the files, which are mapped into memory: they load at once, contexts and processes
    /// that use the same files share them, and the system may take their memory back whenever it is short
    /// and read them again. Steps take some percent longer. Those of the autoencoder are repacked all the
    /// same, and weights of 16 bits are widened in memory, since the CPU computes with 32. While the context
    /// lives, nothing may write into the files.
    Mapped = 2,
}

impl Device {
    /// The same with weights kept as a budget wants them, where the caller leaves it open.
    pub fn within(&self, budget: Option<&Budget>) -> Self {
        let weights = match (self.weights, budget) {
            (Weights::Auto, Some(budget)) if !budget.holds_all() => Weights::Mapped,
            (Weights::Auto, _) => Weights::Repacked,
            (given, _) => given,
        };
        Self { weights, ..self.clone() }
    }

    /// The same for an autoencoder, which has few weights, but takes twice the room to compute with them
    /// where they are mapped.
    pub fn repacking(&self) -> Self {
        Self { weights: Weights::Repacked, ..self.clone() }
    }
}

impl Default for Device {
    /// Half of the machine: the other half is the game's.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
        Self { threads: (cores / 2).max(1), group: ThreadGroup::default(), weights: Weights::Auto, memory_budget: None }
    }
}

/// Where a graph that is loaded from memory has its external data.
const EXTERNAL_FOLDER: &str = "session.model_external_initializers_file_folder_path";

/// An ONNX file of a model directory.
#[derive(Clone)]
pub struct Source {
    /// What it is, in messages.
    pub what: &'static str,
    /// The directory that all it refers to must stay within.
    pub root: PathBuf,
    /// The file.
    pub path: PathBuf,
    /// Tensors within its graph that are to be outputs too.
    pub more_outputs: Vec<String>,
}

impl Source {
    /// A file with the outputs that it has.
    pub fn new(root: &Path, path: PathBuf, what: &'static str) -> Self {
        Self { what, root: root.to_owned(), path, more_outputs: Vec::new() }
    }

    /// Checks the file and makes a session of it. Gives the bytes of its weights too.
    pub fn open(&self, device: &Device, cancel: &Cancel) -> Result<(Session, u64)> {
        let weights = scan::check(&self.root, &self.path)?;
        let graph = self.graph().map_err(|error| error.within(self.path.display()))?;
        let folder = self.path.parent().unwrap_or(&self.root).to_string_lossy();
        let environment = runtime::environment()?;
        let builder = || Ok(options(environment, device)?.with_config_entry(EXTERNAL_FOLDER, folder)?);
        let mut builder = builder().map_err(|error| runtime_error(self.what, &error))?;
        let canceler = builder.canceler();
        let load = || builder.commit_from_memory(&graph).map_err(|error| load_error(&self.path, &error));
        Ok((cancel.interruptible(move || drop(canceler.cancel()), load)?, weights))
    }

    fn graph(&self) -> Result<Vec<u8>> {
        // ONNX Runtime would follow a link, and then refuse what it finds outside of the folder.
        let mut model = match self.path.is_symlink() {
            true => files::read(&self.path)?,
            false => scan::without_weights(&self.path)?,
        };
        // Protobuf merges a message that is given twice: this is a graph of nothing but outputs.
        let outputs = self.more_outputs.iter().flat_map(|name| scan::field(12, &scan::field(1, name.as_bytes())));
        model.extend(scan::field(7, &outputs.collect::<Vec<u8>>()));
        Ok(model)
    }
}

/// Options of every session: the context's own threads, which sleep when there is nothing to do
/// and so leave the host its cores.
fn options(environment: &Environment, device: &Device) -> ort::Result<SessionBuilder> {
    // The layout that convolutions are fastest in is a copy of their weights, as are packed matrices.
    let (level, repacks) = match device.weights {
        Weights::Mapped => (GraphOptimizationLevel::Level2, false),
        _ => (GraphOptimizationLevel::All, true),
    };
    Ok(Session::builder(environment)?
        .with_auto_device(AutoDevicePolicy::PreferCPU)?
        .with_execution_providers([ep::CPU::default().with_arena_allocator(true).build().error_on_failure()])?
        .with_optimization_level(level)?
        .with_prepacking(repacks)?
        // The pattern of one run is kept as a second block of memory, as large as all that the first run used.
        .with_memory_pattern(false)?
        .with_intra_threads(device.threads)?
        .with_inter_threads(1)?
        .with_intra_op_spinning(false)?
        .with_thread_manager(Pool(device.group.clone()))?)
}

fn load_error(path: &Path, error: &ort::Error) -> Error {
    use ort::ErrorCode::{InvalidGraph, InvalidProtobuf, NoModel};
    let status = match error.code() {
        InvalidProtobuf | InvalidGraph | NoModel => Status::ModelInvalid,
        _ => memory_or(Status::ModelInvalid, error),
    };
    Error::new(status, format!("{} cannot be loaded: {error}", path.display()))
}

/// What ONNX Runtime reported, with what it was about.
pub fn runtime_error(what: &str, error: &ort::Error) -> Error {
    Error::new(memory_or(Status::RuntimeFailed, error), format!("{what}: ONNX Runtime: {error}"))
}

/// ONNX Runtime has no code of its own for memory that ran out, nor for threads that cannot be started.
fn memory_or(otherwise: Status, error: &ort::Error) -> Status {
    let text = error.message();
    if ["bad_alloc", "Failed to allocate memory", "custom_create_thread_fn"].iter().any(|it| text.contains(it)) {
        Status::OutOfMemory
    } else {
        otherwise
    }
}
