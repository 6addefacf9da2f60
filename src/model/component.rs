//! One ONNX model of a directory, run by ONNX Runtime. Callers name what they mean by its aliases.

use std::borrow::Cow;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ndarray::ArrayD;
use ort::environment::Environment;
use ort::ep;
use ort::session::builder::{AutoDevicePolicy, GraphOptimizationLevel, SessionBuilder};
use ort::session::{RunOptions, Session, SessionInputValue};
use ort::value::DynValue;

use super::changes::Changes;
use super::port::Port;
use super::scan;
use crate::cancel::Cancel;
use crate::error::{bail, Error, Result, Status};
use crate::runtime;

/// Time that sessions of this process have run.
static NANOSECONDS: AtomicU64 = AtomicU64::new(0);

/// How long ONNX Runtime has computed in this process, so that a benchmark can tell what is ours.
pub fn time_in_sessions() -> Duration {
    Duration::from_nanos(NANOSECONDS.load(Ordering::Relaxed))
}

/// Where a model runs.
#[derive(Clone, Debug)]
pub struct Device {
    /// Threads that compute, the calling one counted.
    pub threads: usize,
}

impl Default for Device {
    /// Half of the machine: the other half is the game's.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
        Self { threads: (cores / 2).max(1) }
    }
}

/// Where a model that is loaded from memory has its external data.
const EXTERNAL_FOLDER: &str = "session.model_external_initializers_file_folder_path";

/// A session and its ports.
pub struct Component {
    what: &'static str,
    session: Session,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
}

impl Component {
    /// Loads the model `what` from this file. What it refers to must stay within the directory `root`.
    pub fn open(root: &Path, path: &Path, what: &'static str, device: &Device, cancel: &Cancel) -> Result<Self> {
        Self::open_changed(root, path, what, Changes::default(), device, cancel)
    }

    /// Likewise, with changes of its graph.
    pub fn open_changed(
        root: &Path,
        path: &Path,
        what: &'static str,
        changes: Changes,
        device: &Device,
        cancel: &Cancel,
    ) -> Result<Self> {
        scan::check(root, path)?;
        if changes.is_none() {
            return Self::commit(what, device, cancel, |mut builder| {
                builder.commit_from_file(path).map_err(|error| load_error(path, &error))
            });
        }
        let model = changes.apply(path)?;
        let folder = path.parent().unwrap_or(root).to_string_lossy().into_owned();
        Self::commit(what, device, cancel, |builder| {
            let load = || builder.with_config_entry(EXTERNAL_FOLDER, folder)?.commit_from_memory(&model);
            load().map_err(|error: ort::Error| load_error(path, &error))
        })
    }

    fn commit(
        what: &'static str,
        device: &Device,
        cancel: &Cancel,
        load: impl FnOnce(SessionBuilder) -> Result<Session>,
    ) -> Result<Self> {
        let builder = session_options(runtime::environment()?, device).map_err(|error| runtime_error(what, &error))?;
        let canceler = builder.canceler();
        let session = cancel.interruptible(move || drop(canceler.cancel()), || load(builder))?;
        let inputs = Port::list(session.inputs());
        let outputs = Port::list(session.outputs());
        Ok(Self { what, session, inputs, outputs })
    }

    /// All outputs.
    pub fn outputs(&self) -> &[Port] {
        &self.outputs
    }

    /// The input that goes by one of these names.
    pub fn input(&self, aliases: &[&str]) -> Result<Port> {
        self.require(&self.inputs, "input", aliases)
    }

    /// The input that goes by one of these names, if there is one.
    pub fn optional_input(&self, aliases: &[&str]) -> Option<Port> {
        find(&self.inputs, aliases)
    }

    /// The output that goes by one of these names.
    pub fn output(&self, aliases: &[&str]) -> Result<Port> {
        self.require(&self.outputs, "output", aliases)
    }

    /// The output that goes by one of these names, if there is one.
    pub fn optional_output(&self, aliases: &[&str]) -> Option<Port> {
        find(&self.outputs, aliases)
    }

    /// Refuses a model with inputs that would be left open.
    pub fn no_other_inputs<'a>(&self, known: impl IntoIterator<Item = &'a Port>) -> Result<()> {
        let known: Vec<&str> = known.into_iter().map(|port| port.name.as_str()).collect();
        match self.inputs.iter().find(|port| !known.contains(&port.name.as_str())) {
            None => Ok(()),
            Some(port) => bail!(
                ModelUnsupported,
                "{}: the model has the input {}, which this version of Scumble does not give",
                self.what,
                port.describe()
            ),
        }
    }

    fn require(&self, ports: &[Port], kind: &str, aliases: &[&str]) -> Result<Port> {
        match find(ports, aliases) {
            Some(port) => Ok(port),
            None => {
                let found: Vec<String> = ports.iter().map(Port::describe).collect();
                bail!(
                    ModelUnsupported,
                    "{}: no {kind} is named {}; found {}",
                    self.what,
                    aliases.join(" or "),
                    found.join(", ")
                )
            }
        }
    }

    /// Runs the model and gives these outputs, as f32.
    pub fn run(
        &mut self,
        inputs: Vec<(&Port, DynValue)>,
        outputs: &[&Port],
        cancel: &Cancel,
    ) -> Result<Vec<ArrayD<f32>>> {
        let what = self.what;
        let fail = |error: &ort::Error| runtime_error(what, error);
        let options = Arc::new(RunOptions::new().map_err(|error| fail(&error))?);
        let terminate = Arc::clone(&options);
        let values: Vec<(Cow<str>, SessionInputValue)> =
            inputs.into_iter().map(|(port, value)| (Cow::from(port.name.as_str()), value.into())).collect();
        cancel.interruptible(
            move || drop(terminate.terminate()),
            || {
                let start = Instant::now();
                let given = self.session.run_with_options(values, &options).map_err(|error| fail(&error))?;
                NANOSECONDS.fetch_add(start.elapsed().as_nanos() as u64, Ordering::Relaxed);
                let read = |port: &&Port| match given.get(&port.name) {
                    Some(value) => port.read(value).map_err(|error| fail(&error)),
                    None => bail!(RuntimeFailed, "{what}: ONNX Runtime did not give the output {}", port.name),
                };
                outputs.iter().map(read).collect()
            },
        )
    }

    /// Likewise, for a single output.
    pub fn run_one(&mut self, inputs: Vec<(&Port, DynValue)>, output: &Port, cancel: &Cancel) -> Result<ArrayD<f32>> {
        Ok(self.run(inputs, &[output], cancel)?.remove(0))
    }
}

fn find(ports: &[Port], aliases: &[&str]) -> Option<Port> {
    ports.iter().find(|port| aliases.contains(&port.name.as_str())).cloned()
}

/// Options of every session: the context's own threads, which sleep when there is nothing to do
/// and so leave the host its cores.
fn session_options(environment: &Environment, device: &Device) -> ort::Result<SessionBuilder> {
    Ok(Session::builder(environment)?
        .with_auto_device(AutoDevicePolicy::PreferCPU)?
        .with_execution_providers([ep::CPU::default().build().error_on_failure()])?
        .with_optimization_level(GraphOptimizationLevel::All)?
        .with_intra_threads(device.threads)?
        .with_inter_threads(1)?
        .with_intra_op_spinning(false)?)
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

/// ONNX Runtime has no code of its own for memory that ran out.
fn memory_or(otherwise: Status, error: &ort::Error) -> Status {
    let text = error.message();
    if text.contains("bad_alloc") || text.contains("Failed to allocate memory") {
        Status::OutOfMemory
    } else {
        otherwise
    }
}
