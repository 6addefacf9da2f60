//! From the text of a prompt to the token ids that a text encoder reads, and the weights of its words.

mod added;
mod chunks;
pub mod emphasis;
pub mod foreign;
mod merges;
mod pipeline;
mod syntax;
mod tokenizer;

pub use chunks::{Tokens, MAX_CHUNKS};
pub use syntax::{parse_weighted, Piece, MAX_OPEN, MAX_WEIGHT};
pub use tokenizer::Tokenizer;
