//! Pictures that tile: where a convolution sees zeros beyond an edge, it sees the opposite edge instead.
//!
//! Everything else in Stable Diffusion treats all positions alike, so this is enough for the whole picture
//! to have no edge. The graph is rewritten on its way to ONNX Runtime: before each convolution that pads its
//! input come two `Slice` and a `Concat`. (`Pad` can wrap around from opset 19 on; exporters write 14 to
//! 18.) All other bytes of the file stay as they are, and weights with them, whatever their type and place.
//!
//! What would bring edges back in another way is refused rather than left: a picture that nearly tiles is
//! found out late, in the game.

mod wrap;

use std::io::{Read, Seek};
use std::ops::Range;

use wrap::Wrapper;

use super::node::Node;
use super::proto;
use super::{GRAPH, NODE as NODE_OF_GRAPH};
use crate::error::{bail, Result};
use crate::memory;
use crate::model::scan::wire::{Message, Wire};

/// Along which axes pictures tile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seamless {
    /// The left edge goes on at the right one.
    pub x: bool,
    /// The upper edge goes on at the lower one.
    pub y: bool,
}

impl Seamless {
    /// Those axes, of tensors `[n, channels, height, width]`.
    fn axes(self) -> impl Iterator<Item = usize> {
        [(2, self.y), (3, self.x)].into_iter().filter_map(|(axis, wraps)| wraps.then_some(axis))
    }
}

// The numbers are those of onnx.proto.
const FUNCTION: u64 = 25;
const NODE_OF_FUNCTION: u64 = 7;

/// The bytes of an ONNX file that wraps around. It is one that the scan let through.
pub fn rewrite(file: impl Read + Seek, length: u64, seamless: Seamless) -> Result<Vec<u8>> {
    let (wire, whole) = Wire::new(file, length);
    let mut rewriter = Rewriter { wire, wrapper: Wrapper::new(seamless), edits: Vec::new() };
    rewriter.model(whole)?;
    if rewriter.edits.is_empty() {
        bail!(ModelUnsupported, "no convolution in it pads its input, so there is nothing to make seamless");
    }
    let mut bytes =
        memory::vector(length as usize + rewriter.edits.iter().map(|edit| edit.bytes.len()).sum::<usize>())?;
    let mut position = whole.position();
    for edit in &rewriter.edits {
        rewriter.wire.copy(position..edit.range.start, &mut bytes)?;
        memory::append(&mut bytes, &edit.bytes)?;
        position = edit.range.end;
    }
    rewriter.wire.copy(position..length, &mut bytes)?;
    Ok(bytes)
}

/// Bytes that take the place of a range of the file.
struct Edit {
    range: Range<u64>,
    bytes: Vec<u8>,
}

struct Rewriter<R> {
    wire: Wire<R>,
    wrapper: Wrapper,
    /// In the order of the file.
    edits: Vec<Edit>,
}

impl<R: Read + Seek> Rewriter<R> {
    fn model(&mut self, mut model: Message) -> Result<()> {
        loop {
            let start = model.position();
            match self.wire.field(&mut model)? {
                None => return Ok(()),
                Some((GRAPH, value)) => self.graph(start, self.wire.bytes(value)?)?,
                Some((FUNCTION, value)) => self.refuse_within(self.wire.bytes(value)?, NODE_OF_FUNCTION)?,
                _ => (),
            }
        }
    }

    /// `start`: where the field begins that holds the graph.
    fn graph(&mut self, start: u64, content: Message) -> Result<()> {
        let mut length = content.length();
        let mut graph = content;
        loop {
            let start = graph.position();
            let Some((number, value)) = self.wire.field(&mut graph)? else { break };
            if number != NODE_OF_GRAPH {
                continue;
            }
            let message = self.wire.bytes(value)?;
            let node = Node::read(&mut self.wire, message)?;
            for inner in node.graphs() {
                self.refuse_within(inner, NODE_OF_GRAPH)?;
            }
            if let Some(bytes) = self.wrapper.wrap(&mut self.wire, &node)? {
                let range = start..graph.position();
                length = length - (range.end - range.start) + bytes.len() as u64;
                self.edits.push(Edit { range, bytes });
            }
        }
        if !self.edits.is_empty() {
            self.edits.insert(0, Edit { range: start..content.position(), bytes: proto::header(GRAPH, length) });
        }
        Ok(())
    }

    /// No export of Stable Diffusion has convolutions in a subgraph or a function.
    fn refuse_within(&mut self, mut message: Message, nodes: u64) -> Result<()> {
        while let Some((number, value)) = self.wire.field(&mut message)? {
            if number != nodes {
                continue;
            }
            let message = self.wire.bytes(value)?;
            let node = Node::read(&mut self.wire, message)?;
            if node.is_padded() {
                bail!(
                    ModelUnsupported,
                    "the operator {} is in a subgraph or a function, where it cannot be made seamless; expected it in the graph itself",
                    node.kind
                );
            }
            for inner in node.graphs() {
                self.refuse_within(inner, NODE_OF_GRAPH)?;
            }
        }
        Ok(())
    }
}
