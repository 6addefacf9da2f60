//! The graph of an ONNX file without its weights, which stay where they are: in the file.
//!
//! What ONNX Runtime finds within a graph it copies, while it holds the whole file. So it is given the graph by itself,
//! in which weights are said to be external data: of the file that they have been in all along, which ONNX Runtime maps
//! and uses in place where it can, or of one in memory.

use std::io::{Read, Seek};
use std::path::Path;

use super::external::External;
use super::tensor;
use super::weights::{Checksums, Extent, Extents, IN_MEMORY};
use super::wire::{Message, Value, Wire};
use super::MAX_NAME;
use crate::cancel::Cancel;
use crate::error::Result;
use crate::model::graph::proto;

/// Tensors of fewer bytes stay in the graph: shapes and the like, which ONNX Runtime reads at once.
const SMALL: u64 = 1024;
/// What external data calls its file.
const LOCATION: &str = "location";

/// Where the large weights of a graph are to be.
pub enum Weights<'a> {
    /// In the files that they are in, in the folder of the graph's file, which has the name `own`. `rename`: from the name
    /// of a file of external data to the one to look for.
    #[allow(missing_docs)]
    InFiles { own: &'a str, rename: &'a dyn Fn(String) -> String },
    /// In memory, which these extents of the graph's file at `path` and of those beside it will fill.
    #[allow(missing_docs)]
    InMemory { path: &'a Path, extents: &'a mut Extents },
}

/// A model that [`super::model`] let through, with its large weights as external data.
pub fn without_weights(file: impl Read + Seek, length: u64, weights: Weights) -> Result<Vec<u8>> {
    let (wire, model) = Wire::new(file, length);
    Copy { wire, weights }.model(model)
}

fn entry(key: &str, value: &str) -> Vec<u8> {
    [proto::bytes(1, key), proto::bytes(2, value)].concat()
}

/// What makes a tensor external data.
fn external(name: &str, offset: u64, length: u64) -> Vec<u8> {
    let (offset, length) = (offset.to_string(), length.to_string());
    let entries = [(LOCATION, name), ("offset", &offset), ("length", &length)];
    let entries = entries.into_iter().flat_map(|(key, value)| proto::bytes(13, entry(key, value)));
    entries.chain(proto::number(14, 1)).collect() // data_location: external
}

struct Copy<'a, R> {
    wire: Wire<R>,
    weights: Weights<'a>,
}

// The numbers are those of onnx.proto.
impl<R: Read + Seek> Copy<'_, R> {
    fn model(&mut self, message: Message) -> Result<Vec<u8>> {
        self.replace(message, |copy, number, message| match number {
            7 => copy.graph(message).map(Some),
            _ => Ok(None),
        })
    }

    fn graph(&mut self, message: Message) -> Result<Vec<u8>> {
        self.replace(message, |copy, number, message| match number {
            5 => copy.tensor(message).map(Some),
            _ => Ok(None),
        })
    }

    fn tensor(&mut self, message: Message) -> Result<Vec<u8>> {
        match self.weights {
            Weights::InFiles { own, rename } => self.in_files(message, own, rename),
            Weights::InMemory { path, .. } => self.in_memory(message, path),
        }
    }

    fn in_files(&mut self, message: Message, own: &str, rename: &dyn Fn(String) -> String) -> Result<Vec<u8>> {
        let mut data = None;
        let mut tensor = self.replace(message, |copy, number, message| match number {
            9 if message.length() >= SMALL => {
                data = Some(message);
                Ok(Some(Vec::new()))
            }
            13 => copy.renamed(message, rename),
            _ => Ok(None),
        })?;
        if let Some(data) = data {
            tensor.extend(external(own, data.position(), data.length()));
        }
        Ok(tensor)
    }

    /// What external data says of itself, where that is its file.
    fn renamed(&mut self, mut message: Message, rename: &dyn Fn(String) -> String) -> Result<Option<Vec<u8>>> {
        let (mut key, mut value) = (String::new(), String::new());
        while let Some((number, text)) = self.wire.field(&mut message)? {
            match number {
                1 => key = self.wire.text(self.wire.bytes(text)?, MAX_NAME)?,
                2 => value = self.wire.text(self.wire.bytes(text)?, MAX_NAME)?,
                _ => (),
            }
        }
        Ok((key == LOCATION).then(|| entry(LOCATION, &rename(value))))
    }

    fn in_memory(&mut self, message: Message, path: &Path) -> Result<Vec<u8>> {
        let (found, is_external) = self.extent(message, path)?;
        let Some(extent) = found.filter(|extent| is_external || extent.length >= SMALL) else {
            return self.replace(message, |_, _, _| Ok(None));
        };
        // Fields 9 and 13 are the data and where it is.
        let mut tensor = self.replace(message, |_, number, _| Ok([9, 13].contains(&number).then(Vec::new)))?;
        if extent.length >= SMALL {
            let Weights::InMemory { extents, .. } = &mut self.weights else {
                unreachable!("the weights are in memory")
            };
            let length = extent.length;
            tensor.extend(external(IN_MEMORY, extents.add(extent) as u64, length));
        } else {
            let mut small = Extents::default();
            let length = extent.length as usize;
            small.add(extent);
            tensor.extend(proto::bytes(9, &small.read(path, &mut Checksums::default(), &Cancel::default())?[..length]));
            tensor.extend(proto::number(14, 0)); // data_location: here
        }
        Ok(tensor)
    }

    /// Where the bytes of a tensor are, and whether that is beside the graph.
    fn extent(&mut self, mut message: Message, path: &Path) -> Result<(Option<Extent>, bool)> {
        let (mut sizes, mut kind, mut raw, mut is_external) = (Vec::new(), 0, None, false);
        let mut location = External::default();
        while let Some((number, value)) = self.wire.field(&mut message)? {
            match number {
                1 => self.wire.integers(value, &mut sizes)?,
                2 => kind = self.wire.number(value)? as i32,
                9 => raw = Some(self.wire.bytes(value)?),
                13 => {
                    let entry = self.wire.bytes(value)?;
                    location.entry(&mut self.wire, entry)?;
                }
                14 => is_external = self.wire.number(value)? == 1,
                _ => (),
            }
        }
        if is_external {
            return Ok((location.extent(tensor::bytes(&sizes, kind))?, true));
        }
        let file = Path::new(path.file_name().unwrap_or_default());
        let own = |raw: Message| Extent { file: file.to_owned(), offset: raw.position(), length: raw.length() };
        Ok((raw.map(own), false))
    }

    /// A copy of a message with what `change` makes of its messages, texts and bytes. An empty one is left out.
    fn replace(
        &mut self,
        mut message: Message,
        mut change: impl FnMut(&mut Self, u64, Message) -> Result<Option<Vec<u8>>>,
    ) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        loop {
            let start = message.position();
            let Some((number, value)) = self.wire.field(&mut message)? else { return Ok(bytes) };
            let changed = match value {
                Value::Bytes(inner) => change(self, number, inner)?,
                _ => None,
            };
            match changed {
                None => self.wire.copy(start..message.position(), &mut bytes)?,
                Some(changed) if changed.is_empty() => {}
                Some(changed) => proto::append(&mut bytes, number, &changed)?,
            }
        }
    }
}
