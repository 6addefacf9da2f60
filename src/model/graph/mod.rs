//! What rewrites a graph on its way to ONNX Runtime works with: nodes that are there, and new ones.

pub mod build;
pub mod node;

// The numbers are those of onnx.proto.
pub(super) const GRAPH: u64 = 7;
pub(super) const NODE: u64 = 1;
