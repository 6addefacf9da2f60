//! Token ids in the chunks that a text encoder reads: begin, the words, end and padding.

use ndarray::{Array2, ArrayView2, Axis};

use super::syntax::Piece;
use super::Tokenizer;
use crate::error::{bail, Result};

/// The most chunks that a text may fill.
pub const MAX_CHUNKS: usize = 64;

/// How many tokens at most move with the last comma into the next chunk: the web UI's
/// `comma_padding_backtrack`, at its default.
const COMMA_BACKTRACK: usize = 20;

/// A text as token ids, in one or more chunks of exactly the tokenizer's length.
#[derive(Clone, Debug, PartialEq)]
pub struct Tokens {
    /// `[chunks, length]`: begin, the words, end and padding.
    pub ids: Array2<u32>,
    /// What each position weighs, `[chunks, length]`: 1 for begin, end and padding.
    pub weights: Array2<f32>,
    /// How many tokens the text has, also those that were cut off; begin and end not counted.
    pub count: usize,
    /// Whether the text was longer than the model reads.
    pub truncated: bool,
}

/// A token and its weight.
type Word = (u32, f32);

impl Tokens {
    /// A text as diffusers reads it: no syntax, one chunk, and what does not fit is cut off.
    pub fn plain(tokenizer: &Tokenizer, text: &str) -> Result<Self> {
        let ids = tokenizer.words(text)?;
        let words: Vec<Word> = ids.iter().take(room(tokenizer)).map(|id| (*id, 1.0)).collect();
        let mut tokens = Self::new(tokenizer, &[words]);
        tokens.count = ids.len();
        tokens.truncated = ids.len() > room(tokenizer);
        Ok(tokens)
    }

    /// Weighted pieces as AUTOMATIC1111's web UI reads them: a chunk that is full, or ends with a
    /// break, goes on in the next. When it is full, the words since its last comma move into the
    /// next one, unless they are many.
    ///
    /// Source: `modules/sd_hijack_clip.py` (`tokenize_line`) of AUTOMATIC1111/stable-diffusion-webui.
    pub fn weighted(tokenizer: &Tokenizer, pieces: &[Piece]) -> Result<Self> {
        let room = room(tokenizer);
        let mut chunks: Vec<Vec<Word>> = Vec::new();
        let mut chunk: Vec<Word> = Vec::new();
        let mut last_comma = None;
        for piece in pieces {
            let Piece::Text { text, weight } = piece else {
                chunks.push(std::mem::take(&mut chunk));
                last_comma = None;
                continue;
            };
            for id in tokenizer.words(text)? {
                let is_comma = Some(id) == tokenizer.comma();
                if chunk.len() == room {
                    let kept = match last_comma {
                        Some(comma) if !is_comma && room - comma <= COMMA_BACKTRACK => comma + 1,
                        _ => room,
                    };
                    let moved = chunk.split_off(kept);
                    chunks.push(std::mem::replace(&mut chunk, moved));
                    last_comma = None;
                } else if is_comma {
                    last_comma = Some(chunk.len());
                }
                chunk.push((id, *weight as f32));
            }
        }
        if !chunk.is_empty() || chunks.is_empty() {
            chunks.push(chunk);
        }
        if chunks.len() > MAX_CHUNKS {
            bail!(
                LimitExceeded,
                "the text fills {} chunks of {room} tokens; expected at most {MAX_CHUNKS}",
                chunks.len()
            );
        }
        Ok(Self::new(tokenizer, &chunks))
    }

    /// Appends empty chunks until there are `chunks`: guidance evaluates a prompt and its negative in
    /// one batch, which has one length. The web UI does so where "Pad prompt/negative prompt" is on.
    pub fn pad(&mut self, tokenizer: &Tokenizer, chunks: usize) {
        let missing = chunks.saturating_sub(self.ids.nrows());
        let empty = Self::new(tokenizer, &vec![Vec::new(); missing]);
        append(&mut self.ids, empty.ids.view());
        append(&mut self.weights, empty.weights.view());
    }

    fn new(tokenizer: &Tokenizer, chunks: &[Vec<Word>]) -> Self {
        let shape = (chunks.len(), tokenizer.length());
        let mut ids = Array2::from_elem(shape, tokenizer.padding());
        let mut weights = Array2::ones(shape);
        for (row, words) in chunks.iter().enumerate() {
            ids[[row, 0]] = tokenizer.begin();
            for (column, (id, weight)) in (1..).zip(words) {
                ids[[row, column]] = *id;
                weights[[row, column]] = *weight;
            }
            ids[[row, 1 + words.len()]] = tokenizer.end();
        }
        Self { ids, weights, count: chunks.iter().map(Vec::len).sum(), truncated: false }
    }
}

/// How many words fit between begin and end.
fn room(tokenizer: &Tokenizer) -> usize {
    tokenizer.length() - 2
}

fn append<T: Clone>(rows: &mut Array2<T>, more: ArrayView2<T>) {
    rows.append(Axis(0), more).expect("rows of one length");
}
