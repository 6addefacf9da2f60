//! What becomes of a graph's constants before its first run.
//!
//! ONNX Runtime computes while it loads a graph whatever does not depend on an input. A few nodes that double a constant
//! make one of any size, so the size of each is known here first. Integers that are divided are looked at too: by zero, or
//! the smallest by -1, the processor ends the process.

use std::collections::HashMap;
use std::io::{Read, Seek};

use super::facts::{self, Constant, Fact};
use super::sizes;
use super::wire::{Message, Wire};
use super::{WeightBytes, MAX_DEPTH, MAX_NAME, MAX_OPERATOR};
use crate::error::{bail, Result};
use crate::model::graph::node::Node;

/// What constants may grow to besides twice what the weights are.
const MOST: u64 = 64 << 20;

impl WeightBytes {
    /// What all constants may be together while ONNX Runtime computes them.
    pub fn folded(&self) -> u64 {
        self.computed.saturating_mul(2).saturating_add(MOST)
    }
}

/// A function that the model brings along.
#[derive(Default)]
struct Function {
    inputs: Vec<String>,
    outputs: Vec<String>,
    nodes: Vec<Message>,
}

/// Checks the model of a file that has passed all other checks. Gives how many bytes its constants are at most at a time,
/// while ONNX Runtime computes them.
pub fn check<R: Read + Seek>(wire: Wire<R>, model: Message, weights: WeightBytes) -> Result<u64> {
    let most = weights.folded();
    let (facts, functions, uses) = (HashMap::new(), HashMap::new(), HashMap::new());
    let mut walk = Walk { wire, facts, functions, uses, calls: 0, live: weights.stored, peak: weights.stored, most };
    walk.model(model)?;
    Ok(walk.peak)
}

struct Walk<R> {
    wire: Wire<R>,
    /// What is known of each tensor so far, by its name.
    facts: HashMap<String, Fact>,
    functions: HashMap<(String, String), Function>,
    /// How many nodes still read a tensor.
    uses: HashMap<String, u32>,
    /// Calls of functions so far: each has tensors of its own.
    calls: usize,
    /// Bytes of all constants now, and at most so far.
    live: u64,
    peak: u64,
    most: u64,
}

// The numbers are those of onnx.proto.
impl<R: Read + Seek> Walk<R> {
    fn model(&mut self, mut model: Message) -> Result<()> {
        let mut graph = None;
        while let Some((number, value)) = self.wire.field(&mut model)? {
            match number {
                7 => graph = Some(self.wire.bytes(value)?),
                25 => {
                    let message = self.wire.bytes(value)?;
                    self.function(message)?;
                }
                _ => (),
            }
        }
        graph.map_or(Ok(()), |graph| self.graph(graph).map(drop))
    }

    fn function(&mut self, mut message: Message) -> Result<()> {
        let (mut name, mut domain, mut function) = (String::new(), String::new(), Function::default());
        while let Some((number, value)) = self.wire.field(&mut message)? {
            match number {
                1 => name = self.wire.text(self.wire.bytes(value)?, MAX_OPERATOR)?,
                10 => domain = self.wire.text(self.wire.bytes(value)?, MAX_OPERATOR)?,
                4 => function.inputs.push(self.wire.text(self.wire.bytes(value)?, MAX_NAME)?),
                5 => function.outputs.push(self.wire.text(self.wire.bytes(value)?, MAX_NAME)?),
                7 => function.nodes.push(self.wire.bytes(value)?),
                _ => (),
            }
        }
        self.functions.insert((domain, name), function);
        Ok(())
    }

    /// Gives the names of its outputs.
    fn graph(&mut self, graph: Message) -> Result<Vec<String>> {
        let (mut outputs, mut rest) = (Vec::new(), graph);
        while let Some((number, value)) = self.wire.field(&mut rest)? {
            match number {
                1 => {
                    let message = self.wire.bytes(value)?;
                    self.count(message)?;
                }
                5 | 15 => {
                    let mut message = self.wire.bytes(value)?;
                    if number == 15 {
                        message = facts::values_of_sparse(&mut self.wire, message)?;
                    }
                    let (name, fact) = facts::tensor(&mut self.wire, message)?;
                    self.facts.insert(name, fact);
                }
                11 | 12 => {
                    let message = self.wire.bytes(value)?;
                    let (name, fact) = facts::port(&mut self.wire, message)?;
                    match number {
                        11 => drop(self.facts.entry(name).or_insert(fact)),
                        _ => outputs.push(name),
                    }
                }
                _ => (),
            }
        }
        let mut rest = graph;
        while let Some((number, value)) = self.wire.field(&mut rest)? {
            if number == 1 {
                let message = self.wire.bytes(value)?;
                let node = Node::read(&mut self.wire, message)?;
                self.node(node, &HashMap::new(), 0)?;
            }
        }
        Ok(outputs)
    }

