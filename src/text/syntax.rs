//! The emphasis syntax of AUTOMATIC1111's Stable Diffusion web UI: which words weigh how much.
//!
//! `(a)` weighs 1.1, `[a]` 1/1.1, `(a:1.3)` 1.3, and what is nested multiplies. `\(`, `\)`, `\[`, `\]`
//! and `\\` are the characters themselves; another backslash vanishes. A bracket that is never closed
//! acts to the end of the text, one that was never opened is a character. `BREAK`, a word of its own,
//! begins the next chunk.
//!
//! Source: `modules/prompt_parser.py` (`parse_prompt_attention`) of AUTOMATIC1111/stable-diffusion-webui.
//! Three things differ on purpose:
//! - a number that is no weight there (`(a:1.2.3)`, an error, and `(a:1e39)` or `(a:nan)`, mere text) is
//!   an error here, as are weights beyond [`MAX_WEIGHT`];
//! - `BREAK` within brackets breaks, where the web UI reads it as a word of negative weight;
//! - at most [`MAX_OPEN`] brackets of a kind may be open at once.
//!
//! The web UI's prompt editing (`[a:b:0.5]`), alternation (`[a|b]`) and `AND` are other features of it,
//! which come before this one; here they are text, of which [`super::foreign`] tells.

use crate::error::{bail, Result};

/// The largest magnitude of a weight, brackets around it multiplied in.
pub const MAX_WEIGHT: f64 = 100.0;
/// How many round brackets may be open at once, and how many square ones.
pub const MAX_OPEN: usize = 64;

const ROUND: f64 = 1.1;
const SQUARE: f64 = 1.0 / 1.1;
const SPECIAL: [char; 6] = ['\\', '(', ')', '[', ']', ':'];
const BREAK: &str = "BREAK";

/// A part of a prompt.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Words that weigh the same. In double precision, since equal weights decide what is one piece,
    /// and so where words are cut into tokens.
    Text {
        /// The words, brackets and escapes resolved; never empty.
        text: String,
        /// 1 is normal.
        weight: f64,
    },
    /// What follows begins in a new chunk.
    Break,
}

/// The pieces of a prompt, in order. An error names the weight or bracket and its byte in the text.
pub fn parse_weighted(text: &str) -> Result<Vec<Piece>> {
    let mut parser = Parser::default();
    let mut at = 0;
    while at < text.len() {
        at += parser.take(&text[at..], at)?;
    }
    parser.finish()
}

#[derive(Default)]
struct Parser {
    /// Each with its place in the text.
    pieces: Vec<(usize, Piece)>,
    /// For each open bracket, how many pieces came before it.
    round: Vec<usize>,
    square: Vec<usize>,
}

impl Parser {
    /// Reads one token from the start of `rest`, which is never empty, and answers its length.
    fn take(&mut self, rest: &str, at: usize) -> Result<usize> {
        let end = rest.find(SPECIAL).unwrap_or(rest.len());
        if end > 0 {
            self.words(&rest[..end], at);
            return Ok(end);
        }
        let length = match rest.as_bytes()[0] {
            b'\\' => {
                let escaped = usize::from(rest[1..].starts_with(['(', ')', '[', ']', '\\']));
                self.literal(&rest[1..1 + escaped], at);
                1 + escaped
            }
            b'(' => open(&mut self.round, self.pieces.len(), at)?,
            b'[' => open(&mut self.square, self.pieces.len(), at)?,
            b')' if !self.round.is_empty() => self.close_round(ROUND, 1),
            b']' if !self.square.is_empty() => {
                let start = self.square.pop().expect("one is open");
                self.multiply(start, SQUARE);
                1
            }
            b':' if !self.round.is_empty() => match weight(&rest[1..], at)? {
                Some((weight, length)) => self.close_round(weight, 1 + length),
                None => self.literal(":", at),
            },
            _ => self.literal(&rest[..1], at),
        };
        Ok(length)
    }

