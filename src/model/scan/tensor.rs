//! What a tensor says of itself: its dimensions against its data.

use std::io::{Read, Seek};

use super::external::{Extent, External};
use super::wire::{Message, Value};
use super::{once, Scan, MAX_FILE, MAX_NAME};
use crate::error::{bail, Error, Result};

/// Bits of an element, by ONNX's number of its type; 0 where there is none. Strings (8) have none.
const BITS: [u64; 27] = [0, 32, 8, 8, 16, 16, 32, 64, 0, 8, 16, 64, 32, 64, 64, 128, 16, 8, 8, 8, 8, 4, 4, 4, 8, 2, 2];
const STRING: usize = 8;

/// The size of a tensor: elements, and the bytes that they take.
pub struct Size {
    elements: u64,
    bits: u64,
}

impl Size {
    fn bytes(&self) -> Option<u64> {
        Some(self.elements.checked_mul(self.bits)?.div_ceil(8))
    }
}

/// Bits of an element of this type; 0 where there is none.
pub fn bits(kind: i32) -> u64 {
    usize::try_from(kind).ok().and_then(|kind| BITS.get(kind)).copied().unwrap_or(0)
}

/// The bytes of a tensor of these dimensions and this type, in a file that the scan let through.
pub fn bytes(dimensions: &[i64], kind: i32) -> u64 {
    let elements = dimensions.iter().fold(1u64, |product, side| product.saturating_mul(side.unsigned_abs()));
    Size { elements, bits: bits(kind) }.bytes().unwrap_or(u64::MAX)
}

impl<R: Read + Seek> Scan<R> {
    /// `is_initializer`: of the graph that is not within another.
    pub fn tensor(&mut self, mut message: Message, is_initializer: bool) -> Result<Size> {
        let mut dimensions = Dimensions::NONE;
        let (mut name, mut kind, mut raw, mut location) = (None, None, None, None);
        let (mut external, mut typed, mut strings) = (External::default(), 0, 0);
        while let Some(field) = self.wire.field(&mut message)? {
            match field {
                (1, value) => self.dimensions(value, &mut dimensions)?,
                (2, value) => once(&mut kind, self.wire.number(value)? as i32, "data_type of a tensor")?,
                (4 | 5 | 7 | 10 | 11, Value::Bytes(numbers)) => typed += numbers.length(),
                (4 | 5 | 7 | 10 | 11, _) => typed += 1,
                (6, _) => strings += 1,
                (8, value) => once(&mut name, self.wire.text(self.wire.bytes(value)?, MAX_NAME)?, "name of a tensor")?,
                (9, value) => once(&mut raw, self.wire.bytes(value)?.length(), "raw_data of a tensor")?,
                (13, value) => {
                    let entry = self.wire.bytes(value)?;
                    external.entry(&mut self.wire, entry)?
                }
                (14, value) => once(&mut location, self.wire.number(value)? as i32, "data_location of a tensor")?,
                _ => (),
            }
        }
        let name = name.unwrap_or_default();
        let within = |error: Error| error.within(format!("tensor {name:?}"));
        let elements = dimensions.elements().map_err(within)?;
        let is_external = match location {
            None | Some(0) => false,
            Some(1) => true,
            Some(other) => bail!(ModelInvalid, "tensor {name:?}: data_location is {other}; expected 0 or 1"),
        };
        let data = Data { raw, typed, strings, external: is_external };
        let size = data.fits(elements, kind.unwrap_or(0)).map_err(within)?;
        let bytes = size.bytes().unwrap_or(u64::MAX);
        self.folder.check(&external, Extent { bytes, needed: is_external }).map_err(within)?;
        if kind == Some(STRING as i32) {
            bail!(ModelUnsupported, "tensor {name:?} is of text, which no part of Stable Diffusion computes with");
        }
        if is_external && !is_initializer {
            bail!(
                ModelUnsupported,
                "tensor {name:?} has external data; expected that of initializers of the graph alone"
            );
        }
        let widened = if size.bits == 16 { 2 } else { 1 };
        self.weights.stored = self.weights.stored.saturating_add(bytes);
        self.weights.computed = self.weights.computed.saturating_add(bytes.saturating_mul(widened));
        Ok(size)
    }

