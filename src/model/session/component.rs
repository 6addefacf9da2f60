//! One ONNX model of a directory, run by ONNX Runtime. Callers name what they mean by its aliases.

use std::borrow::Cow;
use std::collections::HashMap;
use std::mem;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ndarray::ArrayD;
use ort::session::{IoBinding, RunOptions, Session, SessionInputValue, SessionOutputs};
use ort::value::{DynTensorValueType, DynValue, Tensor, ValueType};

use super::failure::runtime_error;
use super::port::Port;
use super::recording::{self, Recording};
use super::Source;
use crate::cancel::Cancel;
use crate::error::{bail, Error, Result, Status};
use crate::log::{self, LogLevel};
use crate::model::memory::Held;
use crate::model::options::Options;
use crate::model::scan::WeightBytes;
use crate::runtime::{self, Making, Place, Provider};
use crate::testing;

/// Time that sessions of this process have run.
static NANOSECONDS: AtomicU64 = AtomicU64::new(0);

/// How long ONNX Runtime has computed in this process, so that a benchmark can tell what is ours.
pub fn time_in_sessions() -> Duration {
    Duration::from_nanos(NANOSECONDS.load(Ordering::Relaxed))
}

/// Bytes that went to devices with memory of their own, and that came back.
static COPIED: AtomicU64 = AtomicU64::new(0);

/// How many bytes this process has copied between its own memory and that of devices: inputs and outputs of models.
pub fn bytes_copied() -> u64 {
    COPIED.load(Ordering::Relaxed)
}

fn count_copy(value: &DynValue) {
    if let ValueType::Tensor { ty, shape, .. } = value.dtype() {
        COPIED.fetch_add(ty.byte_size(shape.num_elements()).unwrap_or(0) as u64, Ordering::Relaxed);
    }
}

/// Whether a value is in the memory of this process.
fn is_here(value: &DynValue) -> bool {
    let tensor = value.view().downcast::<DynTensorValueType>();
    tensor.is_ok_and(|tensor| tensor.memory_info().is_cpu_accessible())
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
    /// Whether runs are recorded and played again.
    records: bool,
    held: Held,
}

/// A session, where it runs, and what its arena held before it computed anything.
pub struct Loaded {
    session: Session,
    place: Place,
    /// Of the device, when the session was made.
    losses: usize,
    arena: u64,
    /// On a device with memory of its own.
    bound: Option<IoBinding>,
    /// The inputs that lie there from one run to the next.
    kept: HashMap<String, Numbers>,
    /// Where runs are recorded.
    recording: Option<Recording>,
    has_run: bool,
}

/// Where outputs are wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Home {
    /// In the memory of this process.
    Here,
    /// Where the model runs, for another model there.
    There,
}

/// Outputs of a run, as they lie. What is a device's is given back in its turn.
pub struct Values {
    values: Vec<DynValue>,
    place: Place,
}

impl Deref for Values {
    type Target = [DynValue];

    fn deref(&self) -> &[DynValue] {
        &self.values
    }
}

impl From<Vec<DynValue>> for Values {
    /// Values in the memory of this process.
    fn from(values: Vec<DynValue>) -> Self {
        Self { values, place: Place::cpu() }
    }
}

impl Drop for Values {
    fn drop(&mut self) {
        let _turn = self.place.turn();
        self.values.clear();
    }
}

/// Which numbers an input was given: those of which conditions, from which row of the batch on.
pub type Numbers = (u64, usize);

/// What a session is given.
pub struct Input<'a> {
    pub port: &'a Port,
    pub value: SessionInputValue<'a>,
    /// What it will be known by, if it is worth keeping for later runs.
    pub kept: Option<Numbers>,
}

impl<'a> Input<'a> {
    /// For one run alone.
    pub fn once(port: &'a Port, value: impl Into<SessionInputValue<'a>>) -> Self {
        Self { port, value: value.into(), kept: None }
    }
}

impl<'a> From<(&'a Port, DynValue)> for Input<'a> {
    fn from((port, value): (&'a Port, DynValue)) -> Self {
        Self::once(port, value)
    }
}

