//! Sessions: what ONNX Runtime is told, and what its errors mean.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use ort::environment::Environment;
use ort::ep;
use ort::session::builder::{AutoDevicePolicy, GraphOptimizationLevel, SessionBuilder};
use ort::session::Session;

use super::norms;
use super::options::{Options, Weights};
use super::pool::Pool;
use super::proto;
use super::scan;
use super::seamless::{self, Seamless};
use crate::cancel::Cancel;
use crate::error::{Error, Result, Status};
use crate::files;
use crate::runtime;

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
    /// Along which axes its graph is to wrap around.
    pub seamless: Seamless,
    /// Whether its normalisations are to be told what to normalise by.
    pub told_norms: bool,
    /// Tensors within its graph that are to be outputs too.
    pub more_outputs: Vec<String>,
}

impl Source {
    /// A file as it is.
    pub fn new(root: &Path, path: PathBuf, what: &'static str) -> Self {
        Self { what, root: root.to_owned(), path, seamless: Seamless::default(), told_norms: false, more_outputs: Vec::new() }
    }

    /// The same, wrapping around as the options say: for a part that makes pictures.
    pub fn tiling(self, options: &Options) -> Self {
        Self { seamless: options.seamless, ..self }
    }

    /// Checks the file and makes a session of it. Gives the bytes of its weights too.
    pub fn open(&self, options: &Options, cancel: &Cancel) -> Result<(Session, u64)> {
        let weights = scan::check(&self.root, &self.path)?;
        let graph = self.graph().map_err(|error| error.within(self.path.display()))?;
        let folder = self.path.parent().unwrap_or(&self.root).to_string_lossy();
        let environment = runtime::environment()?;
        let builder = || Ok(session_options(environment, options)?.with_config_entry(EXTERNAL_FOLDER, folder)?);
        let mut builder = builder().map_err(|error| runtime_error(self.what, &error))?;
        let canceler = builder.canceler();
        let load = || builder.commit_from_memory(&graph).map_err(|error| load_error(&self.path, &error));
        Ok((cancel.interruptible(move || drop(canceler.cancel()), load)?, weights))
    }

    fn graph(&self) -> Result<Vec<u8>> {
        // ONNX Runtime would follow a link, and then refuse what it finds outside of the folder.
        let mut model = match self.path.file_name().and_then(OsStr::to_str) {
            Some(name) if !self.path.is_symlink() => {
                let file = File::open(&self.path).map_err(scan::unreadable)?;
                let length = file.metadata().map_err(scan::unreadable)?.len();
                scan::without_weights(file, length, name)?
            }
            _ => files::read(&self.path)?,
        };
        if self.seamless != Seamless::default() {
            model = seamless::rewrite(Cursor::new(&model), model.len() as u64, self.seamless)?;
        }
        if self.told_norms {
            model = norms::rewrite(Cursor::new(&model), model.len() as u64)?;
        }
        // Protobuf merges a message that is given twice: this is a graph of nothing but outputs.
        let outputs = self.more_outputs.iter().flat_map(|name| proto::bytes(12, proto::bytes(1, name)));
        model.extend(proto::bytes(7, outputs.collect::<Vec<u8>>()));
        Ok(model)
    }
}

/// Options of every session: the context's own threads, which sleep when there is nothing to do
/// and so leave the host its cores.
fn session_options(environment: &Environment, options: &Options) -> ort::Result<SessionBuilder> {
    // The layout that convolutions are fastest in is a copy of their weights, as are packed matrices.
    let (level, repacks) = match options.weights {
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
        .with_intra_threads(options.device.threads)?
        .with_inter_threads(1)?
        .with_intra_op_spinning(false)?
        .with_thread_manager(Pool(options.device.group.clone()))?)
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
