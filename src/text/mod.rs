//! From the text of a prompt to the token ids that a text encoder reads.

mod pipeline;
mod tokenizer;

pub use tokenizer::{Tokenizer, Tokens};
