//! New nodes of a graph.

use ort::value::TensorElementType;

use super::proto;
use super::{GRAPH, NODE};

/// Nodes that are to come before one that is there.
pub struct Builder {
    prefix: &'static str,
    fields: Vec<u8>,
    /// How many tensors were named.
    tensors: usize,
}

impl Builder {
    /// `prefix`: what names of new tensors begin with, which no exporter writes.
    pub fn new(prefix: &'static str) -> Self {
        Self { prefix, fields: Vec::new(), tensors: 0 }
    }

    /// Adds a node, and gives the name of its output.
    pub fn node(&mut self, kind: &str, inputs: &[&str], attributes: &[Vec<u8>]) -> String {
        self.tensors += 1;
        let name = format!("{}{}", self.prefix, self.tensors);
        self.named(&name, kind, inputs, attributes);
        name
    }

    /// Adds a node whose output has this name.
    pub fn named(&mut self, output: &str, kind: &str, inputs: &[&str], attributes: &[Vec<u8>]) {
        let mut node: Vec<u8> = inputs.iter().flat_map(|input| proto::bytes(1, input)).collect();
        node.extend(proto::bytes(2, output));
        node.extend(proto::bytes(4, kind));
        node.extend(attributes.iter().flat_map(|attribute| proto::bytes(5, attribute)));
        self.fields.extend(proto::bytes(NODE, node));
    }

    /// The fields of a graph that hold the nodes since the last call.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.fields)
    }
}

/// A model of these nodes (IR version 8, operator set 13), with inputs and outputs of these ranks and any size.
pub fn model<'p>(
    nodes: Vec<u8>,
    inputs: impl IntoIterator<Item = (&'p str, TensorElementType, usize)>,
    outputs: impl IntoIterator<Item = (&'p str, TensorElementType, usize)>,
) -> Vec<u8> {
    let port = |field: u64, (name, element, rank): (&str, TensorElementType, usize)| {
        // Each dimension is given, and empty: without any, OpenVINO takes it for a single number.
        let shape = proto::bytes(1, []).repeat(rank);
        let tensor = [proto::number(1, number(element)), proto::bytes(2, shape)].concat();
        proto::bytes(field, [proto::bytes(1, name), proto::bytes(2, proto::bytes(1, tensor))].concat())
    };
    let inputs = inputs.into_iter().flat_map(|input| port(11, input));
    let outputs = outputs.into_iter().flat_map(|output| port(12, output));
    let graph: Vec<u8> = nodes.into_iter().chain(proto::bytes(2, "scumble")).chain(inputs).chain(outputs).collect();
    [proto::number(1, 8), proto::bytes(8, proto::number(2, 13)), proto::bytes(GRAPH, graph)].concat()
}

/// An element type as onnx.proto numbers it.
pub fn number(element: TensorElementType) -> i64 {
    match element {
        TensorElementType::Float16 => 10,
        TensorElementType::Float64 => 11,
        TensorElementType::Int64 => 7,
        TensorElementType::Int32 => 6,
        _ => 1, // float32
    }
}

/// An attribute that is a whole number.
pub fn integer(name: &str, value: i64) -> Vec<u8> {
    [proto::bytes(1, name), proto::number(3, value), proto::number(20, 2)].concat()
}

/// An attribute that is a list of whole numbers.
pub fn integers(name: &str, values: &[i64]) -> Vec<u8> {
    let values: Vec<u8> = values.iter().flat_map(|value| proto::number(8, *value)).collect();
    [proto::bytes(1, name), values, proto::number(20, 7)].concat()
}

/// The attribute `value` of a `Constant`: a list of whole numbers.
pub fn list(values: &[i64]) -> Vec<u8> {
    let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let tensor = [proto::number(1, values.len() as i64), proto::number(2, 7), proto::bytes(9, data)].concat();
    value(tensor)
}

/// The attribute `value` of a `Constant`: one number.
pub fn scalar(number: f32) -> Vec<u8> {
    value([proto::number(2, 1), proto::bytes(9, number.to_le_bytes())].concat())
}

fn value(tensor: Vec<u8>) -> Vec<u8> {
    [proto::bytes(1, "value"), proto::bytes(5, tensor), proto::number(20, 4)].concat()
}
