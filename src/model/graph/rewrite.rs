//! What the changes of a graph share: the rest of the model around it, and what is known of its constants.

use std::collections::HashMap;
use std::io::{Read, Seek};

use super::node::Node;
use super::{proto, GRAPH, NODE};
use crate::error::Result;
use crate::memory;
use crate::model::scan::wire::{Message, Wire};
use crate::model::scan::MAX_NAME;

// The number is that of onnx.proto.
const INITIALIZER: u64 = 5;

/// Changes the graph of a model.
pub trait Rewrite<R: Read + Seek> {
    fn wire(&mut self) -> &mut Wire<R>;

    /// The fields of a graph that take the place of a node; none where it stays.
    fn node(&mut self, node: &Node, constants: &mut Constants) -> Result<Option<Vec<u8>>>;

    /// The fields of a graph that come after all others.
    fn end(&mut self) -> Vec<u8> {
        Vec::new()
    }

    /// The fields of the graph that takes its place.
    fn graph(&mut self, mut graph: Message) -> Result<Vec<u8>> {
        let mut constants = Constants::read(self.wire(), graph)?;
        let mut bytes = Vec::new();
        loop {
            let start = graph.position();
            let Some((number, value)) = self.wire().field(&mut graph)? else { break };
            let mut instead = None;
            if number == NODE {
                let message = self.wire().bytes(value)?;
                let node = Node::read(self.wire(), message)?;
                constants.learn(self.wire(), &node)?;
                instead = self.node(&node, &mut constants)?;
            }
            match instead {
                Some(fields) => memory::append(&mut bytes, &fields)?,
                None => self.wire().copy(start..graph.position(), &mut bytes)?,
            }
        }
        memory::append(&mut bytes, &self.end())?;
        Ok(bytes)
    }

    /// The bytes of the model with that graph.
    fn model(&mut self, mut model: Message) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        loop {
            let start = model.position();
            match self.wire().field(&mut model)? {
                None => return Ok(bytes),
                Some((GRAPH, value)) => {
                    let graph = self.wire().bytes(value)?;
                    proto::append(&mut bytes, GRAPH, &self.graph(graph)?)?;
                }
                _ => self.wire().copy(start..model.position(), &mut bytes)?,
            }
        }
    }
}

/// What is known of a constant.
#[derive(Clone)]
pub struct Constant {
    /// Its element type, as onnx.proto numbers it.
    pub element: i64,
    pub sizes: Vec<i64>,
}

/// The constants of a graph by their names.
pub struct Constants(HashMap<String, Constant>);

impl Constants {
    /// Those that are listed beside the nodes.
    pub fn read<R: Read + Seek>(wire: &mut Wire<R>, mut graph: Message) -> Result<Self> {
        let mut constants = Self(HashMap::new());
        while let Some((number, value)) = wire.field(&mut graph)? {
            if number == INITIALIZER {
                let tensor = wire.bytes(value)?;
                constants.insert(wire, tensor, None)?;
            }
        }
        Ok(constants)
    }

    /// Learns of the constant that a node is, if it is one.
    pub fn learn<R: Read + Seek>(&mut self, wire: &mut Wire<R>, node: &Node) -> Result<()> {
        match (node.is("", "Constant"), node.tensor("value")) {
            (true, Some(tensor)) => self.insert(wire, tensor, node.outputs.first()),
            _ => Ok(()),
        }
    }

    pub fn get(&self, name: &str) -> Option<&Constant> {
        self.0.get(name)
    }

    /// Another name for one that is known, such as that of its cast.
    pub fn alias(&mut self, of: &str, name: &str) {
        if let Some(constant) = self.0.get(of).cloned() {
            self.0.insert(name.to_owned(), constant);
        }
    }

    fn insert<R: Read + Seek>(&mut self, wire: &mut Wire<R>, mut tensor: Message, name: Option<&String>) -> Result<()> {
        let (mut constant, mut own) = (Constant { element: 0, sizes: Vec::new() }, String::new());
        while let Some((number, value)) = wire.field(&mut tensor)? {
            match number {
                1 => wire.integers(value, &mut constant.sizes)?,
                2 => constant.element = wire.number(value)? as i64,
                8 => own = wire.text(wire.bytes(value)?, MAX_NAME)?,
                _ => (),
            }
        }
        self.0.insert(name.cloned().unwrap_or(own), constant);
        Ok(())
    }
}
