//! CLIP's byte-pair tokenizer, as transformers' `CLIPTokenizer` runs it.

use std::path::Path;

use serde::Deserialize;
use serde_json::{json, Map, Value};

use super::pipeline::checked;
use crate::error::{bail, Error, Result, Status};
use crate::files;
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
}

/// `tokenizer_config.json`; a special token is a string or an object with its `content`.
#[derive(Deserialize)]
struct TokenizerConfig {
    model_max_length: Option<f64>,
    added_tokens_decoder: Option<Map<String, Value>>,
    #[serde(flatten)]
    tokens: Map<String, Value>,
}

impl TokenizerConfig {
    fn read(directory: &Path) -> Result<Self> {
        let mut config: Self = files::read_json(&directory.join("tokenizer_config.json"))?;
        if config.added_tokens_decoder.is_none() {
            // The older form, where this file has the last word: Stable Diffusion 2's padding is only here.
            let last: Map<String, Value> = files::read_optional_json(&directory.join("special_tokens_map.json"))?;
            config.tokens.extend(last);
        }
        Ok(config)
    }

    fn token(&self, name: &str) -> Option<&str> {
        self.tokens.get(name).and_then(content)
    }

    /// Whether a special token is looked for in the text as it is, or in lower case. Of several
    /// mentions the last one counts.
    fn is_normalized(&self, token: &str) -> bool {
        let named = ["bos_token", "eos_token", "unk_token", "pad_token"];
        let mentions: Vec<&Value> = match &self.added_tokens_decoder {
            Some(decoder) => decoder.values().collect(),
            None => named.iter().filter_map(|name| self.tokens.get(*name)).collect(),
        };
        let last = mentions.into_iter().rfind(|mention| content(mention) == Some(token));
        last.is_some_and(|mention| mention["normalized"] == true)
    }
}

fn content(token: &Value) -> Option<&str> {
    token.as_str().or_else(|| token["content"].as_str())
}

impl Tokenizer {
    /// Opens a tokenizer directory: `tokenizer.json`, or `vocab.json` and `merges.txt`, and
    /// `tokenizer_config.json`. `limit` is the longest sequence that the text encoder takes.
    pub fn open(directory: &Path, limit: usize) -> Result<Self> {
        reserve::spared(|| Self::read(directory, limit))
    }

    fn read(directory: &Path, limit: usize) -> Result<Self> {
        let config = TokenizerConfig::read(directory)?;
        let begin = config.token("bos_token").unwrap_or("<|startoftext|>");
        let end = config.token("eos_token").unwrap_or("<|endoftext|>");
        let padding = config.token("pad_token").unwrap_or(end);

        let whole = directory.join("tokenizer.json");
        let (file, description) = if whole.is_file() {
            (whole.clone(), files::parse_json(&whole, &files::read_vocabulary(&whole)?)?)
        } else {
            let special = [begin, end, padding].map(|token| (token, config.is_normalized(token)));
            (directory.join("vocab.json with merges.txt"), describe(directory, &special)?)
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
            Some(length) if length >= 3.0 && length < limit as f64 => length as usize,
            _ => limit,
        };
        let comma = inner.token_to_id(",</w>");
        Ok(Self { begin: id(begin)?, end: id(end)?, padding: id(padding)?, comma, inner, length })
    }

    /// The length of every sequence, begin and end counted.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The token ids of a text, all of them, without begin and end.
    pub fn words(&self, text: &str) -> Result<Vec<u32>> {
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

/// `tokenizer.json` for the two files of older directories, as transformers' converter writes it.
/// Special are begin, end and padding, and whether they are normalized.
fn describe(directory: &Path, special: &[(&str, bool); 3]) -> Result<Value> {
    let vocabulary = directory.join("vocab.json");
    let vocab: Value = files::parse_json(&vocabulary, &files::read_vocabulary(&vocabulary)?)?;
    let merges = directory.join("merges.txt");
    let merges_text = files::read_vocabulary(&merges)?;
    let is_merge = |line: &&str| !line.starts_with("#version") && !line.trim().is_empty();
    let merges_lines: Vec<&str> = merges_text.lines().filter(is_merge).collect();
    if let Some(line) = merges_lines.iter().find(|line| line.split(' ').count() != 2) {
        let start: String = line.chars().take(40).collect();
        bail!(ModelInvalid, "{}: \"{start}\" is not a merge; expected two tokens and a space", merges.display());
    }
    let mut added: Vec<Value> = Vec::new();
    for (token, normalized) in special {
        let id = &vocab[*token];
        if id.is_u64() && !added.iter().any(|a| a["id"] == *id) {
            added.push(json!({ "id": id, "content": token, "special": true, "normalized": normalized,
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
        "model": { "type": "BPE", "dropout": null, "unk_token": special[1].0, "continuing_subword_prefix": "",
            "end_of_word_suffix": "</w>", "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
            "vocab": vocab, "merges": merges_lines }
    }))
}
