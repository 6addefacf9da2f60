//! Looks through an ONNX file before ONNX Runtime sees it.
//!
//! ONNX Runtime trusts what it reads: where external data lies, how large tensors are, how deep graphs
//! nest. This walks every node and every tensor of the file, wherever one may hide (attributes,
//! subgraphs, functions, training information), and refuses what could lead out of the directory, past
//! the end of a file or stack, or into code that is not ONNX Runtime's own. It is no judge of what a graph
//! computes.
//!
//! A file that two readers could take for different things is refused too: where protobuf lets a field
//! that occurs once be written twice, and readers merge the two, no exporter writes that.
//!
//! What is damaged or lies is `ModelInvalid`; what is well-formed, but ONNX Runtime's own build could
//! not run or Scumble will not, is `ModelUnsupported`.

mod calls;
mod external;
mod facts;
mod folding;
mod graph;
mod nodes;
mod operators;
mod ports;
mod sizes;
mod stamps;
mod tensor;
mod weights;
pub(super) mod wire;

use std::io::{Cursor, Read, Seek};
use std::path::Path;

use calls::{Calls, Operator};
use external::Folder;
use stamps::Stamps;
use wire::{Message, Value, Wire};

pub use calls::fused_for;
pub use graph::{without_weights, Weights};
pub use nodes::{inputs, nodes, Node};
pub use weights::Extents;
pub(super) use weights::{Checksums, IN_MEMORY};

use crate::error::{bail, Error, Result};
use crate::files::{self, Roots};
use crate::model::graph::node::Node as Reading;

/// Graphs within graphs: protobuf's own readers stop at 100 messages, three of which make a graph.
const MAX_DEPTH: usize = 32;
/// Protobuf's own limit, and ONNX Runtime's.
const MAX_FILE: u64 = i32::MAX as u64;
/// The longest name of a tensor or a file. Torch's exporter writes which module a tensor is from.
pub(super) const MAX_NAME: u64 = 4096;
/// The longest text of an attribute.
const MAX_TEXT: u64 = 1024;
/// The longest name of an operator or a domain.
pub(super) const MAX_OPERATOR: u64 = 256;

/// What the weights of an ONNX file take.
#[derive(Clone, Copy, Debug, Default)]
pub struct WeightBytes {
    /// In the file.
    pub stored: u64,
    /// In memory, where numbers of 16 bits are widened to compute with them.
    pub computed: u64,
}

/// What is known of an ONNX file that was let through.
#[derive(Clone, Debug, Default)]
pub struct Scanned {
    #[allow(missing_docs)]
    pub weights: WeightBytes,
    /// The file, and those that its weights are in.
    pub files: Stamps,
}

/// Refuses an ONNX file that is missing, damaged or hostile, or that a link takes out of `roots`.
pub fn check(roots: &Roots, path: &Path) -> Result<Scanned> {
    roots.check(path)?;
    files::check(path)?;
    let file = files::open(path)?;
    let scan = || {
        let found = file.metadata().map_err(files::reading_failed)?;
        let mut scanned = model(&file, found.len(), roots, path.parent().unwrap_or(Path::new(".")))?;
        scanned.files.add(path, &found);
        Ok(scanned)
    };
    scan().map_err(|error: Error| error.within(path.display()))
}

/// The same of an open file. External data is looked for in `folder`, and stays within `roots`.
pub fn model(mut file: impl Read + Seek, length: u64, roots: &Roots, folder: &Path) -> Result<Scanned> {
    let mut start = [0; 8];
    if file.read_exact(&mut start).is_ok() && start.ends_with(b"ORTM") {
        bail!(ModelUnsupported, "it is in ONNX Runtime's own format (.ort), not in ONNX");
    }
    file.rewind().map_err(files::reading_failed)?;
    if length > MAX_FILE {
        bail!(ModelInvalid, "has {length} bytes; expected at most {MAX_FILE}, the rest as external data");
    }
    let (wire, message) = Wire::new(file, length);
    let mut scan =
        Scan { wire, folder: Folder::new(roots, folder), calls: Calls::default(), weights: WeightBytes::default() };
    scan.model(message)?;
    scan.calls.check()?;
    let (file, mut weights) = (scan.wire.into_file()?, scan.weights);
    let (wire, message) = Wire::new(file, length);
    let folded = folding::check(wire, message, weights)?;
    weights.computed = weights.computed.max(folded);
    Ok(Scanned { weights, files: scan.folder.stamps()? })
}

/// Refuses a graph of a file that was let through, and that was changed since, if its constants now grow too large.
pub fn check_constants(graph: &[u8], weights: WeightBytes) -> Result<()> {
    let (wire, message) = Wire::new(Cursor::new(graph), graph.len() as u64);
    folding::check(wire, message, weights).map(drop)
}

struct Scan<R> {
    wire: Wire<R>,
    folder: Folder,
    calls: Calls,
    /// Of the tensors up to now.
    weights: WeightBytes,
}

