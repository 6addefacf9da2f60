//! Runs that a device records once and plays again (CUDA graphs, WebGPU's graph capture): one launch in the place of
//! one for each operator.
//!
//! What is recorded are addresses. So sizes are fixed, inputs are copied into tensors that stay where they are, and
//! outputs out of such tensors. ONNX Runtime has no call that copies from one tensor to another on every provider; a
//! session whose model is one `Identity` does.

use std::collections::{BTreeMap, HashMap};

use ort::session::{IoBinding, RunOptions, Session};
use ort::value::{DynValue, ValueType};

use super::port::Port;
use super::values::{in_order, Home, Input};
use crate::model::graph::build::{self, Builder};
use crate::model::options::Options;
use crate::model::session;
use crate::runtime::Place;

/// Sizes of dimensions that a model leaves free, by their names.
pub type Sizes = BTreeMap<String, i64>;

/// What these inputs make of the sizes of their model.
pub fn sizes(inputs: &[Input]) -> Sizes {
    let of = |input: &Input| -> Vec<(String, i64)> {
        let ValueType::Tensor { shape, .. } = input.value.dtype() else { return Vec::new() };
        let named = input.port.names.iter().cloned().zip(shape.iter().copied());
        named.filter(|(name, _)| !name.is_empty()).collect()
    };
    inputs.iter().flat_map(of).collect()
}

/// The inputs and outputs of a session that records.
pub struct Recording {
    binding: IoBinding,
    /// Where inputs stay, and what copies them there: the tensor is the copier's, and has to go before it.
    inputs: HashMap<String, (Option<DynValue>, Copier)>,
    outputs: HashMap<String, Copier>,
}

impl Recording {
    pub fn new(session: &Session) -> ort::Result<Self> {
        Ok(Self { binding: session.create_binding()?, inputs: HashMap::new(), outputs: HashMap::new() })
    }

    /// Makes what copies these inputs and outputs, as far as it is not there.
    pub fn prepare(&mut self, inputs: &[Input], outputs: &[&Port], options: &Options) -> ort::Result<()> {
        for Input { port, .. } in inputs {
            if !self.inputs.contains_key(&port.name) {
                self.inputs.insert(port.name.clone(), (None, Copier::new(port, options)?));
            }
        }
        for port in outputs {
            if !self.outputs.contains_key(&port.name) {
                self.outputs.insert(port.name.clone(), Copier::new(port, options)?);
                options.place().bind_output(&mut self.binding, &port.name)?;
            }
        }
        Ok(())
    }

    /// Runs the session: the first time it records, from then on it plays.
    pub fn run(
        &mut self,
        session: &mut Session,
        inputs: Vec<Input>,
        outputs: &[&Port],
        (place, home): (Place, Home),
        options: &RunOptions,
    ) -> ort::Result<Vec<DynValue>> {
        for Input { port, value, .. } in inputs {
            let (staying, copier) = self.inputs.get_mut(&port.name).expect("prepared");
            match staying {
                Some(tensor) => copier.copy_into(&value, tensor)?,
                None => {
                    let tensor = staying.insert(copier.copy(&value, place)?);
                    self.binding.bind_input(&port.name, tensor)?;
                }
            }
        }
        let values = in_order(session.run_binding_with_options(&self.binding, options)?, outputs)?;
        if home == Home::There {
            return Ok(values);
        }
        let mut take = |(port, value): (&&Port, &DynValue)| {
            self.outputs.get_mut(&port.name).expect("prepared").copy(value, Place::cpu())
        };
        outputs.iter().zip(&values).map(&mut take).collect()
    }
}

/// A session that gives what it is given.
struct Copier {
    session: Session,
    binding: IoBinding,
}

const GIVEN: &str = "given";
const COPY: &str = "copy";

impl Copier {
    fn new(port: &Port, options: &Options) -> ort::Result<Self> {
        let mut nodes = Builder::new("scumble.copy.");
        nodes.named(COPY, "Identity", &[GIVEN], &[]);
        let rank = port.shape.len();
        let graph = build::model(nodes.take(), [(GIVEN, port.element, rank)], [(COPY, port.element, rank)]);
        let session = session::of_graph(&graph, options)?;
        Ok(Self { binding: session.create_binding()?, session })
    }

    /// A new tensor of the same numbers.
    fn copy(&mut self, value: &DynValue, place: Place) -> ort::Result<DynValue> {
        place.bind_output(&mut self.binding, COPY)?;
        self.run(value)?.ok_or_else(|| ort::Error::new("nothing was copied"))
    }

    /// The same numbers in a tensor that is there.
    fn copy_into(&mut self, value: &DynValue, tensor: &mut DynValue) -> ort::Result<()> {
        self.binding.bind_output(COPY, tensor)?;
        self.run(value).map(drop)
    }

    fn run(&mut self, value: &DynValue) -> ort::Result<Option<DynValue>> {
        self.binding.bind_input(GIVEN, value)?;
        let copy = self.session.run_binding(&self.binding)?.remove(COPY);
        self.binding.clear(); // what lies in the memory of another session must not be held when that ends
        Ok(copy)
    }
}
