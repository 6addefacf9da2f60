//! Convolutions for WebGPU, whose provider computes those of 6, 9, 15… channels wrongly: of as many as 3 divides, but
//! not 4 (ONNX Runtime's issue 29651). A UNet for inpainting begins with one of 9. It gets three channels more, which are
//! zeros, and so are their weights.

use std::collections::HashMap;
use std::io::{Read, Seek};

use super::build::{self, Builder};
use super::node::Node;
use super::proto;
use super::{GRAPH, NODE};
use crate::error::Result;
use crate::model::scan::wire::{Message, Wire};
use crate::model::scan::MAX_NAME;

/// Names of new tensors begin with this, which no exporter writes.
const PREFIX: &str = "scumble.channels.";
// The numbers are those of onnx.proto.
const INITIALIZER: u64 = 5;

/// The bytes of an ONNX file without such convolutions; none where it has none. It is one that the scan let through.
pub fn rewrite(file: impl Read + Seek, length: u64) -> Result<Option<Vec<u8>>> {
    let (wire, model) = Wire::new(file, length);
    let mut rewriter = Rewriter { wire, build: Builder::new(PREFIX), channels: HashMap::new(), found: false };
    let bytes = rewriter.model(model)?;
    Ok(rewriter.found.then_some(bytes))
}

/// What to add to a number of channels.
fn missing(channels: i64) -> Option<i64> {
    (channels > 3 && channels % 3 == 0 && channels % 4 != 0).then(|| 4 - channels % 4)
}

struct Rewriter<R> {
    wire: Wire<R>,
    build: Builder,
    /// Of constants: their second dimension, which is a convolution's channels.
    channels: HashMap<String, i64>,
    found: bool,
}

impl<R: Read + Seek> Rewriter<R> {
    fn model(&mut self, mut model: Message) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        loop {
            let start = model.position();
            match self.wire.field(&mut model)? {
                None => return Ok(bytes),
                Some((GRAPH, value)) => {
                    let graph = self.wire.bytes(value)?;
                    self.constants(graph)?;
                    bytes.extend(proto::bytes(GRAPH, self.graph(graph)?));
                }
                _ => self.wire.copy(start..model.position(), &mut bytes)?,
            }
        }
    }

    fn constants(&mut self, mut graph: Message) -> Result<()> {
        while let Some((number, value)) = self.wire.field(&mut graph)? {
            if number == INITIALIZER {
                let tensor = self.wire.bytes(value)?;
                self.constant(tensor, None)?;
            }
        }
        Ok(())
    }

    fn constant(&mut self, mut tensor: Message, name: Option<&String>) -> Result<()> {
        let (mut sizes, mut own) = (Vec::new(), String::new());
        while let Some((number, value)) = self.wire.field(&mut tensor)? {
            match number {
                1 => self.wire.integers(value, &mut sizes)?,
                8 => own = self.wire.text(self.wire.bytes(value)?, MAX_NAME)?,
                _ => (),
            }
        }
        if let [_, channels, _, _] = sizes[..] {
            self.channels.insert(name.cloned().unwrap_or(own), channels);
        }
        Ok(())
    }

    fn graph(&mut self, mut graph: Message) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        loop {
            let start = graph.position();
            let Some((number, value)) = self.wire.field(&mut graph)? else { return Ok(bytes) };
            if number == NODE {
                let message = self.wire.bytes(value)?;
                let node = Node::read(&mut self.wire, message)?;
                if let (true, Some(tensor)) = (node.is("", "Constant"), node.tensor("value")) {
                    self.constant(tensor, node.outputs.first())?;
                }
                match (node.inputs.as_slice(), node.outputs.as_slice()) {
                    // Weights in half precision, for a graph that computes in single.
                    ([weights], [output]) if node.is("", "Cast") => {
                        if let Some(channels) = self.channels.get(weights).copied() {
                            self.channels.insert(output.clone(), channels);
                        }
                    }
                    ([x, weights, ..], _) if node.is("", "Conv") && matches!(node.integers("group"), [] | [1]) => {
                        if let Some(more) = self.channels.get(weights).copied().and_then(missing) {
                            let [x, weights] = [x, weights].map(|tensor| self.padded(tensor, more));
                            bytes.extend(self.build.take());
                            bytes.extend(node.with(&mut self.wire, &[&x, &weights], None)?);
                            self.found = true;
                            continue;
                        }
                    }
                    _ => (),
                }
            }
            self.wire.copy(start..graph.position(), &mut bytes)?;
        }
    }

    /// With so many more channels at the end (operator set 11 and later).
    fn padded(&mut self, tensor: &str, more: i64) -> String {
        let pads = self.build.node("Constant", &[], &[build::list(&[0, 0, 0, 0, 0, more, 0, 0])]);
        self.build.node("Pad", &[tensor, &pads], &[])
    }
}
