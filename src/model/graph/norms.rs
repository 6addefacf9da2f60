//! Normalisations of a decoder that can be told what to normalise by, so that all tiles of a picture are
//! normalised alike. By itself, each would by the mean and variance of its tile, and have colours of its own.
//!
//! Exporters write a group normalisation as `InstanceNormalization(x, scale, bias)` of `[1, groups, …]`. That
//! stays, and so does its speed; scale and bias are computed so that what comes out is
//! `(x - mean) / √(variance + ε) · scale + bias` with a mean and a variance that are inputs of the graph. NaN
//! stands for those of x, which are outputs of the graph.

use std::io::{Read, Seek};

use super::build::{self, Builder};
use super::node::Node;
use super::proto;
use super::rewrite::{Constants, Rewrite};
use crate::error::Result;
use crate::model::scan::wire::{Message, Wire};
use crate::model::scan::MAX_NAME;

/// The operator that is rewritten.
pub const OPERATOR: &str = "InstanceNormalization";
/// Names of new tensors begin with this, which no exporter writes.
const PREFIX: &str = "scumble.norm.";
/// The element type that means and variances have.
const FLOAT: i64 = 1;

/// The names of the inputs of a normalisation, and of its outputs: the mean first, then the variance.
pub fn ports(norm: usize) -> ([String; 2], [String; 2]) {
    let names = |kind: &str| ["mean", "variance"].map(|what| format!("{PREFIX}{kind}.{what}.{norm}"));
    (names("given"), names("own"))
}

/// The bytes of an ONNX file whose normalisations can be told. It is one that the scan let through.
pub fn rewrite(file: impl Read + Seek, length: u64) -> Result<Vec<u8>> {
    let (wire, model) = Wire::new(file, length);
    let mut rewriter = Rewriter { wire, build: Builder::new(PREFIX), norms: 0, operators: 0 };
    rewriter.operators = rewriter.operators(model)?;
    rewriter.model(model)
}

struct Rewriter<R> {
    wire: Wire<R>,
    build: Builder,
    norms: usize,
    /// The version of ONNX's operators: from 18 on, axes are inputs.
    operators: u64,
}

impl<R: Read + Seek> Rewrite<R> for Rewriter<R> {
    fn wire(&mut self) -> &mut Wire<R> {
        &mut self.wire
    }

    fn node(&mut self, node: &Node, constants: &mut Constants) -> Result<Option<Vec<u8>>> {
        let (true, [x, scale, bias]) = (node.is("", OPERATOR), node.inputs.as_slice()) else { return Ok(None) };
        let element = constants.get(scale).map_or(FLOAT, |scale| scale.element);
        let [scale, bias] = self.told(x, [scale, bias], element, node.number("epsilon").unwrap_or(1e-5));
        Ok(Some([self.build.take(), node.with(&mut self.wire, &[x, &scale, &bias], None)?].concat()))
    }

    fn end(&mut self) -> Vec<u8> {
        let ports = (0..self.norms).map(ports).flat_map(|(given, own)| {
            let given = given.into_iter().map(|name| proto::bytes(11, list_of_floats(&name)));
            given.chain(own.into_iter().map(|name| proto::bytes(12, list_of_floats(&name))))
        });
        ports.flatten().collect()
    }
}

// The numbers are those of onnx.proto.
impl<R: Read + Seek> Rewriter<R> {
    fn operators(&mut self, mut model: Message) -> Result<u64> {
        let mut found = 0;
        while let Some((number, value)) = self.wire.field(&mut model)? {
            if number != 8 {
                continue;
            }
            let (mut set, mut domain, mut version) = (self.wire.bytes(value)?, String::new(), 0);
            while let Some((number, value)) = self.wire.field(&mut set)? {
                match number {
                    1 => domain = self.wire.text(self.wire.bytes(value)?, MAX_NAME)?,
                    2 => version = self.wire.number(value)?,
                    _ => (),
                }
            }
            if ["", "ai.onnx"].contains(&domain.as_str()) {
                found = version;
            }
        }
        Ok(found)
    }

    /// The scale and the bias with which `InstanceNormalization` gives what it would with the mean and the
    /// variance that the graph is told.
    fn told(&mut self, x: &str, [scale, bias]: [&str; 2], element: i64, epsilon: f32) -> [String; 2] {
        let (given, own) = ports(self.norms);
        self.norms += 1;
        let x = self.cast(x, element, FLOAT);
        let rows = self.build.node("Flatten", &[&x], &[build::integer("axis", 2)]);
        self.reduce("ReduceMean", &rows, &own[0]);
        let squares = format!("{}.squares", own[1]);
        self.reduce("ReduceSumSquare", &rows, &squares); // unlike Mul, without a copy of all of x
        let [all, groups] = [&rows, &own[0]].map(|tensor| {
            let size = self.build.node("Size", &[tensor], &[]);
            self.build.node("Cast", &[&size], &[build::integer("to", FLOAT)])
        });
        let length = self.build.node("Div", &[&all, &groups], &[]);
        let of_squares = self.build.node("Div", &[&squares, &length], &[]);
        let square = self.build.node("Mul", &[&own[0], &own[0]], &[]);
        let variance = self.build.node("Sub", &[&of_squares, &square], &[]);
        self.build.named(&own[1], "Relu", &[&variance], &[]); // rounding may make it negative

        let [mean, variance] = [0, 1].map(|i| {
            let is_open = self.build.node("IsNaN", &[&given[i]], &[]);
            self.build.node("Where", &[&is_open, &own[i], &given[i]], &[])
        });
        let epsilon = self.build.node("Constant", &[], &[build::scalar(epsilon)]);
        let [own_deviation, deviation] = [&own[1], &variance].map(|variance| {
            let sum = self.build.node("Add", &[variance, &epsilon], &[]);
            self.build.node("Sqrt", &[&sum], &[])
        });
        let [scale, bias] = [scale, bias].map(|tensor| self.cast(tensor, element, FLOAT));
        let ratio = self.build.node("Div", &[&own_deviation, &deviation], &[]);
        let new_scale = self.build.node("Mul", &[&scale, &ratio], &[]);
        let distance = self.build.node("Sub", &[&own[0], &mean], &[]);
        let distance = self.build.node("Div", &[&distance, &deviation], &[]);
        let shift = self.build.node("Mul", &[&scale, &distance], &[]);
        let new_bias = self.build.node("Add", &[&bias, &shift], &[]);
        [new_scale, new_bias].map(|tensor| self.cast(&tensor, FLOAT, element))
    }

    /// Over each row.
    fn reduce(&mut self, kind: &str, rows: &str, output: &str) {
        let keep = build::integer("keepdims", 0);
        if self.operators < 18 {
            self.build.named(output, kind, &[rows], &[build::integers("axes", &[1]), keep]);
        } else {
            let axes = self.build.node("Constant", &[], &[build::list(&[1])]);
            self.build.named(output, kind, &[rows, &axes], &[keep]);
        }
    }

    fn cast(&mut self, tensor: &str, from: i64, to: i64) -> String {
        match from == to {
            true => tensor.to_owned(),
            false => self.build.node("Cast", &[tensor], &[build::integer("to", to)]),
        }
    }
}

/// An input or an output of a graph.
fn list_of_floats(name: &str) -> Vec<u8> {
    let length = proto::bytes(1, proto::bytes(2, format!("{name}.length")));
    let tensor = [proto::number(1, FLOAT), proto::bytes(2, length)].concat();
    [proto::bytes(1, name), proto::bytes(2, proto::bytes(1, tensor))].concat()
}
