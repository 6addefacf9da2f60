//! The nodes of a graph: what computes which tensor of which.

use std::fs::File;
use std::path::Path;

use super::wire::Wire;
use super::{unreadable, MAX_NAME, MAX_OPERATOR};
use crate::error::Result;

/// One operator at work.
pub struct Node {
    /// The operator's name.
    pub operator: String,
    /// The tensors that it takes, and gives.
    pub inputs: Vec<String>,
    #[allow(missing_docs)]
    pub outputs: Vec<String>,
}

/// The nodes of the main graph of an ONNX file that [`super::check`] let through.
pub fn nodes(path: &Path) -> Result<Vec<Node>> {
    let file = File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    let (mut wire, mut model) = Wire::new(file, length);
    let mut nodes = Vec::new();
    while let Some((number, value)) = wire.field(&mut model)? {
        if number != 7 {
            continue;
        }
        let mut graph = wire.bytes(value)?;
        while let Some((number, value)) = wire.field(&mut graph)? {
            if number != 1 {
                continue;
            }
            let mut message = wire.bytes(value)?;
            let mut node = Node { operator: String::new(), inputs: Vec::new(), outputs: Vec::new() };
            while let Some((number, value)) = wire.field(&mut message)? {
                match number {
                    1 => node.inputs.push(wire.text(wire.bytes(value)?, MAX_NAME)?),
                    2 => node.outputs.push(wire.text(wire.bytes(value)?, MAX_NAME)?),
                    4 => node.operator = wire.text(wire.bytes(value)?, MAX_OPERATOR)?,
                    _ => (),
                }
            }
            nodes.push(node);
        }
    }
    Ok(nodes)
}
