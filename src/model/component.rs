//! One ONNX model of a directory, run by ONNX Runtime.
//!
//! Names, ranks and element types differ from exporter to exporter, so they are read from the
//! session: callers name what they mean by its aliases and give f32, and this file converts.

use std::borrow::Cow;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use half::f16;
use ndarray::{ArrayD, ArrayViewD, IxDyn};
use ort::environment::Environment;
use ort::ep;
use ort::session::builder::{AutoDevicePolicy, GraphOptimizationLevel, SessionBuilder};
use ort::session::{RunOptions, Session, SessionInputValue};
use ort::value::{DynValue, Outlet, Tensor, TensorElementType, ValueType};

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

/// An input or an output: its name, element type and rank.
#[derive(Clone, Debug)]
pub struct Port {
    pub name: String,
    pub element: TensorElementType,
    /// Dimensions; -1 where they are free.
    pub shape: Vec<i64>,
}

/// A session and its ports.
pub struct Component {
    what: &'static str,
    session: Session,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
}

impl Component {
    /// Loads `<directory>/<what>/model.onnx`.
    pub fn open(directory: &Path, what: &'static str, device: &Device, cancel: &Cancel) -> Result<Self> {
        let path = directory.join(what).join("model.onnx");
        scan::check(directory, &path)?;
        let mut builder =
            session_options(runtime::environment()?, device).map_err(|error| runtime_error(what, &error))?;
        let canceler = builder.canceler();
        let session = cancel.interruptible(
            move || drop(canceler.cancel()),
            || builder.commit_from_file(&path).map_err(|error| load_error(&path, &error)),
        )?;
        let inputs = ports(session.inputs());
        let outputs = ports(session.outputs());
        Ok(Self { what, session, inputs, outputs })
    }

    /// The input that goes by one of these names.
    pub fn input(&self, aliases: &[&str]) -> Result<Port> {
        self.find(&self.inputs, "input", aliases)
    }

    /// The output that goes by one of these names.
    pub fn output(&self, aliases: &[&str]) -> Result<Port> {
        self.find(&self.outputs, "output", aliases)
    }

    /// Refuses a model with inputs that would be left open.
    pub fn no_other_inputs(&self, known: &[&Port]) -> Result<()> {
        match self.inputs.iter().find(|port| known.iter().all(|k| k.name != port.name)) {
            None => Ok(()),
            Some(port) => bail!(
                ModelUnsupported,
                "{}: the model has the input {}, which this version of Scumble does not give",
                self.what,
                describe(port)
            ),
        }
    }

    fn find(&self, ports: &[Port], kind: &str, aliases: &[&str]) -> Result<Port> {
        match ports.iter().find(|port| aliases.contains(&port.name.as_str())) {
            Some(port) => Ok(port.clone()),
            None => {
                let found: Vec<String> = ports.iter().map(describe).collect();
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

    /// Runs the model and gives one output, as f32.
    pub fn run(&mut self, inputs: Vec<(&Port, DynValue)>, output: &Port, cancel: &Cancel) -> Result<ArrayD<f32>> {
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
                let outputs = self.session.run_with_options(values, &options).map_err(|error| fail(&error))?;
                NANOSECONDS.fetch_add(start.elapsed().as_nanos() as u64, Ordering::Relaxed);
                let Some(value) = outputs.get(&output.name) else {
                    bail!(RuntimeFailed, "{what}: ONNX Runtime did not give the output {}", output.name)
                };
                to_f32(value, output.element).map_err(|error| fail(&error))
            },
        )
    }
}

impl Port {
    /// A tensor of numbers in the element type that the port takes.
    pub fn tensor(&self, values: ArrayViewD<f32>) -> Result<DynValue> {
        let converted = match self.element {
            TensorElementType::Float32 => Tensor::from_array(values.to_owned()).map(|t| t.into_dyn()),
            TensorElementType::Float16 => Tensor::from_array(values.mapv(f16::from_f32)).map(|t| t.into_dyn()),
            TensorElementType::Float64 => Tensor::from_array(values.mapv(f64::from)).map(|t| t.into_dyn()),
            TensorElementType::Int64 => Tensor::from_array(values.mapv(|v| v as i64)).map(|t| t.into_dyn()),
            TensorElementType::Int32 => Tensor::from_array(values.mapv(|v| v as i32)).map(|t| t.into_dyn()),
            other => bail!(ModelUnsupported, "the input {} takes {other}; expected numbers", self.name),
        };
        converted.map_err(|error| runtime_error(&self.name, &error))
    }

    /// One number in the rank that the port takes: a scalar or a vector.
    pub fn scalar(&self, value: f64) -> Result<DynValue> {
        let shape = match self.shape.as_slice() {
            [] => vec![],
            [fixed] => vec![usize::try_from(*fixed).unwrap_or(1).max(1)],
            more => bail!(ModelUnsupported, "the input {} has shape {more:?}; expected one number", self.name),
        };
        self.tensor(ArrayD::from_elem(IxDyn(&shape), value as f32).view())
    }
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

fn ports(outlets: &[Outlet]) -> Vec<Port> {
    outlets
        .iter()
        .filter_map(|outlet| match outlet.dtype() {
            ValueType::Tensor { ty, shape, .. } => {
                Some(Port { name: outlet.name().to_owned(), element: *ty, shape: shape.to_vec() })
            }
            _ => None,
        })
        .collect()
}

fn describe(port: &Port) -> String {
    format!("{} ({} {:?})", port.name, port.element, port.shape)
}

fn to_f32(value: &DynValue, element: TensorElementType) -> ort::Result<ArrayD<f32>> {
    match element {
        TensorElementType::Float16 => Ok(value.try_extract_array::<f16>()?.mapv(f16::to_f32)),
        _ => Ok(value.try_extract_array::<f32>()?.to_owned()),
    }
}

fn load_error(path: &Path, error: &ort::Error) -> Error {
    use ort::ErrorCode::{InvalidGraph, InvalidProtobuf, NoModel};
    let status = match error.code() {
        InvalidProtobuf | InvalidGraph | NoModel => Status::ModelInvalid,
        _ => memory_or(Status::ModelInvalid, error),
    };
    Error::new(status, format!("{} cannot be loaded: {error}", path.display()))
}

fn runtime_error(what: &str, error: &ort::Error) -> Error {
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
