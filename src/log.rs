//! What the library has to say, kept until the host pulls it. Nothing is ever written to stdout
//! or stderr.

use std::collections::VecDeque;

use parking_lot::Mutex;

/// Lines kept; the oldest gives way to the newest.
const CAPACITY: usize = 256;
/// Bytes kept of a line.
const MAX_LINE: usize = 1024;

/// How much a line matters.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// Something that a developer may want to know.
    Info = 0,
    /// Something that works, but not as asked.
    Warning = 1,
    /// Something that failed.
    Error = 2,
}

/// A line of the log.
#[derive(Clone, Debug)]
pub struct Entry {
    /// How much it matters.
    pub level: LogLevel,
    /// What happened.
    pub text: String,
    /// How many lines before this one were dropped because nobody pulled them.
    pub dropped: u64,
}

struct Ring {
    entries: VecDeque<Entry>,
    dropped: u64,
}

static RING: Mutex<Ring> = Mutex::new(Ring { entries: VecDeque::new(), dropped: 0 });

/// Adds a line.
pub fn push(level: LogLevel, text: impl Into<String>) {
    let mut text = text.into();
    if text.len() > MAX_LINE {
        let end = (0..=MAX_LINE).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
        text.truncate(end);
    }
    let mut ring = RING.lock();
    if ring.entries.len() == CAPACITY {
        ring.entries.pop_front();
        ring.dropped += 1;
    }
    ring.entries.push_back(Entry { level, text, dropped: 0 });
}

/// Takes the oldest line.
pub fn next() -> Option<Entry> {
    let mut ring = RING.lock();
    let mut entry = ring.entries.pop_front()?;
    entry.dropped = std::mem::take(&mut ring.dropped);
    Some(entry)
}