// The numbers are those of onnx.proto.
impl<R: Read + Seek> Scan<R> {
    fn model(&mut self, mut message: Message) -> Result<()> {
        let mut graph = None;
        while let Some(field) = self.wire.field(&mut message)? {
            match field {
                (7, value) => once(&mut graph, self.wire.bytes(value)?, "graph")?,
                (20, value) => self.training(self.wire.bytes(value)?)?,
                (25, value) => self.function(self.wire.bytes(value)?)?,
                _ => (),
            }
        }
        match graph {
            Some(graph) => {
                self.graph(graph, 1)?;
                self.ports(graph)
            }
            None => bail!(ModelInvalid, "no graph is in it: this is no ONNX file"),
        }
    }

    fn training(&mut self, mut message: Message) -> Result<()> {
        let (mut initialization, mut algorithm) = (None, None);
        while let Some(field) = self.wire.field(&mut message)? {
            match field {
                (1, value) => once(&mut initialization, self.wire.bytes(value)?, "initialization")?,
                (2, value) => once(&mut algorithm, self.wire.bytes(value)?, "algorithm")?,
                _ => (),
            }
        }
        initialization.into_iter().chain(algorithm).try_for_each(|graph| self.graph(graph, 1))
    }

    fn function(&mut self, mut message: Message) -> Result<()> {
        let (mut name, mut domain, mut overload) = (None, None, None);
        let whole = message;
        while let Some(field) = self.wire.field(&mut message)? {
            match field {
                (1, value) => once(&mut name, self.name(value)?, "name of a function")?,
                (10, value) => once(&mut domain, self.name(value)?, "domain of a function")?,
                (13, value) => once(&mut overload, self.name(value)?, "overload of a function")?,
                _ => (),
            }
        }
        self.calls.enter(Operator::new(domain, name, overload))?;
        let mut message = whole;
        while let Some(field) = self.wire.field(&mut message)? {
            match field {
                (7, value) => self.node(self.wire.bytes(value)?, 1)?,
                (11, value) => self.attribute(self.wire.bytes(value)?, 1)?,
                _ => (),
            }
        }
        self.calls.leave();
        Ok(())
    }

    fn graph(&mut self, mut message: Message, depth: usize) -> Result<()> {
        if depth > MAX_DEPTH {
            bail!(ModelInvalid, "graphs nest deeper than {MAX_DEPTH}");
        }
        while let Some(field) = self.wire.field(&mut message)? {
            match field {
                (1, value) => self.node(self.wire.bytes(value)?, depth)?,
                (5, value) => self.tensor(self.wire.bytes(value)?, depth == 1).map(drop)?,
                (15, value) => self.sparse_tensor(self.wire.bytes(value)?)?,
                _ => (),
            }
        }
        Ok(())
    }

    fn node(&mut self, mut message: Message, depth: usize) -> Result<()> {
        let whole = message;
        let (mut kind, mut domain, mut overload) = (None, None, None);
        while let Some(field) = self.wire.field(&mut message)? {
            match field {
                (4, value) => once(&mut kind, self.name(value)?, "op_type of a node")?,
                (7, value) => once(&mut domain, self.name(value)?, "domain of a node")?,
                (8, value) => once(&mut overload, self.name(value)?, "overload of a node")?,
                (5, value) => self.attribute(self.wire.bytes(value)?, depth)?,
                _ => (),
            }
        }
        self.calls.node(Operator::new(domain, kind, overload))?;
        let node = Reading::read(&mut self.wire, whole)?;
        operators::check(&mut self.wire, &node)
    }

    fn attribute(&mut self, mut message: Message, depth: usize) -> Result<()> {
        let (mut tensor, mut graph, mut sparse) = (None, None, None);
        while let Some(field) = self.wire.field(&mut message)? {
            match field {
                (5, value) => once(&mut tensor, self.wire.bytes(value)?, "tensor of an attribute")?,
                (6, value) => once(&mut graph, self.wire.bytes(value)?, "graph of an attribute")?,
                (22, value) => once(&mut sparse, self.wire.bytes(value)?, "sparse tensor of an attribute")?,
                (4 | 9, value) => {
                    let length = self.wire.bytes(value)?.length();
                    if length > MAX_TEXT {
                        bail!(ModelInvalid, "the text of an attribute has {length} bytes; expected at most {MAX_TEXT}");
                    }
                }
                (10, value) => self.tensor(self.wire.bytes(value)?, false).map(drop)?,
                (11, value) => self.graph(self.wire.bytes(value)?, depth + 1)?,
                (23, value) => self.sparse_tensor(self.wire.bytes(value)?)?,
                _ => (),
            }
        }
        tensor.map_or(Ok(()), |tensor| self.tensor(tensor, false).map(drop))?;
        graph.map_or(Ok(()), |graph| self.graph(graph, depth + 1))?;
        sparse.map_or(Ok(()), |sparse| self.sparse_tensor(sparse))
    }

    fn name(&mut self, value: Value) -> Result<String> {
        self.wire.text(self.wire.bytes(value)?, MAX_OPERATOR)
    }
}

/// Notes a field that may occur once.
fn once<T>(slot: &mut Option<T>, value: T, what: &str) -> Result<()> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => bail!(ModelInvalid, "the {what} is given twice"),
    }
}
