//! A UNet that takes timesteps as whole numbers, or in float16, made to take them in float32: several samplers visit
//! timesteps such as 958.04, and a UNet computes with them in float32 anyway, after a `Cast`.
//!
//! The input, and what merely has other dimensions of it, is float32 instead. Where anything but a cast computes with
//! these, the graph stays as it is.

use std::collections::HashSet;
use std::io::{Read, Seek};

use super::replace::{Change, Replace};
use super::{proto, GRAPH};
use crate::error::Result;
use crate::model::scan::wire::{Message, Value, Wire};
use crate::model::scan::Node;

/// Operators that give their first input with other dimensions.
const RESHAPING: [&str; 7] = ["Expand", "Flatten", "Identity", "Reshape", "Squeeze", "Tile", "Unsqueeze"];

// The numbers are those of onnx.proto.
const FLOAT: i64 = 1;
const INT32: u64 = 6;
const INT64: u64 = 7;
const FLOAT16: u64 = 10;

/// The bytes of an ONNX file whose input of this name is float32; none where that cannot be, or where it does
/// already. It is one that the scan let through, and has these nodes.
pub fn rewrite(file: impl Read + Seek, length: u64, input: &str, nodes: &[Node]) -> Result<Option<Vec<u8>>> {
    let Some(names) = until_cast(input, nodes) else { return Ok(None) };
    let (wire, model) = Wire::new(file, length);
    Rewriter { wire, names }.model(model)
}

/// The tensors that are this one, with whatever dimensions, before it is cast; none where another operator takes it.
fn until_cast(input: &str, nodes: &[Node]) -> Option<HashSet<String>> {
    let mut names = HashSet::from([input.to_owned()]);
    // Nodes come in the order in which they can be computed.
    for node in nodes {
        let Some((first, rest)) = node.inputs.split_first() else { continue };
        if rest.iter().any(|input| names.contains(input)) {
            return None;
        }
        match node.operator.as_str() {
            _ if !names.contains(first) => {}
            "Cast" | "Shape" => {}
            operator if RESHAPING.contains(&operator) => names.extend(node.outputs.iter().cloned()),
            _ => return None,
        }
    }
    Some(names)
}

struct Rewriter<R> {
    wire: Wire<R>,
    names: HashSet<String>,
}

impl<R: Read + Seek> Replace<R> for Rewriter<R> {
    fn wire(&mut self) -> &mut Wire<R> {
        &mut self.wire
    }
}

impl<R: Read + Seek> Rewriter<R> {
    fn model(&mut self, model: Message) -> Change {
        self.replace(model, |this, number, value| match number {
            GRAPH => this.within(number, value, Self::graph),
            _ => Ok(None),
        })
    }

    fn graph(&mut self, graph: Message) -> Change {
        self.replace(graph, |this, number, value| match number {
            11 | 13 => this.within(number, value, Self::port),
            _ => Ok(None),
        })
    }

    /// An input or another tensor: its name and its type.
    fn port(&mut self, port: Message) -> Change {
        let name = self.text_of(port, 1)?;
        if !self.names.contains(&name) {
            return Ok(None);
        }
        self.replace(port, |this, number, value| match number {
            2 => this.within(number, value, Self::kind),
            _ => Ok(None),
        })
    }

    fn kind(&mut self, kind: Message) -> Change {
        self.replace(kind, |this, number, value| match number {
            1 => this.within(number, value, Self::element),
            _ => Ok(None),
        })
    }

    fn element(&mut self, tensor: Message) -> Change {
        self.replace(tensor, |_, number, value| match (number, value) {
            (1, Value::Varint(INT32 | INT64 | FLOAT16)) => Ok(Some(proto::number(number, FLOAT))),
            _ => Ok(None),
        })
    }
}
