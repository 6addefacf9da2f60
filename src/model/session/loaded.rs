//! A session, and how it is run: here, or where its device lies.

use std::collections::HashMap;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ort::session::{IoBinding, RunOptions, Session};
use ort::value::{DynValue, Tensor, ValueType};

use super::port::Port;
use super::recording::Recording;
use super::values::{by_name, in_order, is_here, Home, Input, Numbers, Values};
use crate::model::options::Options;
use crate::runtime::{self, Making, Place, Provider};

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

impl Loaded {
    pub fn new(session: Session, place: Place) -> Self {
        let arena = runtime::arena(&session, place);
        let losses = place.losses();
        Self { arena, session, place, losses, bound: None, kept: HashMap::new(), recording: None, has_run: false }
    }

    /// Whether its device was lost since it was made.
    pub fn is_lost(&self) -> bool {
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

    /// Whether these numbers for an input lie on the device from an earlier run.
    pub fn has(&self, port: &Port, numbers: Option<Numbers>) -> bool {
        numbers.is_some() && !self.is_lost() && self.kept.get(&port.name).copied() == numbers
    }

    /// Makes what a run that is recorded needs, before the turn of that run.
    pub fn prepare(&mut self, inputs: &[Input], outputs: &[&Port], options: &Options) -> ort::Result<()> {
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
        Ok(Values::at(self.place, values))
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
    pub fn scratch(&self) -> u64 {
        runtime::arena(&self.session, self.place).saturating_sub(self.arena)
    }
}