    fn close_round(&mut self, weight: f64, length: usize) -> usize {
        let start = self.round.pop().expect("one is open");
        self.multiply(start, weight);
        length
    }

    /// Multiplies in the order of the web UI, since another would round to other weights. Pieces are
    /// visited once for each bracket around them, of which there are at most `2 * MAX_OPEN`.
    fn multiply(&mut self, start: usize, factor: f64) {
        for (_, piece) in &mut self.pieces[start..] {
            if let Piece::Text { weight, .. } = piece {
                *weight *= factor;
            }
        }
    }

    fn literal(&mut self, text: &str, at: usize) -> usize {
        self.pieces.push((at, Piece::Text { text: text.to_owned(), weight: 1.0 }));
        text.len()
    }

    /// Text without brackets. A `BREAK` takes the white space around it along.
    fn words(&mut self, text: &str, at: usize) {
        let mut from = 0;
        for (found, _) in text.match_indices(BREAK) {
            let (before, after) = (&text[..found], &text[found + BREAK.len()..]);
            if before.ends_with(is_word) || after.starts_with(is_word) {
                continue;
            }
            self.literal(text[from..found].trim_end_matches(is_space), at + from);
            self.pieces.push((at + found, Piece::Break));
            from = text.len() - after.trim_start_matches(is_space).len();
        }
        self.literal(&text[from..], at + from);
    }

    fn finish(mut self) -> Result<Vec<Piece>> {
        for start in std::mem::take(&mut self.round) {
            self.multiply(start, ROUND);
        }
        for start in std::mem::take(&mut self.square) {
            self.multiply(start, SQUARE);
        }
        let mut merged: Vec<Piece> = Vec::new();
        for (at, piece) in self.pieces {
            match (merged.last_mut(), piece) {
                (_, Piece::Text { weight, .. }) if weight.abs() > MAX_WEIGHT => {
                    bail!(
                        InvalidArgument,
                        "byte {at}: the brackets give a weight of {weight:.4}; expected -{MAX_WEIGHT} to {MAX_WEIGHT}"
                    )
                }
                (Some(Piece::Text { text, weight }), Piece::Text { text: more, weight: same }) if *weight == same => {
                    text.push_str(&more);
                }
                (_, piece) => merged.push(piece),
            }
        }
        // Only now: an empty piece of another weight keeps its neighbours apart.
        merged.retain(|piece| !matches!(piece, Piece::Text { text, .. } if text.is_empty()));
        Ok(merged)
    }
}

fn open(brackets: &mut Vec<usize>, pieces: usize, at: usize) -> Result<usize> {
    if brackets.len() == MAX_OPEN {
        bail!(LimitExceeded, "byte {at}: a bracket within {MAX_OPEN} open ones; expected at most {MAX_OPEN}");
    }
    brackets.push(pieces);
    Ok(1)
}

/// The weight behind a colon and the length up to and with its closing bracket; `None` where it is
/// text that follows.
fn weight(rest: &str, at: usize) -> Result<Option<(f64, usize)>> {
    let end = rest.find(SPECIAL).unwrap_or(rest.len());
    if !rest[end..].starts_with(')') {
        return Ok(None);
    }
    let number = rest[..end].trim_matches(is_space);
    let digits = number.strip_prefix(['+', '-']).unwrap_or(number);
    let decimal = !digits.is_empty() && digits.bytes().all(|byte| byte == b'.' || byte.is_ascii_digit());
    match number.parse::<f64>() {
        Ok(weight) if decimal && weight.abs() <= MAX_WEIGHT => Ok(Some((weight, end + 1))),
        Err(_) if !decimal => Ok(None),
        _ => bail!(
            InvalidArgument,
            "byte {at}: the weight \"{number:.40}\"; expected a plain decimal such as 1.3, from -{MAX_WEIGHT} to {MAX_WEIGHT}"
        ),
    }
}

/// A letter, digit or underscore: `BREAK` beside one is a part of a longer word.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// White space as Python's regular expressions know it.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}
