//! Graphs that are changed on their way to ONNX Runtime: what they are read and written with, and each change.

pub mod build;
pub mod channels;
pub mod node;
pub mod norms;
pub mod proto;
mod replace;
mod rewrite;
pub mod seamless;
pub mod timestep;
pub mod widen;

// The numbers are those of onnx.proto.
pub(super) const GRAPH: u64 = 7;
pub(super) const NODE: u64 = 1;
