//! The nodes that wrap a tensor around.

use std::collections::HashMap;
use std::io::{Read, Seek};

use super::Seamless;
use crate::error::{bail, Result};
use crate::model::graph::build::{self, Builder};
use crate::model::graph::node::Node;
use crate::model::scan::wire::Wire;

/// Names of new tensors begin with this, which no exporter writes.
const PREFIX: &str = "scumble.seamless.";
/// Dimensions of a tensor `[n, channels, height, width]`.
const DIMENSIONS: usize = 4;

pub struct Wrapper {
    seamless: Seamless,
    /// Nodes that are to come before the one at hand.
    before: Builder,
    /// Constants that the graph has already, and their names.
    constants: HashMap<Vec<i64>, String>,
}

impl Wrapper {
    pub fn new(seamless: Seamless) -> Self {
        Self { seamless, before: Builder::new(PREFIX), constants: HashMap::new() }
    }

    /// The fields of a graph that take the place of a node, if it sees beyond an edge.
    pub fn wrap<R: Read + Seek>(&mut self, wire: &mut Wire<R>, node: &Node) -> Result<Option<Vec<u8>>> {
        let changed = if node.is_convolution() {
            self.convolution(wire, node)?
        } else if node.is("", "Pad") {
            Some(self.pad(wire, node)?)
        } else if node.padding(wire)? != [0; 4] {
            bail!(ModelUnsupported, "the operator {} pads its input, which cannot be made seamless", node.kind)
        } else {
            match (node.kind.as_str(), node.text(wire, "mode")?.as_deref()) {
                ("Resize" | "Upsample", Some(mode @ ("linear" | "cubic"))) => {
                    bail!(
                        ModelUnsupported,
                        "the operator {} is {mode}; expected nearest to be made seamless",
                        node.kind
                    )
                }
                _ => None,
            }
        };
        Ok(changed.map(|node| [self.before.take(), node].concat()))
    }

    fn convolution<R: Read + Seek>(&mut self, wire: &mut Wire<R>, node: &Node) -> Result<Option<Vec<u8>>> {
        let mut padding = node.padding(wire)?;
        let mut tensor = first_input(node)?.to_owned();
        let mut changed = false;
        for axis in self.seamless.axes() {
            let sides = [axis - 2, axis];
            let [before, after] = sides.map(|side| std::mem::take(&mut padding[side]));
            if before > 0 || after > 0 {
                let start = (before > 0).then(|| self.constant(&[-before]));
                let end = (after > 0).then(|| self.constant(&[after]));
                tensor = self.wrapped(&tensor, axis, start, end);
                changed = true;
            }
        }
        if !changed {
            return Ok(None);
        }
        node.with(wire, &[&tensor], Some(padding)).map(Some)
    }

    /// A `Pad` before a convolution, as the VAE encoder's. Exporters compute how much it pads from constants;
    /// so does the graph here.
    fn pad<R: Read + Seek>(&mut self, wire: &mut Wire<R>, node: &Node) -> Result<Vec<u8>> {
        let mode = node.text(wire, "mode")?.unwrap_or_else(|| "constant".into());
        let pads = match node.inputs.get(1) {
            Some(pads) if mode == "constant" && node.inputs.get(3).is_none_or(String::is_empty) => pads,
            _ => bail!(
                ModelUnsupported,
                "the operator Pad is {mode} with {} inputs; expected constant with 2 or 3 to be made seamless",
                node.inputs.len()
            ),
        };
        let mut tensor = first_input(node)?.to_owned();
        let shape = self.before.node("Shape", &[&tensor], &[]);
        let mut rest = [1; 2 * DIMENSIONS];
        for axis in self.seamless.axes() {
            let [before, after] = [axis, axis + DIMENSIONS].map(|i| {
                rest[i] = 0;
                self.entry(pads, i)
            });
            let size = self.entry(&shape, axis);
            let start = self.before.node("Sub", &[&size, &before], &[]);
            tensor = self.wrapped(&tensor, axis, Some(start), Some(after));
        }
        let rest = self.constant(&rest);
        let pads = self.before.node("Mul", &[pads, &rest], &[]);
        node.with(wire, &[&tensor, &pads], None)
    }

    /// A tensor with its end before it and its beginning after it. `start`: from where on; `end`: up to where.
    fn wrapped(&mut self, tensor: &str, axis: usize, start: Option<String>, end: Option<String>) -> String {
        let before = start.map(|start| self.slice(tensor, axis, &start, i64::MAX));
        let after = end.map(|end| {
            let (zero, axes) = (self.constant(&[0]), self.constant(&[axis as i64]));
            self.before.node("Slice", &[tensor, &zero, &end, &axes], &[])
        });
        let parts: Vec<&str> = before.iter().map(String::as_str).chain([tensor]).chain(after.as_deref()).collect();
        self.before.node("Concat", &parts, &[build::integer("axis", axis as i64)])
    }

    /// A number of a list of them.
    fn entry(&mut self, list: &str, i: usize) -> String {
        let start = self.constant(&[i as i64]);
        self.slice(list, 0, &start, i as i64 + 1)
    }

    fn slice(&mut self, tensor: &str, axis: usize, start: &str, end: i64) -> String {
        let (end, axes) = (self.constant(&[end]), self.constant(&[axis as i64]));
        self.before.node("Slice", &[tensor, start, &end, &axes], &[])
    }

    fn constant(&mut self, values: &[i64]) -> String {
        if let Some(name) = self.constants.get(values) {
            return name.clone();
        }
        let name = self.before.node("Constant", &[], &[build::list(values)]);
        self.constants.insert(values.to_owned(), name.clone());
        name
    }
}

fn first_input(node: &Node) -> Result<&str> {
    match node.inputs.first() {
        Some(input) => Ok(input),
        None => bail!(ModelInvalid, "the operator {} has no input", node.kind),
    }
}
