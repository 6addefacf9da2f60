//! What a graph declares for its inputs and outputs: types that Scumble has, and sizes that it can ask for.

use std::collections::HashSet;
use std::io::{Read, Seek};

use super::wire::{Message, Value};
use super::{tensor, Scan, MAX_NAME};
use crate::error::{bail, Error, Result};
use crate::image::MAX_SIDE;

/// The most that a dimension of an input or output may be: a width of embeddings, or a vocabulary.
const MOST: u64 = 1 << 16;
/// The most of a batch, and of ControlNets within a UNet.
const MOST_AT_ONCE: u64 = 64;
/// Dimensions of the largest: ControlNets, batch, channels, height, width.
const MAX_RANK: usize = 5;
/// Numbers of the largest: two images of the largest size, and more.
pub(crate) const MAX_ELEMENTS: u64 = 1 << 29;
/// Text, which no part of Stable Diffusion takes or gives, and complex numbers.
const NOT_NUMBERS: [i32; 3] = [8, 14, 15];

// The numbers are those of onnx.proto.
impl<R: Read + Seek> Scan<R> {
    /// Refuses a graph with inputs or outputs that are no tensors of numbers, or larger than the API's limits allow.
    pub fn ports(&mut self, graph: Message) -> Result<()> {
        let (mut initializers, mut rest) = (HashSet::new(), graph);
        while let Some((number, value)) = self.wire.field(&mut rest)? {
            if number == 5 {
                let tensor = self.wire.bytes(value)?;
                initializers.insert(self.text_of(tensor, 8)?);
            }
        }
        let mut rest = graph;
        while let Some((number, value)) = self.wire.field(&mut rest)? {
            if number != 11 && number != 12 {
                continue;
            }
            let port = self.wire.bytes(value)?;
            let name = self.text_of(port, 1)?;
            // Older exporters list weights among the inputs.
            if !initializers.contains(&name) {
                let what = if number == 11 { "input" } else { "output" };
                let within = |error: Error| error.within(format!("the {what} {name:?}"));
                self.port(port, number == 11).map_err(within)?;
            }
        }
        Ok(())
    }

    fn port(&mut self, mut port: Message, is_input: bool) -> Result<()> {
        while let Some((number, value)) = self.wire.field(&mut port)? {
            if number != 2 {
                continue;
            }
            let mut kind = self.wire.bytes(value)?;
            while let Some((number, value)) = self.wire.field(&mut kind)? {
                match (number, value) {
                    (1, Value::Bytes(tensor)) => self.tensor_port(tensor, is_input)?,
                    (_, Value::Bytes(_)) if number != 6 => {
                        bail!(ModelUnsupported, "it is a sequence, a map or an option; expected a tensor")
                    }
                    _ => (),
                }
            }
        }
        Ok(())
    }

    fn tensor_port(&mut self, mut tensor: Message, is_input: bool) -> Result<()> {
        while let Some((number, value)) = self.wire.field(&mut tensor)? {
            match number {
                1 => {
                    let element = self.wire.number(value)? as i32;
                    if tensor::bits(element) == 0 || NOT_NUMBERS.contains(&element) {
                        bail!(ModelUnsupported, "its element type is {element} of ONNX's; expected one of numbers")
                    }
                }
                2 => {
                    let shape = self.wire.bytes(value)?;
                    self.shape(shape, is_input)?;
                }
                _ => (),
            }
        }
        Ok(())
    }

    fn shape(&mut self, mut shape: Message, is_input: bool) -> Result<()> {
        let mut sides = Vec::new();
        while let Some((number, value)) = self.wire.field(&mut shape)? {
            if number != 1 {
                continue;
            }
            let (mut dimension, mut side) = (self.wire.bytes(value)?, None);
            while let Some((number, value)) = self.wire.field(&mut dimension)? {
                if number == 1 {
                    side = Some(self.wire.number(value)? as i64);
                }
            }
            sides.push(side);
            if sides.len() > MAX_RANK {
                bail!(ModelUnsupported, "it has more than {MAX_RANK} dimensions");
            }
        }
        let mut elements = 1u64;
        for (axis, side) in sides.iter().enumerate() {
            let Some(side) = *side else { continue };
            let most = match axis {
                0 if is_input => MOST_AT_ONCE,
                axis if sides.len() > 3 && axis + 2 >= sides.len() => MAX_SIDE as u64,
                _ => MOST,
            };
            if !(1..=most as i64).contains(&side) {
                bail!(ModelInvalid, "dimension {axis} is {side}; expected 1 to {most}, or none given");
            }
            elements = elements.saturating_mul(side.unsigned_abs());
        }
        if elements > MAX_ELEMENTS {
            bail!(ModelInvalid, "its dimensions multiply to {elements} numbers; expected at most {MAX_ELEMENTS}");
        }
        Ok(())
    }

    fn text_of(&mut self, mut message: Message, field: u64) -> Result<String> {
        while let Some((number, value)) = self.wire.field(&mut message)? {
            if number == field {
                return self.wire.text(self.wire.bytes(value)?, MAX_NAME);
            }
        }
        Ok(String::new())
    }
}
