//! The nodes of a graph: what computes which tensor of which.

use std::fs::File;
use std::path::Path;

use super::wire::{Message, Wire};
use super::{MAX_NAME, MAX_OPERATOR};
use crate::error::Result;
use crate::files;

/// Fields of a graph, by onnx.proto.
const NODE: u64 = 1;
const INPUT: u64 = 11;

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
    of_graph(path, NODE, |wire, mut message| {
        let mut node = Node { operator: String::new(), inputs: Vec::new(), outputs: Vec::new() };
        while let Some((number, value)) = wire.field(&mut message)? {
            match number {
                1 => node.inputs.push(wire.text(wire.bytes(value)?, MAX_NAME)?),
                2 => node.outputs.push(wire.text(wire.bytes(value)?, MAX_NAME)?),
                4 => node.operator = wire.text(wire.bytes(value)?, MAX_OPERATOR)?,
                _ => (),
            }
        }
        Ok(node)
    })
}

/// The names of its inputs.
pub fn inputs(path: &Path) -> Result<Vec<String>> {
    of_graph(path, INPUT, |wire, mut message| {
        let mut name = String::new();
        while let Some((number, value)) = wire.field(&mut message)? {
            if number == 1 {
                name = wire.text(wire.bytes(value)?, MAX_NAME)?;
            }
        }
        Ok(name)
    })
}

/// What the messages of one field of the main graph say.
fn of_graph<T>(path: &Path, field: u64, read: impl Fn(&mut Wire<File>, Message) -> Result<T>) -> Result<Vec<T>> {
    let file = File::open(path).map_err(files::reading_failed)?;
    let length = file.metadata().map_err(files::reading_failed)?.len();
    let (mut wire, mut model) = Wire::new(file, length);
    let mut found = Vec::new();
    while let Some((number, value)) = wire.field(&mut model)? {
        if number != 7 {
            continue;
        }
        let mut graph = wire.bytes(value)?;
        while let Some((number, value)) = wire.field(&mut graph)? {
            if number == field {
                let message = wire.bytes(value)?;
                found.push(read(&mut wire, message)?);
            }
        }
    }
    Ok(found)
}