fn by_name(inputs: Vec<Input<'_>>) -> Vec<(Cow<'_, str>, SessionInputValue<'_>)> {
    inputs.into_iter().map(|input| (Cow::from(input.port.name.as_str()), input.value)).collect()
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
        let (options, held, session) = (options.clone(), Held::default(), Some(Loaded::new(session, options.place())));
        let component = Self { source, options, session, inputs, outputs, weights, scratch, records: false, held };
        component.count();
        Ok(component)
    }

    /// Unloads the model, if it is loaded. The next run loads it again.
    pub fn unload(&mut self) {
        if self.end() {
            runtime::give_back();
            self.count();
        }
    }

    /// Ends the session, if there is one.
    fn end(&mut self) -> bool {
        self.session.take().map(Loaded::end).is_some()
    }

    /// Has its runs recorded and played again, if the provider is told so.
    pub fn record(&mut self) {
        self.records = runtime::records(&self.options.device.provider_options);
    }

    /// Ends a session for other sizes than those of these inputs. Inputs that are not given have the same as before.
    fn fix(&mut self, inputs: &[Input]) {
        let sizes = recording::sizes(inputs);
        let recorded = self.source.recorded.as_ref();
        if recorded.is_none_or(|recorded| sizes.iter().any(|(name, size)| recorded.get(name) != Some(size))) {
            self.unload();
            self.source.recorded = Some(sizes);
        }
    }

    /// Whether it makes tiles or whole pictures. The graph for the one takes the place of that for the other.
    pub fn set_in_tiles(&mut self, in_tiles: bool) {
        if self.source.in_tiles != in_tiles {
            self.source.in_tiles = in_tiles;
            self.unload();
        }
    }

    /// Loads it again, now to compute in float32 what it computes in float16, after a run that gave values that are
    /// not finite. Tells whether there is any such: then its ports are float32, and copies of them have to be.
    pub fn widen(&mut self, cancel: &Cancel) -> Result<bool> {
        let what = self.source.what;
        let not_finite = |error: Error| match error.status() {
            Status::ModelInvalid | Status::ModelUnsupported => {
                let text = "its values are not finite in float16, and it cannot be widened to float32";
                Error::new(Status::NotFinite, format!("{what}: {text}: {error}"))
            }
            _ => error,
        };
        let Some(source) = self.source.widen().map_err(not_finite)? else { return Ok(false) };
        self.unload(); // there may be no room for both
        let (session, _) = source.open(&self.options, cancel).map_err(not_finite)?;
        (self.source, self.session) = (source, Some(Loaded::new(session, self.place())));
        self.inputs.iter_mut().chain(&mut self.outputs).for_each(Port::widen);
        self.count();
        let text = "overflowed in float16, whose largest number is 65504. It is run again in float32, and from now on \
                    in that alone: this run takes twice the time, and on a device that computes in float16 each takes \
                    twice the memory and more time than it did. An export in float32 saves the first try";
        log::push(LogLevel::Warning, format!("{what}: {text}"));
        Ok(true)
    }

    /// The file, and what is made of it.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// How it is loaded and run.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Bytes that it holds at present, for other threads to see.
    pub fn held(&self) -> &Held {
        &self.held
    }

    fn place(&self) -> Place {
        self.options.place()
    }

    fn count(&self) {
        // The CPU widens weights of 16 bits itself.
        let weights = match self.place().provider {
            Provider::Cpu => self.weights.computed,
            _ if self.source.widened => self.weights.computed,
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

    /// Whether the device still has these numbers for an input, so that they need not be given.
    pub fn has(&self, port: &Port, numbers: Option<Numbers>) -> bool {
        let keeps = |loaded: &Loaded| !loaded.is_lost() && loaded.kept.get(&port.name).copied() == numbers;
        numbers.is_some() && self.session.as_ref().is_some_and(keeps)
    }

    /// Runs the model and gives these outputs, as f32.
    pub fn run<'a>(
        &mut self,
        inputs: Vec<impl Into<Input<'a>>>,
        outputs: &[&Port],
        cancel: &Cancel,
    ) -> Result<Vec<ArrayD<f32>>> {
        let values = self.compute(inputs, outputs, Home::Here, cancel)?;
        let read = |(port, value): (&&Port, _)| port.read(value).map_err(|error| error.within(self.source.what));
        outputs.iter().zip(values.iter()).map(read).collect()
    }

    /// Runs the model and gives these outputs as they are.
    pub fn compute<'a>(
        &mut self,
        inputs: Vec<impl Into<Input<'a>>>,
        outputs: &[&Port],
        home: Home,
        cancel: &Cancel,
    ) -> Result<Values> {
        let (what, place) = (self.source.what, self.place());
        let fail = |error: &ort::Error| runtime_error(what, place, error);
        let inputs: Vec<Input> = inputs.into_iter().map(Into::into).collect();
        if self.records {
            self.fix(&inputs);
        }
        if self.session.as_ref().is_some_and(Loaded::is_lost) {
            self.unload();
        }
        let loaded = match &mut self.session {
            Some(loaded) => loaded,
            empty => empty.insert(Loaded::new(self.source.open(&self.options, cancel)?.0, place)),
        };
        if self.records {
            loaded.prepare(&inputs, outputs, &self.options).map_err(|error| fail(&error))?;
        }
        let mut options = RunOptions::new().map_err(|error| fail(&error))?;
        if self.scratch == Scratch::GiveBack {
            place.give_back_after(&mut options).map_err(|error| fail(&error))?;
        }
        let options = Arc::new(options);
        let terminate = Arc::clone(&options);
        let result = cancel.interruptible(
            move || drop(terminate.terminate()),
            || match testing::failure("component_run") {
                Some(text) => Err(fail(&ort::Error::new(text))),
                None => loaded.run(inputs, outputs, home, &options).map_err(|error| fail(&error)),
            },
        );
        match &result {
            Err(_) if self.records => self.unload(), // it may be recorded in part
            _ => self.count(),
        }
        result
    }

    /// Likewise, for a single output.
    pub fn run_one<'a>(
        &mut self,
        inputs: Vec<impl Into<Input<'a>>>,
        output: &Port,
        cancel: &Cancel,
    ) -> Result<ArrayD<f32>> {
        Ok(self.run(inputs, &[output], cancel)?.remove(0))
    }
}

