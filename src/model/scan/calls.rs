//! Which operators a model uses, and which of them are functions that it brings along.
//!
//! ONNX Runtime puts the nodes of a function in the place of each call. A function that comes to call
//! itself never ends, and a few that call each other twice make a graph of any size.

use std::collections::HashMap;
use std::fmt;

use super::MAX_DEPTH;
use crate::error::{bail, Result};

/// The operators of ONNX and of ONNX Runtime's own build, but for trees and other learning that no part of Stable
/// Diffusion is made of. The last two are written when it saves a model
/// that it has optimized.
const DOMAINS: [&str; 5] = ["", "ai.onnx", "com.microsoft", "com.microsoft.nchwc", "com.ms.internal.nhwc"];
/// Operators that only ONNX Runtime's optimiser of Stable Diffusion for CUDA writes.
const FOR_CUDA: [&str; 9] = [
    "NhwcConv",
    "GroupNorm",
    "SkipGroupNorm",
    "BiasSplitGelu",
    "BiasAdd",
    "PackedAttention",
    "PackedMultiHeadAttention",
    "RemovePadding",
    "RestorePadding",
];
/// Nodes once all functions are written out. A UNet of SDXL has some 20,000. Each takes ONNX Runtime some kilobytes, and
/// of so many a session is made within seconds.
const MAX_NODES: u64 = 1 << 16;
/// Different operators of one model. ONNX has 200.
const MAX_OPERATORS: usize = 1 << 16;

/// An operator's domain, type and overload.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Operator {
    domain: String,
    kind: String,
    overload: String,
}

impl Operator {
    pub fn new(domain: Option<String>, kind: Option<String>, overload: Option<String>) -> Self {
        let domain = domain.filter(|domain| domain != "ai.onnx").unwrap_or_default();
        Self { domain, kind: kind.unwrap_or_default(), overload: overload.unwrap_or_default() }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.domain.as_str() {
            "" => write!(f, "{:?}", self.kind),
            domain => write!(f, "{:?} of the domain {domain:?}", self.kind),
        }
    }
}

/// The devices for which alone graphs with this operator are written.
pub fn fused_for(kind: &str) -> Option<&'static str> {
    match kind {
        _ if kind.starts_with("Dml") => Some("DirectML"),
        _ => FOR_CUDA.contains(&kind).then_some("CUDA"),
    }
}

/// How often each operator is used.
type Uses = HashMap<Operator, u64>;

/// The operators of the graph and of each function.
#[derive(Default)]
pub struct Calls {
    graph: Uses,
    functions: HashMap<Operator, Uses>,
    /// The function whose nodes are coming, if any.
    current: Option<Operator>,
    operators: usize,
}

impl Calls {
    /// The nodes that follow are those of a function.
    pub fn enter(&mut self, function: Operator) -> Result<()> {
        if self.functions.insert(function.clone(), Uses::new()).is_some() {
            bail!(ModelInvalid, "the function {function} is given twice");
        }
        self.current = Some(function);
        self.one_more()
    }

    pub fn leave(&mut self) {
        self.current = None;
    }

    pub fn node(&mut self, operator: Operator) -> Result<()> {
        if operator.kind == "EPContext" {
            bail!(
                ModelUnsupported,
                "a node is an EPContext, which holds code that was compiled for one device; expected the plain model"
            );
        }
        let uses = match &self.current {
            Some(function) => self.functions.entry(function.clone()).or_default(),
            None => &mut self.graph,
        };
        if let Some(count) = uses.get_mut(&operator) {
            *count += 1;
            return Ok(());
        }
        uses.insert(operator, 1);
        self.one_more()
    }

    fn one_more(&mut self) -> Result<()> {
        self.operators += 1;
        if self.operators > MAX_OPERATORS {
            bail!(ModelInvalid, "it uses more than {MAX_OPERATORS} different operators and functions");
        }
        Ok(())
    }

    /// Refuses operators that are nowhere, and functions without an end.
    pub fn check(&self) -> Result<()> {
        for operator in self.functions.values().chain([&self.graph]).flat_map(|uses| uses.keys()) {
            if !DOMAINS.contains(&operator.domain.as_str()) && !self.functions.contains_key(operator) {
                if let Some(device) = fused_for(&operator.kind) {
                    bail!(ModelUnsupported, "a node is the operator {operator}: it was optimised for {device}");
                }
                bail!(
                    ModelUnsupported,
                    "a node is the operator {operator}; expected operators of ONNX and of ONNX Runtime, or a function of the model"
                );
            }
        }
        let mut sizes = HashMap::new();
        let nodes = self.nodes(&self.graph, 0, &mut sizes)?;
        // Functions that nothing calls are read all the same.
        self.functions.values().try_fold(nodes, |_, uses| self.nodes(uses, 0, &mut sizes)).map(drop)
    }

    /// How many nodes these become. A function that calls itself is deeper than any depth.
    fn nodes<'a>(&'a self, uses: &'a Uses, depth: usize, sizes: &mut HashMap<&'a Operator, u64>) -> Result<u64> {
        let mut nodes = 0u64;
        for (operator, count) in uses {
            let each = match (sizes.get(operator), self.functions.get(operator)) {
                (Some(size), _) => *size,
                (None, None) => 1,
                (None, Some(_)) if depth == MAX_DEPTH => bail!(
                    ModelInvalid,
                    "functions call each other deeper than {MAX_DEPTH}, or without end, as {operator} does"
                ),
                (None, Some(function)) => {
                    let size = self.nodes(function, depth + 1, sizes)?;
                    sizes.insert(operator, size);
                    size
                }
            };
            nodes = nodes.saturating_add(count.saturating_mul(each));
            if nodes > MAX_NODES {
                bail!(ModelInvalid, "it has more than {MAX_NODES} nodes once its functions are written out");
            }
        }
        Ok(nodes)
    }
}
