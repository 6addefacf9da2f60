//! Protobuf's wire format, written.

use crate::error::Result;
use crate::memory;

/// A field that holds a message, a text or bytes.
pub fn bytes(field: u64, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    [&header(field, content.len() as u64), content].concat()
}

/// Appends such a field, whose content may be a whole graph.
pub fn append(to: &mut Vec<u8>, field: u64, content: &[u8]) -> Result<()> {
    memory::append(to, &header(field, content.len() as u64))?;
    memory::append(to, content)
}

/// What comes before the content of such a field, which has this length.
pub fn header(field: u64, length: u64) -> Vec<u8> {
    [varint(field << 3 | 2), varint(length)].concat()
}

/// A field that holds a whole number; a negative one in two's complement.
pub fn number(field: u64, value: i64) -> Vec<u8> {
    [varint(field << 3), varint(value as u64)].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}
