//! A graph that computes in float16, made to compute in float32: nothing in float16 is larger than 65504, which
//! some autoencoders pass on the way to an ordinary picture.
//!
//! Weights stay in their file as they are. A `Cast` follows each, and takes the name that the weight had, so that
//! what reads it stays as it is too. All else that says float16 says float32 instead: ports, casts, the element
//! types of new tensors. ONNX Runtime widens the weights once, when it loads them. Where something is float16 in a
//! way that is not known here, it does not fit the rest any more, and ONNX Runtime refuses the graph.

use std::io::{Read, Seek};

use super::build::{self, Builder};
use super::node::Node;
use super::proto;
use super::replace::{Change, Replace};
use super::{GRAPH, NODE};
use crate::error::{bail, Result};
use crate::memory;
use crate::model::scan::wire::{Message, Value, Wire};
use crate::model::scan::MAX_NAME;

/// Names of tensors of float16 begin with this, which no exporter writes.
const PREFIX: &str = "scumble.float16.";
/// Operators whose output has the element type of their attribute `value`.
const CONSTANTS: [&str; 2] = ["Constant", "ConstantOfShape"];
/// Types within types: protobuf's own readers stop at 100 messages.
const MAX_DEPTH: usize = 100;
/// Attributes that are the element type of an output.
const ELEMENT_TYPES: [&str; 2] = ["to", "dtype"];

// The numbers are those of onnx.proto.
const FLOAT: i64 = 1;
const FLOAT16: u64 = 10;
const FUNCTION: u64 = 25;
const NODE_OF_FUNCTION: u64 = 7;

/// The bytes of an ONNX file that computes in float32 what it computed in float16; none where there is no float16
/// in it. It is one that the scan let through.
pub fn rewrite(file: impl Read + Seek, length: u64) -> Result<Option<Vec<u8>>> {
    let (wire, model) = Wire::new(file, length);
    Rewriter { wire }.model(model)
}

struct Rewriter<R> {
    wire: Wire<R>,
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
            FUNCTION => this.within(number, value, Self::function),
            _ => Ok(None),
        })
    }

    fn graph(&mut self, graph: Message) -> Change {
        let mut casts = Builder::new(PREFIX);
        let changed = self.replace(graph, |this, number, value| match number {
            NODE => this.node(value),
            5 => this.within(number, value, |this, tensor| this.weight(tensor, &mut casts)),
            11..=13 => this.within(number, value, Self::port),
            _ => Ok(None),
        })?;
        let Some(graph) = changed else { return Ok(None) };
        let mut fields = casts.take();
        memory::append(&mut fields, &graph)?;
        Ok(Some(fields))
    }

    /// No export of Stable Diffusion has float16 in a function.
    fn function(&mut self, function: Message) -> Change {
        self.replace(function, |this, number, value| match number {
            NODE_OF_FUNCTION if this.node(value)?.is_some() => bail!(
                ModelUnsupported,
                "float16 is in a function, where it cannot be made float32; expected it in the graph itself"
            ),
            _ => Ok(None),
        })
    }

    fn weight(&mut self, tensor: Message, casts: &mut Builder) -> Change {
        if !self.is_float16(tensor)? {
            return Ok(None);
        }
        self.replace(tensor, |this, number, value| match number {
            8 => this.widened(number, value, casts),
            _ => Ok(None),
        })
    }

    /// An input, an output or another tensor: its name and its type.
    fn port(&mut self, port: Message) -> Change {
        self.replace(port, |this, number, value| match number {
            2 => this.within(number, value, |this, kind| this.kind(kind, 0)),
            _ => Ok(None),
        })
    }

    /// The type of a tensor, or of a sequence or an option of them.
    fn kind(&mut self, kind: Message, depth: usize) -> Change {
        self.replace(kind, |this, number, value| match (number, value) {
            (1, Value::Varint(FLOAT16)) => Ok(Some(proto::number(number, FLOAT))),
            (1 | 4 | 9, Value::Bytes(_)) if depth < MAX_DEPTH => {
                this.within(number, value, |this, kind| this.kind(kind, depth + 1))
            }
            _ => Ok(None),
        })
    }

    /// The fields of a graph that take the place of a node.
    fn node(&mut self, value: Value) -> Change {
        let message = self.wire.bytes(value)?;
        let node = Node::read(&mut self.wire, message)?;
        let is_constant = CONSTANTS.iter().any(|kind| node.is("", kind));
        let tensor = node.tensor("value").filter(|_| is_constant);
        let gives_float16 = tensor.map_or(Ok(false), |tensor| self.is_float16(tensor))?;
        let mut casts = Builder::new(PREFIX);
        let changed = self.replace(message, |this, number, value| match number {
            2 if gives_float16 => this.widened(number, value, &mut casts),
            5 => this.within(number, value, Self::attribute),
            _ => Ok(None),
        })?;
        Ok(changed.map(|node| [proto::bytes(NODE, node), casts.take()].concat()))
    }

    fn attribute(&mut self, attribute: Message) -> Change {
        let name = self.text_of(attribute, 1)?;
        let is_type = ELEMENT_TYPES.contains(&name.as_str());
        self.replace(attribute, |this, number, value| match (number, value) {
            (3, Value::Varint(FLOAT16)) if is_type => Ok(Some(proto::number(number, FLOAT))),
            (6 | 11, _) => this.within(number, value, Self::graph),
            _ => Ok(None),
        })
    }

    /// Another name for a tensor of float16, whose own goes to what a cast makes of it.
    fn widened(&mut self, number: u64, value: Value, casts: &mut Builder) -> Change {
        let name = self.wire.text(self.wire.bytes(value)?, MAX_NAME - PREFIX.len() as u64)?;
        let narrow = format!("{PREFIX}{name}");
        casts.named(&name, "Cast", &[&narrow], &[build::integer("to", FLOAT)]);
        Ok(Some(proto::bytes(number, narrow)))
    }

    fn is_float16(&mut self, mut tensor: Message) -> Result<bool> {
        while let Some((number, value)) = self.wire.field(&mut tensor)? {
            if let (2, Value::Varint(FLOAT16)) = (number, value) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
