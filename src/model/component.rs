//! One ONNX model of a directory, run by ONNX Runtime. Callers name what they mean by its aliases.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ndarray::ArrayD;
use ort::session::{RunOptions, Session, SessionInputValue};
use ort::value::DynValue;

use super::failure::runtime_error;
use super::memory::Held;
use super::options::Options;
use super::port::Port;
use super::scan::WeightBytes;
use super::session::Source;
use crate::cancel::Cancel;
use crate::error::{bail, Result, Status};
use crate::runtime::{self, Place, Provider};
use crate::testing;

/// What makes a run give the memory back that it computed in, of these devices.
const SHRINK: &str = "memory.enable_memory_arena_shrinkage";

/// Time that sessions of this process have run.
static NANOSECONDS: AtomicU64 = AtomicU64::new(0);

/// How long ONNX Runtime has computed in this process, so that a benchmark can tell what is ours.
pub fn time_in_sessions() -> Duration {
    Duration::from_nanos(NANOSECONDS.load(Ordering::Relaxed))
}

/// An ONNX file and its ports. Its session is there when it is needed.
pub struct Component {
    source: Source,
    options: Options,
    session: Option<Loaded>,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
    weights: WeightBytes,
    scratch: Scratch,
    held: Held,
}

/// A session, and what its arena held before it computed anything.
struct Loaded {
    session: Session,
    arena: u64,
}

/// What becomes of the memory that a run computed in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Scratch {
    /// It is kept for the next run, which comes at once.
    Keep,
    /// The system gets it back.
    GiveBack,
}

impl Component {
    /// Loads an ONNX file.
    pub fn open(source: Source, scratch: Scratch, options: &Options, cancel: &Cancel) -> Result<Self> {
        let (session, weights) = source.open(options, cancel)?;
        let inputs = Port::list(session.inputs());
        let outputs = Port::list(session.outputs());
        let (options, held, session) = (options.clone(), Held::default(), Some(Loaded::new(session)));
        let component = Self { source, options, session, inputs, outputs, weights, scratch, held };
        component.count();
        Ok(component)
    }

    /// Unloads the model, if it is loaded. The next run loads it again.
    pub fn unload(&mut self) {
        if self.session.take().is_some() {
            runtime::give_back();
            self.count();
        }
    }

    /// Whether it makes tiles or whole pictures. The graph for the one takes the place of that for the other.
    pub fn set_in_tiles(&mut self, in_tiles: bool) {
        if self.source.in_tiles != in_tiles {
            self.source.in_tiles = in_tiles;
            self.unload();
        }
    }

    /// The file, and what is made of it.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Bytes that it holds at present, for other threads to see.
    pub fn held(&self) -> &Held {
        &self.held
    }

    fn place(&self) -> Place {
        self.options.device.place.unwrap_or(Place::CPU)
    }

    fn count(&self) {
        // The CPU widens weights of 16 bits.
        let weights = match self.place().provider {
            Provider::Cpu => self.weights.computed,
            _ => self.weights.stored,
        };
        self.held.set(self.session.as_ref().map_or(0, |loaded| weights + loaded.scratch()));
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
                self.source.what,
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
                    self.source.what,
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
        let (what, place) = (self.source.what, self.place());
        let fail = |error: &ort::Error| runtime_error(what, error);
        let loaded = match &mut self.session {
            Some(loaded) => loaded,
            empty => empty.insert(Loaded::new(self.source.open(&self.options, cancel)?.0)),
        };
        let mut options = RunOptions::new().map_err(|error| fail(&error))?;
        if self.scratch == Scratch::GiveBack {
            options.set(SHRINK, place.arenas()).map_err(|error| fail(&error))?;
        }
        let options = Arc::new(options);
        let terminate = Arc::clone(&options);
        let values: Vec<(Cow<str>, SessionInputValue)> =
            inputs.into_iter().map(|(port, value)| (Cow::from(port.name.as_str()), value.into())).collect();
        let result = cancel.interruptible(
            move || drop(terminate.terminate()),
            || {
                let start = Instant::now();
                if let Some(text) = testing::failure("component_run") {
                    return Err(fail(&ort::Error::new(text)));
                }
                let given = loaded.session.run_with_options(values, &options).map_err(|error| fail(&error))?;
                NANOSECONDS.fetch_add(start.elapsed().as_nanos() as u64, Ordering::Relaxed);
                let read = |port: &&Port| match given.get(&port.name) {
                    Some(value) => port.read(value).map_err(|error| fail(&error)),
                    None => bail!(RuntimeFailed, "{what}: ONNX Runtime did not give the output {}", port.name),
                };
                outputs.iter().map(read).collect()
            },
        );
        match &result {
            // Nothing of it can be used again: the next run begins anew, on a device that may be there by then.
            Err(error) if error.status() == Status::DeviceLost => self.unload(),
            _ => self.count(),
        }
        result
    }

    /// Likewise, for a single output.
    pub fn run_one(&mut self, inputs: Vec<(&Port, DynValue)>, output: &Port, cancel: &Cancel) -> Result<ArrayD<f32>> {
        Ok(self.run(inputs, &[output], cancel)?.remove(0))
    }
}

impl Loaded {
    fn new(session: Session) -> Self {
        Self { arena: runtime::arena(&session), session }
    }

    /// Bytes that it computed in and still holds. The rest is weights: some are in the arena, some not.
    fn scratch(&self) -> u64 {
        runtime::arena(&self.session).saturating_sub(self.arena)
    }
}

fn find(ports: &[Port], aliases: &[&str]) -> Option<Port> {
    ports.iter().find(|port| aliases.contains(&port.name.as_str())).cloned()
}
