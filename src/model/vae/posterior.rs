//! VAE encoders that draw within their graph, by a random number that no seed reaches: diffusers' script
//! and older optimum export `….sample()`. The distribution that they draw from is laid open again.

use crate::model::scan::{nodes, Node};
use std::path::Path;

use crate::error::Result;

/// What an encoder's graph does at its end.
pub enum Draw {
    /// It gives what it computes.
    None,
    /// It draws from the distribution whose mean and standard deviation are these tensors.
    Open { mean: String, deviation: String },
    /// It draws, in a way that is not known.
    Closed,
}

/// How the encoder in this file ends.
pub fn of(path: &Path, output: &str) -> Result<Draw> {
    let nodes = nodes(path)?;
    if !nodes.iter().any(is_random) {
        return Ok(Draw::None);
    }
    Ok(open(&nodes, output).unwrap_or(Draw::Closed))
}

/// `output = mean + deviation · random`, in any order of the operands.
fn open(nodes: &[Node], output: &str) -> Option<Draw> {
    let sum = made_by(nodes, output, "Add")?;
    let (product, mean) = either(&sum.inputs, |tensor| made_by(nodes, tensor, "Mul").is_some_and(|p| draws(nodes, p)))?;
    let product = made_by(nodes, product, "Mul")?;
    let (_, deviation) = either(&product.inputs, |tensor| is_drawn(nodes, tensor))?;
    Some(Draw::Open { mean: mean.clone(), deviation: deviation.clone() })
}

fn draws(nodes: &[Node], node: &Node) -> bool {
    node.inputs.iter().any(|tensor| is_drawn(nodes, tensor))
}

/// Whether a tensor is random numbers, perhaps of another type than they were drawn in.
fn is_drawn(nodes: &[Node], tensor: &str) -> bool {
    match maker(nodes, tensor) {
        Some(node) if is_random(node) => true,
        Some(node) if node.operator == "Cast" => {
            node.inputs.iter().any(|input| maker(nodes, input).is_some_and(is_random))
        }
        _ => false,
    }
}

fn is_random(node: &Node) -> bool {
    ["RandomNormal", "RandomNormalLike"].contains(&node.operator.as_str())
}

/// The one of two that is so, and the other.
fn either(pair: &[String], is_so: impl Fn(&str) -> bool) -> Option<(&String, &String)> {
    match pair {
        [a, b] if is_so(a) => Some((a, b)),
        [a, b] if is_so(b) => Some((b, a)),
        _ => None,
    }
}

fn maker<'a>(nodes: &'a [Node], tensor: &str) -> Option<&'a Node> {
    nodes.iter().find(|node| node.outputs.iter().any(|output| output == tensor))
}

fn made_by<'a>(nodes: &'a [Node], tensor: &str, operator: &str) -> Option<&'a Node> {
    maker(nodes, tensor).filter(|node| node.operator == operator)
}
