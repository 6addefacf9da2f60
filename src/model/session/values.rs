//! What sessions are given, and what they give: values in the memory of this process, or of a device.

use std::borrow::Cow;
use std::ops::Deref;

use ort::session::{SessionInputValue, SessionOutputs};
use ort::value::{DynTensorValueType, DynValue};

use super::port::Port;
use crate::runtime::Place;

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

impl Values {
    /// Values of a run there.
    pub(super) fn at(place: Place, values: Vec<DynValue>) -> Self {
        Self { values, place }
    }
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
        Self::at(Place::cpu(), values)
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

pub(super) fn by_name(inputs: Vec<Input<'_>>) -> Vec<(Cow<'_, str>, SessionInputValue<'_>)> {
    inputs.into_iter().map(|input| (Cow::from(input.port.name.as_str()), input.value)).collect()
}

/// The outputs of a run, each by the name of its port.
pub(super) fn in_order(mut values: SessionOutputs, ports: &[&Port]) -> ort::Result<Vec<DynValue>> {
    let missing = |port: &Port| ort::Error::new(format!("the output {} was not given", port.name));
    ports.iter().map(|port| values.remove(&port.name).ok_or_else(|| missing(port))).collect()
}

/// Whether a value is in the memory of this process.
pub(super) fn is_here(value: &DynValue) -> bool {
    let tensor = value.view().downcast::<DynTensorValueType>();
    tensor.is_ok_and(|tensor| tensor.memory_info().is_cpu_accessible())
}
