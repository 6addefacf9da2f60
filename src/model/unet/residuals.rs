//! What ControlNets add to the UNet, scaled and summed where they run: it is as large as many pictures, and would
//! otherwise travel at every step.

use ndarray::ArrayD;
use ort::session::RunOptions;
use ort::value::{DynValue, TensorElementType};

use crate::error::Result;
use crate::model::graph::build::{self, Builder};
use crate::model::options::Options;
use crate::model::session;
use crate::model::session::failure::runtime_error;
use crate::model::session::loaded::Loaded;
use crate::model::session::port::Port;
use crate::model::session::values::{Home, Input, Values};
use crate::runtime::Place;

const WHAT: &str = "sum of ControlNets";
const SINGLE: TensorElementType = TensorElementType::Float32;

/// `sum = before + scale · own`, for each residual of a ControlNet, computed in float32.
pub struct Sum {
    place: Place,
    /// There until it ends.
    loaded: Option<Loaded>,
    before: Vec<Port>,
    own: Vec<Port>,
    scale: Port,
    sums: Vec<Port>,
}

impl Sum {
    /// For what this ControlNet gives, and the UNet takes.
    pub fn new(given: &[Port], taken: &[Port], options: &Options) -> Result<Self> {
        let ports = |name: &str, like: &[Port]| {
            let port = |(i, port): (usize, &Port)| Port::new(format!("{name}_{i}"), port.element, vec![-1; 4]);
            like.iter().enumerate().map(port).collect::<Vec<Port>>()
        };
        let scale = Port::new("scale", SINGLE, vec![]);
        let (before, own, sums) = (ports("before", taken), ports("own", given), ports("sum", taken));
        let graph = graph(&before, &own, &scale, &sums);
        let place = options.place();
        let session = session::of_graph(&graph, options).map_err(|error| runtime_error(WHAT, place, &error))?;
        Ok(Self { place, loaded: Some(Loaded::new(session, place)), before, own, scale, sums })
    }

    /// Adds what a ControlNet gave to what those before it did, if there was any.
    pub fn add(&mut self, before: &[DynValue], own: &[DynValue], scale: f32, home: Home) -> Result<Values> {
        let place = self.place;
        let fail = |error: ort::Error| runtime_error(WHAT, place, &error);
        let mut inputs = vec![Input::once(&self.scale, self.scale.scalar(f64::from(scale))?)];
        inputs.extend(self.own.iter().zip(own).map(|(port, value)| Input::once(port, value)));
        if before.is_empty() {
            for port in &self.before {
                inputs.push(Input::once(port, port.tensor(ArrayD::zeros(vec![1; port.shape.len()]).view())?));
            }
        }
        inputs.extend(self.before.iter().zip(before).map(|(port, value)| Input::once(port, value)));
        let outputs: Vec<&Port> = self.sums.iter().collect();
        let options = RunOptions::new().map_err(fail)?;
        let loaded = self.loaded.as_mut().expect("there until it ends");
        loaded.run(inputs, &outputs, home, &options).map_err(fail)
    }
}

impl Drop for Sum {
    fn drop(&mut self) {
        if let Some(loaded) = self.loaded.take() {
            loaded.end();
        }
    }
}

/// An ONNX model of these additions.
fn graph(before: &[Port], own: &[Port], scale: &Port, sums: &[Port]) -> Vec<u8> {
    let mut nodes = Builder::new("scumble.sum.");
    let single = [build::integer("to", build::number(SINGLE))];
    for ((before, own), sum) in before.iter().zip(own).zip(sums) {
        let [before, own] = [before, own].map(|port| nodes.node("Cast", &[&port.name], &single));
        let scaled = nodes.node("Mul", &[&own, &scale.name], &[]);
        let total = nodes.node("Add", &[&before, &scaled], &[]);
        nodes.named(&sum.name, "Cast", &[&total], &[build::integer("to", build::number(sum.element))]);
    }
    let inputs = before.iter().chain(own).chain([scale]);
    build::model(nodes.take(), inputs.map(described), sums.iter().map(described))
}

fn described(port: &Port) -> (&str, TensorElementType, usize) {
    (&port.name, port.element, port.shape.len())
}
