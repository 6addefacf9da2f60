//! CLIP's byte-pair tokenizer, as transformers' `CLIPTokenizer` runs it.

use std::path::Path;

use serde_json::Value;

use super::added::TokenizerConfig;
use super::merges;
use super::pipeline::checked;
use crate::error::{bail, Error, Result, Status};
use crate::files;
use crate::log::{self, LogLevel};
use crate::reserve;

/// Where one word ends and the next begins (OpenAI CLIP, `simple_tokenizer.py`).
pub(super) const WORDS: &str =
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";

/// Turns text into token ids.
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    begin: u32,
    end: u32,
    padding: u32,
    comma: Option<u32>,
    length: usize,
    concepts: Vec<Concept>,
}

/// A token of textual inversion that stands for several, of which the others end with `_1`, `_2` and so on.
struct Concept {
    id: u32,
    name: String,
    /// All of its tokens, as a text.
    whole: String,
}

/// The files that name special and added tokens.
const TOKENS: &str = "tokenizer.json, tokenizer_config.json, special_tokens_map.json or added_tokens.json";

impl Tokenizer {
    /// All files of a tokenizer's directory that are read where they are there.
    pub const FILES: [&'static str; 6] = [
        "tokenizer.json",
        "vocab.json",
        "merges.txt",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "added_tokens.json",
    ];

    /// Opens a tokenizer directory: `tokenizer.json`, or `vocab.json` and `merges.txt`, and
    /// `tokenizer_config.json`. `limit` is the longest sequence that the text encoder takes.
    pub fn open(directory: &Path, limit: usize) -> Result<Self> {
        reserve::spared(|| Self::read(directory, limit))
    }

    fn read(directory: &Path, limit: usize) -> Result<Self> {
        let whole = directory.join("tokenizer.json");
        let (file, mut description): (_, Value) = match files::is_file(&whole) {
            true => (whole.clone(), files::read_vocabulary_json(&whole)?),
            false => (directory.join("vocab.json with merges.txt"), Value::Null),
        };
        let config = TokenizerConfig::read(directory, &description["added_tokens"])?;
        let within = |error: Error| error.within(directory.join(TOKENS).display());
        let (added, named) = (config.added().map_err(within)?, config.named().map_err(within)?);
        let token = |name: &str| match config.token(name) {
            Some(content) => Ok(content),
            None => bail!(ModelInvalid, "{}: {name} is no token", directory.join("tokenizer_config.json").display()),
        };
        let (begin, end, unknown) = (token("bos_token")?, token("eos_token")?, token("unk_token")?);
        let padding = config.token("pad_token").unwrap_or_else(|| end.clone());
        if description.is_null() {
            let special: Vec<&str> = added.iter().chain(&named).map(|token| token.content.as_str()).collect();
            description = merges::describe(directory, &special, [&begin, &end], &unknown)?;
        }
        let description = checked(description).map_err(|error| error.within(file.display()))?;
        let mut inner: tokenizers::Tokenizer = serde_json::from_value(description)
            .map_err(|error| Error::new(Status::ModelInvalid, format!("{}: {error}", file.display())))?;
        // A file may carry settings of its own; length and padding are decided here.
        let _ = inner.with_padding(None).with_truncation(None);
        inner.add_tokens(&added);
        for (told, token) in config.ids() {
            let id = inner.token_to_id(&token.content).map(u64::from);
            if id != Some(told) {
                let (content, id) = (&token.content, id.unwrap_or_default());
                let text =
                    format!("the id of the added token {content:?} is {told}, but {id} is the next that is free");
                log::push(
                    LogLevel::Warning,
                    format!("{}: {text}, and is used, as transformers does", directory.display()),
                );
            }
        }
        let id = |token: &str| {
            inner.token_to_id(token).ok_or_else(|| {
                Error::new(
                    Status::ModelInvalid,
                    format!("{}: the special token {token:?} of {TOKENS} is not in the vocabulary", file.display()),
                )
            })
        };
        let length = match config.model_max_length {
            Some(length) if length >= 3.0 && length < limit as f64 => length as usize,
            _ => limit,
        };
        let (begin, end, padding) = (id(&begin)?, id(&end)?, id(&padding)?);
        inner.add_tokens(&named);
        let comma = inner.token_to_id(",</w>");
        let concepts = concepts(&inner);
        Ok(Self { begin, end, padding, comma, inner, length, concepts })
    }

    /// The length of every sequence, begin and end counted.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The token ids of a text, all of them, without begin and end. A concept of several tokens becomes all of them
    /// (diffusers' `maybe_convert_prompt`).
    pub fn words(&self, text: &str) -> Result<Vec<u32>> {
        let ids = self.ids(text)?;
        let used: Vec<&Concept> = self.concepts.iter().filter(|concept| ids.contains(&concept.id)).collect();
        if used.is_empty() {
            return Ok(ids);
        }
        let replace = |text: String, concept: &&Concept| text.replace(&concept.name, &concept.whole);
        self.ids(&used.iter().fold(text.to_owned(), replace))
    }

    fn ids(&self, text: &str) -> Result<Vec<u32>> {
        match self.inner.encode_fast(text, false) {
            Ok(encoding) => Ok(encoding.get_ids().to_vec()),
            Err(error) => bail!(InvalidArgument, "text cannot be tokenized: {error}"),
        }
    }

    /// The token before every text.
    pub fn begin(&self) -> u32 {
        self.begin
    }

    /// The token behind every text.
    pub fn end(&self) -> u32 {
        self.end
    }

    /// The token that fills a chunk behind its end.
    pub fn padding(&self) -> u32 {
        self.padding
    }

    /// The token of a comma, where the vocabulary has one.
    pub fn comma(&self) -> Option<u32> {
        self.comma
    }
}

/// The added tokens that stand for several.
fn concepts(inner: &tokenizers::Tokenizer) -> Vec<Concept> {
    let added = inner.get_added_vocabulary().get_vocab();
    let concept = |(name, id): (&String, &u32)| {
        let others = (1..).map(|i| format!("{name}_{i}")).take_while(|other| added.contains_key(other));
        let whole = others.fold(name.clone(), |whole, other| whole + " " + &other);
        (whole != *name).then(|| Concept { id: *id, name: name.clone(), whole })
    };
    let mut concepts: Vec<Concept> = added.iter().filter_map(concept).collect();
    concepts.sort_by_key(|concept| concept.id); // the map's order differs from run to run
    concepts
}
