//! A node of a graph: what it computes of what, how it pads, and its copy with other inputs.

use std::io::{Read, Seek};
use std::ops::Range;

use super::build;
use super::proto;
use crate::error::{bail, Result};
use crate::model::scan::wire::{Message, Wire};
use crate::model::scan::{MAX_NAME, MAX_OPERATOR};

// The numbers are those of onnx.proto.
const INPUT: u64 = 1;
const OUTPUT: u64 = 2;
const ATTRIBUTE: u64 = 5;

/// Convolutions whose first input is `[n, channels, height, width]`.
const CONVOLUTIONS: [(&str, &str); 4] =
    [("", "Conv"), ("", "ConvInteger"), ("", "QLinearConv"), ("com.microsoft", "FusedConv")];

pub struct Node {
    message: Message,
    pub domain: String,
    pub kind: String,
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    attributes: Vec<Attribute>,
}

struct Attribute {
    /// Where the field lies that holds it.
    range: Range<u64>,
    name: String,
    integers: Vec<i64>,
    number: Option<f32>,
    text: Option<Message>,
    tensor: Option<Message>,
    graphs: Vec<Message>,
}

impl Node {
    pub fn read<R: Read + Seek>(wire: &mut Wire<R>, message: Message) -> Result<Self> {
        let (domain, kind) = (String::new(), String::new());
        let (inputs, outputs, attributes) = (Vec::new(), Vec::new(), Vec::new());
        let mut node = Self { message, domain, kind, inputs, outputs, attributes };
        let mut rest = message;
        loop {
            let start = rest.position();
            match wire.field(&mut rest)? {
                None => break,
                Some((INPUT, value)) => node.inputs.push(wire.text(wire.bytes(value)?, MAX_NAME)?),
                Some((OUTPUT, value)) => node.outputs.push(wire.text(wire.bytes(value)?, MAX_NAME)?),
                Some((4, value)) => node.kind = wire.text(wire.bytes(value)?, MAX_OPERATOR)?,
                Some((7, value)) => node.domain = wire.text(wire.bytes(value)?, MAX_OPERATOR)?,
                Some((ATTRIBUTE, value)) => {
                    node.attributes.push(Attribute::read(wire, wire.bytes(value)?, start..rest.position())?);
                }
                _ => (),
            }
        }
        if node.domain == "ai.onnx" {
            node.domain.clear();
        }
        Ok(node)
    }

    pub fn is(&self, domain: &str, kind: &str) -> bool {
        self.domain == domain && self.kind == kind
    }

    pub fn is_convolution(&self) -> bool {
        CONVOLUTIONS.iter().any(|(domain, kind)| self.is(domain, kind))
    }

    /// Whether it is of a kind that has padding.
    pub fn is_padded(&self) -> bool {
        self.is_convolution() || self.is("", "Pad") || self.attribute("pads").is_some()
    }

