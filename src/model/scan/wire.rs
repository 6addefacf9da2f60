//! Protobuf's wire format, read from a file in one pass. What nobody asks for is jumped over, so that a
//! file of 2 GB costs no more than the names in it.

use std::io::{BufReader, Read, Seek};
use std::ops::Range;

use micropb::{DecodeError, PbDecoder};

use crate::error::{bail, Error, Result};
use crate::files::reading_failed;
use crate::memory;

/// More fields than any model has, and read in a second: what bounds the time of a scan.
const MAX_FIELDS: u64 = 1 << 24;

/// A message: where its next field begins and where it ends, in bytes from the start of the file.
#[derive(Clone, Copy, Debug)]
pub struct Message {
    next: u64,
    end: u64,
}

impl Message {
    /// How many bytes are left of it.
    pub fn length(&self) -> u64 {
        self.end - self.next
    }

    /// Where its next field begins: for a message that nobody has read from, its start.
    pub fn position(&self) -> u64 {
        self.next
    }
}

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub enum Value {
    Varint(u64),
    /// 4 or 8 bytes, which nothing that is checked is made of.
    Fixed,
    /// A message, a text, bytes or packed numbers.
    Bytes(Message),
}

/// Reads fields one after the other.
pub struct Wire<R> {
    file: BufReader<R>,
    position: u64,
    fields: u64,
}

impl<R: Read + Seek> Wire<R> {
    /// A file from its start, and the message that all of it is.
    pub fn new(file: R, length: u64) -> (Self, Message) {
        (Self { file: BufReader::new(file), position: 0, fields: 0 }, Message { next: 0, end: length })
    }

    /// The file, from its start, to be read again.
    pub fn into_file(self) -> Result<R> {
        let mut file = self.file.into_inner();
        file.rewind().map_err(reading_failed)?;
        Ok(file)
    }

    /// The number and the value of the next field of a message.
    pub fn field(&mut self, message: &mut Message) -> Result<Option<(u64, Value)>> {
        if message.next == message.end {
            return Ok(None);
        }
        let start = message.next;
        self.one_more()?;
        self.go_to(start)?;
        let tag = self.varint(message.end)?;
        let value = match tag & 7 {
            0 => Value::Varint(self.varint(message.end)?),
            1 => Value::Fixed,
            2 => {
                let length = self.varint(message.end)?;
                Value::Bytes(Message { next: self.position, end: self.position.saturating_add(length) })
            }
            5 => Value::Fixed,
            other => bail!(ModelInvalid, "byte {start}: wire type {other}, which ONNX files do not have"),
        };
        message.next = match value {
            Value::Varint(_) => self.position,
            Value::Fixed => self.position + if tag & 7 == 1 { 8 } else { 4 },
            Value::Bytes(field) => field.end,
        };
        if message.next > message.end {
            bail!(
                ModelInvalid,
                "byte {start}: a field ends at byte {}, but what holds it ends at byte {}: the file is damaged or cut off",
                message.next,
                message.end
            );
        }
        if tag >> 3 == 0 || tag > u64::from(u32::MAX) {
            bail!(ModelInvalid, "byte {start}: field number {}, which protobuf does not have", tag >> 3);
        }
        Ok(Some((tag >> 3, value)))
    }

    /// The next of numbers that are packed.
    pub fn packed(&mut self, numbers: &mut Message) -> Result<Option<u64>> {
        if numbers.next == numbers.end {
            return Ok(None);
        }
        self.one_more()?;
        self.go_to(numbers.next)?;
        let number = self.varint(numbers.end)?;
        numbers.next = self.position;
        Ok(Some(number))
    }

    /// Appends what a field of whole numbers holds: one of them, or several, packed.
    pub fn integers(&mut self, value: Value, to: &mut Vec<i64>) -> Result<()> {
        match value {
            Value::Bytes(mut packed) => {
                while let Some(integer) = self.packed(&mut packed)? {
                    to.push(integer as i64);
                }
            }
            value => to.push(self.number(value)? as i64),
        }
        Ok(())
    }

    /// A text of at most so many bytes.
    pub fn text(&mut self, text: Message, most: u64) -> Result<String> {
        if text.length() > most {
            bail!(ModelInvalid, "byte {}: a name has {} bytes; expected at most {most}", text.next, text.length());
        }
        let mut bytes = Vec::new();
        self.copy(text.next..text.end, &mut bytes)?;
        match String::from_utf8(bytes) {
            Ok(text) => Ok(text),
            Err(_) => bail!(ModelInvalid, "byte {}: a name is not UTF-8", text.next),
        }
    }

    /// Appends these bytes of the file to others.
    pub fn copy(&mut self, range: Range<u64>, to: &mut Vec<u8>) -> Result<()> {
        self.go_to(range.start)?;
        let length = range.end - range.start;
        memory::make_room(to, length as usize)?;
        let copied = self.file.by_ref().take(length).read_to_end(to).map_err(|error| self.unreadable(error))?;
        self.position += copied as u64;
        if self.position != range.end {
            bail!(ModelInvalid, "it ends at byte {}, and did not a moment ago", self.position);
        }
        Ok(())
    }

    fn varint(&mut self, end: u64) -> Result<u64> {
        let start = self.position;
        let mut decoder = PbDecoder::new(micropb::StdReader(&mut self.file));
        let number = decoder.decode_varint64();
        self.position += decoder.bytes_read() as u64;
        match number {
            Ok(number) if self.position <= end => Ok(number),
            Err(DecodeError::Reader(error)) => Err(self.unreadable(error)),
            Err(DecodeError::VarIntLimit) => bail!(ModelInvalid, "byte {start}: a number is longer than 10 bytes"),
            _ => bail!(ModelInvalid, "byte {start}: a number is cut off at byte {end}"),
        }
    }

    /// What a field holds, which ONNX has as a message, a text or bytes.
    pub fn bytes(&self, value: Value) -> Result<Message> {
        match value {
            Value::Bytes(message) => Ok(message),
            _ => bail!(ModelInvalid, "byte {}: a number where ONNX has text or a message", self.position),
        }
    }

    /// What a field holds, which ONNX has as a whole number.
    pub fn number(&self, value: Value) -> Result<u64> {
        match value {
            Value::Varint(number) => Ok(number),
            _ => bail!(ModelInvalid, "byte {}: {value:?} where ONNX has a whole number", self.position),
        }
    }

    fn one_more(&mut self) -> Result<()> {
        self.fields += 1;
        if self.fields > MAX_FIELDS {
            bail!(ModelInvalid, "byte {}: it has more than {MAX_FIELDS} fields", self.position);
        }
        Ok(())
    }

    fn go_to(&mut self, position: u64) -> Result<()> {
        let distance = position as i64 - self.position as i64;
        self.file.seek_relative(distance).map_err(|error| self.unreadable(error))?;
        self.position = position;
        Ok(())
    }

    fn unreadable(&self, error: std::io::Error) -> Error {
        reading_failed(error).within(format_args!("byte {}", self.position))
    }
}
