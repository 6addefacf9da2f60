//! One ONNX model of a directory, run by ONNX Runtime. Callers name what they mean by its aliases.

use std::sync::Arc;

use ndarray::ArrayD;
use ort::session::RunOptions;

use super::failure::runtime_error;
use super::loaded::Loaded;
use super::port::Port;
use super::recording;
use super::values::{Home, Input, Numbers, Values};
use super::Source;
use crate::cancel::Cancel;
use crate::error::{bail, Error, Result, Status};
use crate::log::{self, LogLevel};
use crate::model::memory::Held;
use crate::model::options::{Device, Options};
use crate::runtime::{self, Place, Provider};
use crate::testing;
use crate::{memory, reserve};

/// An ONNX file and its ports. Its session is there when it is needed.
pub struct Component {
    source: Source,
    options: Options,
    session: Option<Loaded>,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
    scratch: Scratch,
    /// Whether runs are recorded and played again.
    records: bool,
    held: Held,
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
    pub fn open(mut source: Source, scratch: Scratch, options: &Options, cancel: &Cancel) -> Result<Self> {
        let session = reserve::spared(|| source.open(options, cancel))?;
        let inputs = Port::list(session.inputs());
        let outputs = Port::list(session.outputs());
        let (options, held, session) = (options.clone(), Held::default(), Some(Loaded::new(session, options.place())));
        for port in &inputs {
            port.check_input().map_err(|error| error.within(source.what))?;
        }
        let component = Self { source, options, session, inputs, outputs, scratch, records: false, held };
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

    /// Has it run elsewhere from the next run on.
    pub fn move_to(&mut self, device: Device) {
        self.unload();
        self.options.device = device;
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
        let Some(mut source) = self.source.widen().map_err(not_finite)? else { return Ok(false) };
        self.unload(); // there may be no room for both
        let session = source.open(&self.options, cancel).map_err(not_finite)?;
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
            Provider::Cpu => self.source.weights().computed,
            _ if self.source.widened => self.source.weights().computed,
            _ => self.source.weights().stored,
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
        let port = self.require(&self.outputs, "output", aliases)?;
        port.check_output().map_err(|error| error.within(self.source.what))?;
        Ok(port)
    }

    /// The output that goes by one of these names, if there is one.
    pub fn optional_output(&self, aliases: &[&str]) -> Result<Option<Port>> {
        find(&self.outputs, aliases).map(|port| self.output(&[&port.name])).transpose()
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
        self.session.as_ref().is_some_and(|loaded| loaded.has(port, numbers))
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
        memory::for_thread()?;
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
            empty => empty.insert(Loaded::new(self.source.open(&self.options, cancel)?, place)),
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

fn find(ports: &[Port], aliases: &[&str]) -> Option<Port> {
    ports.iter().find(|port| aliases.contains(&port.name.as_str())).cloned()
}