    /// ONNX Runtime spreads a sparse tensor out, so its whole size counts, not that of its values.
    pub fn sparse_tensor(&mut self, mut message: Message) -> Result<()> {
        let mut dimensions = Dimensions::NONE;
        let (mut values, mut indices) = (None, None);
        while let Some(field) = self.wire.field(&mut message)? {
            match field {
                (1, value) => once(&mut values, self.wire.bytes(value)?, "values of a sparse tensor")?,
                (2, value) => once(&mut indices, self.wire.bytes(value)?, "indices of a sparse tensor")?,
                (3, value) => self.dimensions(value, &mut dimensions)?,
                _ => (),
            }
        }
        let (Some(values), Some(indices)) = (values, indices) else {
            bail!(ModelInvalid, "a sparse tensor lacks its values or its indices");
        };
        let bits = self.tensor(values, false)?.bits;
        self.tensor(indices, false)?;
        let size = Size { elements: dimensions.elements()?, bits };
        match size.bytes() {
            Some(bytes) if bytes <= MAX_FILE => Ok(()),
            _ => bail!(
                ModelInvalid,
                "a sparse tensor spreads out to {} elements; expected at most {MAX_FILE} bytes",
                size.elements
            ),
        }
    }

    /// Dimensions come packed or one by one.
    fn dimensions(&mut self, value: Value, dimensions: &mut Dimensions) -> Result<()> {
        match value {
            Value::Bytes(mut packed) => {
                while let Some(dimension) = self.wire.packed(&mut packed)? {
                    dimensions.add(dimension as i64);
                }
            }
            one => dimensions.add(self.wire.number(one)? as i64),
        }
        Ok(())
    }
}

/// Dimensions as they are read.
struct Dimensions {
    count: usize,
    /// The product of those that are not 0, if it can be counted.
    product: Option<u64>,
    zero: bool,
    negative: Option<i64>,
}

impl Dimensions {
    const NONE: Self = Self { count: 0, product: Some(1), zero: false, negative: None };

    fn add(&mut self, dimension: i64) {
        self.count += 1;
        match u64::try_from(dimension) {
            Ok(0) => self.zero = true,
            Ok(dimension) => self.product = self.product.and_then(|product| product.checked_mul(dimension)),
            Err(_) => self.negative = self.negative.or(Some(dimension)),
        }
    }

    fn elements(&self) -> Result<u64> {
        const MOST: usize = 64;
        match (self.negative, self.product) {
            (Some(negative), _) => bail!(ModelInvalid, "a dimension is {negative}; expected 0 or more"),
            _ if self.count > MOST => bail!(ModelInvalid, "it has {} dimensions; expected at most {MOST}", self.count),
            (_, Some(product)) if product <= i64::MAX as u64 => Ok(if self.zero { 0 } else { product }),
            _ => bail!(ModelInvalid, "its dimensions multiply to more than 2^63 elements"),
        }
    }
}

/// Where the data of a tensor is, and how much of it: bytes of raw_data and of the typed fields.
struct Data {
    raw: Option<u64>,
    typed: u64,
    strings: u64,
    external: bool,
}

impl Data {
    /// Refuses dimensions that the data in the file does not fill, so that nobody allocates by them.
    fn fits(&self, elements: u64, kind: i32) -> Result<Size> {
        let bits = bits(kind);
        let is_string = kind == STRING as i32;
        if bits == 0 && !is_string {
            bail!(ModelInvalid, "data_type is {kind}; expected an element type of ONNX, 1 to {}", BITS.len() - 1);
        }
        let size = Size { elements, bits };
        let Some(bytes) = size.bytes() else {
            bail!(ModelInvalid, "its {elements} elements are more than 2^63 bytes");
        };
        match (self.external, self.raw) {
            (true, _) if is_string => bail!(ModelInvalid, "it is of text, which cannot be external data"),
            (true, None) if self.typed == 0 => Ok(size),
            (true, _) => bail!(ModelInvalid, "it has external data and data in the file; expected one of them"),
            (false, _) if is_string && self.strings != elements => {
                bail!(ModelInvalid, "its dimensions make {elements} texts, but it has {}", self.strings)
            }
            (false, _) if is_string => Ok(size),
            (false, Some(raw)) if raw != bytes => {
                bail!(
                    ModelInvalid,
                    "its dimensions make {elements} elements ({bytes} bytes), but raw_data has {raw} bytes"
                )
            }
            (false, Some(_)) => Ok(size),
            // Typed fields hold at least one byte for each number, which is as many as four elements.
            (false, None) if elements > self.typed.saturating_mul(4) => {
                bail!(ModelInvalid, "its dimensions make {elements} elements, but its data has {} bytes", self.typed)
            }
            (false, None) => Ok(size),
        }
    }
}