    /// The graphs that its attributes hold.
    pub fn graphs(&self) -> impl Iterator<Item = Message> + '_ {
        self.attributes.iter().flat_map(|attribute| attribute.graphs.iter().copied())
    }

    /// What it pads its input with: rows above, columns to the left, rows below, columns to the right.
    pub fn padding<R: Read + Seek>(&self, wire: &mut Wire<R>) -> Result<[i64; 4]> {
        let unsupported = |what: &str, found: &[i64], expected: &str| {
            bail!(
                ModelUnsupported,
                "{what} of the operator {} is {found:?}; expected {expected} to be made seamless",
                self.kind
            )
        };
        match self.text(wire, "auto_pad")?.as_deref().unwrap_or("NOTSET") {
            "NOTSET" => match *self.integers("pads") {
                [top, left, bottom, right] if top.min(left).min(bottom).min(right) >= 0 => {
                    Ok([top, left, bottom, right])
                }
                ref pads if pads.iter().all(|pad| *pad == 0) => Ok([0; 4]),
                ref pads => unsupported("pads", pads, "four numbers, 0 or more,"),
            },
            "VALID" => Ok([0; 4]),
            // As much as keeps the size. With strides, that depends on the size.
            same @ ("SAME_UPPER" | "SAME_LOWER") => {
                let [height, width] = *self.integers("kernel_shape") else {
                    return unsupported("kernel_shape", self.integers("kernel_shape"), "two numbers");
                };
                let ([] | [1, 1]) = *self.integers("strides") else {
                    return unsupported("strides, with auto_pad,", self.integers("strides"), "1 and 1");
                };
                let ([] | [1, 1]) = *self.integers("dilations") else {
                    return unsupported("dilations, with auto_pad,", self.integers("dilations"), "1 and 1");
                };
                let (rows, columns) = (height.max(1) - 1, width.max(1) - 1);
                let less = [rows / 2, columns / 2, rows - rows / 2, columns - columns / 2];
                Ok(if same == "SAME_UPPER" { less } else { [less[2], less[3], less[0], less[1]] })
            }
            other => {
                bail!(ModelUnsupported, "auto_pad of the operator {} is {other:?}, which ONNX does not have", self.kind)
            }
        }
    }

    /// An attribute that is a text.
    pub fn text<R: Read + Seek>(&self, wire: &mut Wire<R>, name: &str) -> Result<Option<String>> {
        let text = self.attribute(name).and_then(|attribute| attribute.text);
        text.map(|text| wire.text(text, MAX_OPERATOR)).transpose()
    }

    /// The field of a graph that holds this node, with other inputs in the place of its first, and with
    /// another padding if one is given.
    pub fn with<R: Read + Seek>(
        &self,
        wire: &mut Wire<R>,
        inputs: &[&str],
        padding: Option<[i64; 4]>,
    ) -> Result<Vec<u8>> {
        let (mut bytes, mut rest, mut read) = (Vec::new(), self.message, 0);
        let is_dropped = |start: u64| {
            let attribute = self.attributes.iter().find(|attribute| attribute.range.start == start);
            padding.is_some() && attribute.is_some_and(|found| ["pads", "auto_pad"].contains(&found.name.as_str()))
        };
        loop {
            let start = rest.position();
            let Some((number, _)) = wire.field(&mut rest)? else { break };
            match inputs.get(read) {
                Some(input) if number == INPUT => bytes.extend(proto::bytes(INPUT, input)),
                _ if is_dropped(start) => (),
                _ => wire.copy(start..rest.position(), &mut bytes)?,
            }
            read += usize::from(number == INPUT);
        }
        if let Some(padding) = padding {
            bytes.extend(proto::bytes(ATTRIBUTE, build::integers("pads", &padding)));
        }
        Ok(proto::bytes(super::NODE, bytes))
    }

    /// An attribute that is a number.
    pub fn number(&self, name: &str) -> Option<f32> {
        self.attribute(name).and_then(|attribute| attribute.number)
    }

    /// An attribute that is a tensor.
    pub fn tensor(&self, name: &str) -> Option<Message> {
        self.attribute(name).and_then(|attribute| attribute.tensor)
    }

    /// An attribute that is a whole number, or a list of them.
    pub fn integers(&self, name: &str) -> &[i64] {
        self.attribute(name).map_or(&[], |attribute| &attribute.integers)
    }

    fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }
}

impl Attribute {
    fn read<R: Read + Seek>(wire: &mut Wire<R>, mut message: Message, range: Range<u64>) -> Result<Self> {
        let mut attribute = Self {
            range,
            name: String::new(),
            integers: Vec::new(),
            number: None,
            text: None,
            tensor: None,
            graphs: Vec::new(),
        };
        while let Some((number, value)) = wire.field(&mut message)? {
            match number {
                1 => attribute.name = wire.text(wire.bytes(value)?, MAX_NAME)?,
                2 => {
                    let (end, mut bytes) = (message.position(), Vec::new());
                    wire.copy(end.saturating_sub(4)..end, &mut bytes)?;
                    attribute.number = bytes.try_into().ok().map(f32::from_le_bytes);
                }
                3 | 8 => wire.integers(value, &mut attribute.integers)?,
                4 => attribute.text = Some(wire.bytes(value)?),
                5 => attribute.tensor = Some(wire.bytes(value)?),
                6 | 11 => attribute.graphs.push(wire.bytes(value)?),
                _ => (),
            }
        }
        Ok(attribute)
    }
}