    /// Counts what a node reads.
    fn count(&mut self, mut node: Message) -> Result<()> {
        while let Some((number, value)) = self.wire.field(&mut node)? {
            if number == 1 {
                let name = self.wire.text(self.wire.bytes(value)?, MAX_NAME)?;
                *self.uses.entry(name).or_default() += 1;
            }
        }
        Ok(())
    }

    /// `names`: what tensors of a function are called where it is called.
    fn node(&mut self, mut node: Node, names: &HashMap<String, String>, depth: usize) -> Result<()> {
        for name in node.inputs.iter_mut().chain(&mut node.outputs) {
            if let Some(renamed) = names.get(name) {
                *name = renamed.clone();
            }
        }
        let key = (node.domain.clone(), node.kind.clone());
        if self.functions.contains_key(&key) {
            return self.call(&key, &node, depth);
        }
        let mut branches = Vec::new();
        let graphs: Vec<Message> = node.graphs().collect();
        if depth > 0 && !graphs.is_empty() {
            bail!(ModelUnsupported, "a function has the operator {}, which has graphs within it", node.kind);
        }
        for graph in graphs {
            branches.push(self.graph(graph)?);
        }
        let mut inputs = Vec::new();
        for name in &node.inputs {
            match self.facts.get(name) {
                _ if name.is_empty() => inputs.push(Fact::absent()),
                Some(fact) => inputs.push(fact.clone()),
                None => bail!(
                    ModelInvalid,
                    "a node {} reads {name:?}, which nothing before it gives; expected nodes in the order of their work",
                    node.kind
                ),
            }
        }
        facts::check_division(&node, &inputs)?;
        let constant = match branches.as_slice() {
            [] if inputs.iter().all(Fact::is_constant) => sizes::constant(&mut self.wire, &node, &inputs)?,
            _ => None,
        };
        for (i, name) in node.outputs.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            let element = facts::element(&mut self.wire, &node, &inputs, i)?;
            // ONNX Runtime puts a branch in the place of an `If` whose condition is a constant.
            let decided = inputs.first().is_some_and(Fact::is_constant) && !branches.is_empty();
            let given: Vec<Option<Constant>> = branches.iter().map(|names| self.constant(names.get(i))).collect();
            let constant = match decided {
                true => given.into_iter().collect::<Option<Vec<_>>>().and_then(Constant::largest),
                false => constant.clone(),
            };
            self.facts.insert(name.clone(), Fact { element, constant });
        }
        if constant.is_some() && node.kind != "Constant" {
            self.fold(&node)?;
        }
        Ok(())
    }

    fn constant(&self, name: Option<&String>) -> Option<Constant> {
        self.facts.get(name?)?.constant.clone()
    }

    /// ONNX Runtime computes the node, and drops what nothing else reads.
    fn fold(&mut self, node: &Node) -> Result<()> {
        let bytes = |walk: &Self, name: &String| walk.facts.get(name).map_or(0, Fact::bytes);
        let given = node.outputs.iter().fold(0u64, |sum, name| sum.saturating_add(bytes(self, name)));
        self.live = self.live.saturating_add(given);
        self.peak = self.peak.max(self.live);
        if self.live > self.most {
            bail!(
                ModelInvalid,
                "its constants are {} bytes once they are computed, as {} does; expected at most {}",
                self.live,
                node.kind,
                self.most
            );
        }
        for name in &node.inputs {
            match self.uses.get_mut(name) {
                Some(uses) if *uses > 1 => *uses -= 1,
                Some(uses) if *uses == 1 => {
                    *uses = 0;
                    self.live = self.live.saturating_sub(bytes(self, name));
                }
                _ => (),
            }
        }
        Ok(())
    }

    /// The nodes of a function in the place of its call.
    fn call(&mut self, key: &(String, String), call: &Node, depth: usize) -> Result<()> {
        if depth == MAX_DEPTH {
            bail!(ModelInvalid, "functions call each other deeper than {MAX_DEPTH}");
        }
        self.calls += 1;
        let number = self.calls;
        let function = &self.functions[key];
        let mut names: HashMap<String, String> = HashMap::new();
        for (own, given) in [(&function.inputs, &call.inputs), (&function.outputs, &call.outputs)] {
            let given = given.iter().cloned().chain(std::iter::repeat(String::new()));
            names.extend(own.iter().cloned().zip(given));
        }
        for message in function.nodes.clone() {
            let node = Node::read(&mut self.wire, message)?;
            for name in node.inputs.iter().chain(&node.outputs).filter(|name| !name.is_empty()) {
                names.entry(name.clone()).or_insert_with(|| format!("{number}/{name}"));
            }
            self.node(node, &names, depth + 1)?;
        }
        for name in &call.outputs {
            self.facts.entry(name.clone()).or_insert_with(Fact::unknown);
        }
        Ok(())
    }
}
