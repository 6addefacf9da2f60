//! Convolutions for WebGPU, whose provider computes those of 6, 9, 15… channels wrongly: of as many as 3 divides, but
//! not 4 (ONNX Runtime's issue 29651). A UNet for inpainting begins with one of 9. It gets three channels more, which are
//! zeros, and so are their weights.

use std::io::{Read, Seek};

use super::build::{self, Builder};
use super::node::Node;
use super::rewrite::{Constant, Constants, Rewrite};
use crate::error::Result;
use crate::model::scan::wire::Wire;

/// Names of new tensors begin with this, which no exporter writes.
const PREFIX: &str = "scumble.channels.";

/// The bytes of an ONNX file without such convolutions; none where it has none. It is one that the scan let through.
pub fn rewrite(file: impl Read + Seek, length: u64) -> Result<Option<Vec<u8>>> {
    let (wire, model) = Wire::new(file, length);
    let mut rewriter = Rewriter { wire, build: Builder::new(PREFIX), found: false };
    let bytes = rewriter.model(model)?;
    Ok(rewriter.found.then_some(bytes))
}

/// How many channels a convolution with these weights lacks.
fn missing(weights: &Constant) -> Option<i64> {
    match weights.sizes[..] {
        [_, channels, _, _] if channels > 3 && channels % 3 == 0 && channels % 4 != 0 => Some(4 - channels % 4),
        _ => None,
    }
}

struct Rewriter<R> {
    wire: Wire<R>,
    build: Builder,
    found: bool,
}

impl<R: Read + Seek> Rewrite<R> for Rewriter<R> {
    fn wire(&mut self) -> &mut Wire<R> {
        &mut self.wire
    }

    fn node(&mut self, node: &Node, constants: &mut Constants) -> Result<Option<Vec<u8>>> {
        match (node.inputs.as_slice(), node.outputs.as_slice()) {
            // Weights in half precision, for a graph that computes in single.
            ([weights], [output]) if node.is("", "Cast") => constants.alias(weights, output),
            ([x, weights, ..], _) if node.is("", "Conv") && matches!(node.integers("group"), [] | [1]) => {
                if let Some(more) = constants.get(weights).and_then(missing) {
                    let [x, weights] = [x, weights].map(|tensor| self.padded(tensor, more));
                    self.found = true;
                    return Ok(Some([self.build.take(), node.with(&mut self.wire, &[&x, &weights], None)?].concat()));
                }
            }
            _ => (),
        }
        Ok(None)
    }
}

impl<R> Rewriter<R> {
    /// With so many more channels at the end (operator set 11 and later).
    fn padded(&mut self, tensor: &str, more: i64) -> String {
        let pads = self.build.node("Constant", &[], &[build::list(&[0, 0, 0, 0, 0, more, 0, 0])]);
        self.build.node("Pad", &[tensor, &pads], &[])
    }
}