impl Drop for Component {
    fn drop(&mut self) {
        self.end();
    }
}

impl Loaded {
    pub fn new(session: Session, place: Place) -> Self {
        let arena = runtime::arena(&session, place);
        let losses = place.losses();
        Self { arena, session, place, losses, bound: None, kept: HashMap::new(), recording: None, has_run: false }
    }

    /// Whether its device was lost since it was made.
    fn is_lost(&self) -> bool {
        self.losses != self.place.losses()
    }

    /// Ends the session, in its turn.
    pub fn end(self) {
        if self.is_lost() {
            return mem::forget(self);
        }
        let _turn = self.place.turn();
        drop(self);
    }

    /// Makes what a run that is recorded needs, before the turn of that run.
    fn prepare(&mut self, inputs: &[Input], outputs: &[&Port], options: &Options) -> ort::Result<()> {
        let recording = match &mut self.recording {
            Some(recording) => recording,
            empty => empty.insert(Recording::new(&self.session)?),
        };
        recording.prepare(inputs, outputs, options)
    }

    /// Runs the session. The outputs come in the order of their ports.
    pub fn run(
        &mut self,
        inputs: Vec<Input>,
        outputs: &[&Port],
        home: Home,
        options: &RunOptions,
    ) -> ort::Result<Values> {
        // WebGPU's provider makes static objects in its first run.
        let _making = (!self.has_run && self.place != Place::cpu()).then(Making::enter);
        self.has_run = true;
        let _turn = self.place.turn();
        let start = Instant::now();
        let values = match self.place.provider {
            Provider::Cpu => self.run_here(inputs, outputs, options)?,
            _ => self.run_there(inputs, outputs, home, options)?,
        };
        NANOSECONDS.fetch_add(start.elapsed().as_nanos() as u64, Ordering::Relaxed);
        Ok(Values { values, place: self.place })
    }

    fn run_here(&mut self, inputs: Vec<Input>, outputs: &[&Port], options: &RunOptions) -> ort::Result<Vec<DynValue>> {
        in_order(self.session.run_with_options(by_name(inputs), options)?, outputs)
    }

    /// Runs with inputs that are copied to the device, each once for as long as it stays.
    fn run_there(
        &mut self,
        inputs: Vec<Input>,
        outputs: &[&Port],
        home: Home,
        options: &RunOptions,
    ) -> ort::Result<Vec<DynValue>> {
        for Input { port, value, .. } in &inputs {
            self.kept.remove(&port.name);
            if is_here(value) {
                count_copy(value);
            }
        }
        let keeps = |input: &Input| Some((input.port.name.clone(), input.kept?));
        let kept: Vec<(String, Numbers)> = inputs.iter().filter_map(keeps).collect();
        let values = match &mut self.recording {
            Some(recording) => recording.run(&mut self.session, inputs, outputs, (self.place, home), options)?,
            None => self.run_bound(inputs, outputs, home, options)?,
        };
        self.kept.extend(kept);
        values.iter().filter(|value| is_here(value)).for_each(count_copy);
        Ok(values)
    }

    /// Likewise, where runs are not recorded.
    fn run_bound(
        &mut self,
        inputs: Vec<Input>,
        outputs: &[&Port],
        home: Home,
        options: &RunOptions,
    ) -> ort::Result<Vec<DynValue>> {
        let binding = match &mut self.bound {
            Some(binding) => binding,
            empty => empty.insert(self.session.create_binding()?),
        };
        let mut lent = Vec::new();
        for Input { port, value, .. } in inputs {
            binding.bind_input(&port.name, &*value)?;
            if !is_here(&value) {
                lent.push(&port.name);
            }
        }
        let place = match home {
            Home::Here => Place::cpu(),
            Home::There => self.place,
        };
        for port in outputs {
            place.bind_output(binding, &port.name)?;
        }
        let run = self.session.run_binding_with_options(binding, options);
        let values = run.and_then(|values| in_order(values, outputs));
        // What lies in the memory of another session must not be held when that ends.
        let nothing = Tensor::from_array(([1], vec![0.0f32]))?;
        for name in lent {
            binding.bind_input(name, &nothing)?;
        }
        values
    }

    /// Bytes that it computed in and still holds. The rest is weights: some are in the arena, some not.
    fn scratch(&self) -> u64 {
        runtime::arena(&self.session, self.place).saturating_sub(self.arena)
    }
}

/// The outputs of a run, each by the name of its port.
pub(super) fn in_order(mut values: SessionOutputs, ports: &[&Port]) -> ort::Result<Vec<DynValue>> {
    let missing = |port: &Port| ort::Error::new(format!("the output {} was not given", port.name));
    ports.iter().map(|port| values.remove(&port.name).ok_or_else(|| missing(port))).collect()
}

fn find(ports: &[Port], aliases: &[&str]) -> Option<Port> {
    ports.iter().find(|port| aliases.contains(&port.name.as_str())).cloned()
}
