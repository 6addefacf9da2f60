//! The graph of an ONNX file without its weights, which stay where they are: in the file.
//!
//! What ONNX Runtime finds within a graph it copies, while it holds the whole file. What lies beside a graph
//! it maps, and uses in place where it can. So it is given the graph by itself, in which weights are said to
//! be external data: of the file that they have been in all along.

use std::io::{Read, Seek};

use super::wire::{Message, Value, Wire};
use super::MAX_NAME;
use crate::error::Result;
use crate::model::graph::proto;

/// Tensors of fewer bytes stay in the graph: shapes and the like, which ONNX Runtime reads at once.
const SMALL: u64 = 1024;
/// What external data calls its file.
const LOCATION: &str = "location";

/// The model in a file of this name that [`super::model`] let through, with its large weights as external
/// data. What it refers to lies in the folder of the file, the file itself included. `rename`: from the name
/// of a file of external data to the one to look for.
pub fn without_weights(
    file: impl Read + Seek,
    length: u64,
    name: &str,
    rename: impl Fn(String) -> String,
) -> Result<Vec<u8>> {
    let (wire, model) = Wire::new(file, length);
    Copy { wire, name, rename }.model(model)
}

fn entry(key: &str, value: &str) -> Vec<u8> {
    [proto::bytes(1, key), proto::bytes(2, value)].concat()
}

struct Copy<'a, R, F> {
    wire: Wire<R>,
    /// The name of the file, which is where its weights are.
    name: &'a str,
    rename: F,
}

// The numbers are those of onnx.proto.
impl<R: Read + Seek, F: Fn(String) -> String> Copy<'_, R, F> {
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
        let mut data = None;
        let mut tensor = self.replace(message, |copy, number, message| match number {
            9 if message.length() >= SMALL => {
                data = Some(message);
                Ok(Some(Vec::new()))
            }
            13 => copy.external(message),
            _ => Ok(None),
        })?;
        if let Some(data) = data {
            let (offset, length) = (data.position().to_string(), data.length().to_string());
            for (key, value) in [(LOCATION, self.name), ("offset", &offset), ("length", &length)] {
                tensor.extend(proto::bytes(13, entry(key, value)));
            }
            tensor.extend(proto::number(14, 1)); // data_location: external
        }
        Ok(tensor)
    }

    /// What external data says of itself, where that is its file.
    fn external(&mut self, mut message: Message) -> Result<Option<Vec<u8>>> {
        let (mut key, mut value) = (String::new(), String::new());
        while let Some((number, text)) = self.wire.field(&mut message)? {
            match number {
                1 => key = self.wire.text(self.wire.bytes(text)?, MAX_NAME)?,
                2 => value = self.wire.text(self.wire.bytes(text)?, MAX_NAME)?,
                _ => (),
            }
        }
        Ok((key == LOCATION).then(|| entry(LOCATION, &(self.rename)(value))))
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
