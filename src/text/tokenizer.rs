//! CLIP's byte-pair tokenizer, as transformers' `CLIPTokenizer` runs it.

use std::path::Path;

use serde::Deserialize;
use serde_json::{json, Value};

use super::pipeline::checked;
use crate::error::{bail, Error, Result, Status};
use crate::files;

/// Where one word ends and the next begins (OpenAI CLIP, `simple_tokenizer.py`).
pub(super) const WORDS: &str =
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";

/// Turns text into token ids of the length that a text encoder takes.
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    begin: u32,
    end: u32,
    padding: u32,
    length: usize,
}

/// A text as token ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// Begin, the text, end and padding: exactly the tokenizer's length.
    pub ids: Vec<u32>,
    /// How many tokens the text has, also those that were cut off; begin and end not counted.
    pub count: usize,
    /// Whether the text was longer than the model reads.
    pub truncated: bool,
}

/// `tokenizer_config.json`; a special token is a string or an object with its `content`.
#[derive(Deserialize)]
struct TokenizerConfig {
    model_max_length: Option<f64>,
    #[serde(default)]
    bos_token: Value,
    #[serde(default)]
    eos_token: Value,
    #[serde(default)]
    pad_token: Value,
}

impl Tokenizer {
    /// Opens a tokenizer directory: `tokenizer.json`, or `vocab.json` and `merges.txt`, and
    /// `tokenizer_config.json`. `limit` is the longest sequence that the text encoder takes.
    pub fn open(directory: &Path, limit: usize) -> Result<Self> {
        let config: TokenizerConfig = files::read_json(&directory.join("tokenizer_config.json"))?;
        let text = |value: &Value, default: &str| {
            value.as_str().or_else(|| value["content"].as_str()).unwrap_or(default).to_owned()
        };
        let begin = text(&config.bos_token, "<|startoftext|>");
        let end = text(&config.eos_token, "<|endoftext|>");
        let padding = text(&config.pad_token, &end);

        let whole = directory.join("tokenizer.json");
        let (file, description) = if whole.is_file() {
            (whole.clone(), files::parse_json(&whole, &files::read_vocabulary(&whole)?)?)
        } else {
            let vocabulary = directory.join("vocab.json");
            (
                vocabulary.with_file_name("vocab.json with merges.txt"),
                describe(&vocabulary, &directory.join("merges.txt"), &[&begin, &end, &padding])?,
            )
        };
        let description = checked(description).map_err(|error| error.within(file.display()))?;
        let mut inner: tokenizers::Tokenizer = serde_json::from_value(description)
            .map_err(|error| Error::new(Status::ModelInvalid, format!("{}: {error}", file.display())))?;
        // A file may carry settings of its own; length and padding are decided here.
        let _ = inner.with_padding(None).with_truncation(None);
        let id = |token: &str| {
            inner.token_to_id(token).ok_or_else(|| {
                Error::new(
                    Status::ModelInvalid,
                    format!("{}: the special token \"{token}\" is not in the vocabulary", file.display()),
                )
            })
        };
        let length = match config.model_max_length {
            Some(length) if length >= 2.0 && length < limit as f64 => length as usize,
            _ => limit,
        };
        Ok(Self { begin: id(&begin)?, end: id(&end)?, padding: id(&padding)?, inner, length })
    }

    /// The length of every sequence, begin and end counted.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The token ids of a text, cut off or padded to the length.
    pub fn encode(&self, text: &str) -> Result<Tokens> {
        let encoding = match self.inner.encode_fast(text, false) {
            Ok(encoding) => encoding,
            Err(error) => bail!(InvalidArgument, "text cannot be tokenized: {error}"),
        };
        let words = encoding.get_ids();
        let room = self.length - 2;
        let mut ids = Vec::with_capacity(self.length);
        ids.push(self.begin);
        ids.extend_from_slice(&words[..words.len().min(room)]);
        ids.push(self.end);
        ids.resize(self.length, self.padding);
        Ok(Tokens { ids, count: words.len(), truncated: words.len() > room })
    }
}

/// `tokenizer.json` for the two files of older directories, as transformers' converter writes it.
fn describe(vocabulary: &Path, merges: &Path, special: &[&str]) -> Result<Value> {
    let vocab: Value = files::parse_json(vocabulary, &files::read_vocabulary(vocabulary)?)?;
    let merges_text = files::read_vocabulary(merges)?;
    let is_merge = |line: &&str| !line.starts_with("#version") && !line.trim().is_empty();
    let merges_lines: Vec<&str> = merges_text.lines().filter(is_merge).collect();
    if let Some(line) = merges_lines.iter().find(|line| line.split(' ').count() != 2) {
        let start: String = line.chars().take(40).collect();
        bail!(ModelInvalid, "{}: \"{start}\" is not a merge; expected two tokens and a space", merges.display());
    }
    let mut added: Vec<Value> = Vec::new();
    for token in special {
        let id = &vocab[*token];
        if id.is_u64() && !added.iter().any(|a| a["id"] == *id) {
            added.push(json!({ "id": id, "content": token, "special": true, "normalized": false,
                "single_word": false, "lstrip": false, "rstrip": false }));
        }
    }
    Ok(json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": added,
        "normalizer": { "type": "Sequence", "normalizers": [
            { "type": "NFC" },
            { "type": "Replace", "pattern": { "Regex": r"\s+" }, "content": " " },
            { "type": "Lowercase" } ] },
        "pre_tokenizer": { "type": "Sequence", "pretokenizers": [
            { "type": "Split", "pattern": { "Regex": WORDS }, "behavior": "Removed", "invert": true },
            { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true } ] },
        "post_processor": null,
        "decoder": null,
        "model": { "type": "BPE", "dropout": null, "unk_token": special[1], "continuing_subword_prefix": "",
            "end_of_word_suffix": "</w>", "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
            "vocab": vocab, "merges": merges_lines }
    }))
}
