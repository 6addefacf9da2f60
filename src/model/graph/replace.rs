//! Copies of messages in which some fields are others.

use std::io::{Read, Seek};

use super::proto;
use crate::error::Result;
use crate::memory;
use crate::model::scan::wire::{Message, Value, Wire};
use crate::model::scan::MAX_NAME;

/// What takes the place of a message or a field; none where it stays.
pub type Change = Result<Option<Vec<u8>>>;

/// Something that changes messages of a file.
pub trait Replace<R: Read + Seek> {
    fn wire(&mut self) -> &mut Wire<R>;

    /// A field with what `change` makes of the message in it.
    fn within(&mut self, number: u64, value: Value, change: impl FnOnce(&mut Self, Message) -> Change) -> Change {
        let message = self.wire().bytes(value)?;
        let Some(changed) = change(self, message)? else { return Ok(None) };
        let mut field = Vec::new();
        proto::append(&mut field, number, &changed)?;
        Ok(Some(field))
    }

    /// A message with what `change` makes of its fields.
    fn replace(&mut self, mut message: Message, mut change: impl FnMut(&mut Self, u64, Value) -> Change) -> Change {
        let (mut bytes, mut copied, mut changed) = (Vec::new(), message.position(), false);
        loop {
            let start = message.position();
            let Some((number, value)) = self.wire().field(&mut message)? else { break };
            if let Some(fields) = change(self, number, value)? {
                self.wire().copy(copied..start, &mut bytes)?;
                memory::append(&mut bytes, &fields)?;
                (copied, changed) = (message.position(), true);
            }
        }
        if !changed {
            return Ok(None);
        }
        self.wire().copy(copied..message.position(), &mut bytes)?;
        Ok(Some(bytes))
    }

    /// A text in a message; empty where it has none.
    fn text_of(&mut self, mut message: Message, field: u64) -> Result<String> {
        while let Some((number, value)) = self.wire().field(&mut message)? {
            if number == field {
                let text = self.wire().bytes(value)?;
                return self.wire().text(text, MAX_NAME);
            }
        }
        Ok(String::new())
    }
}
