//! `vocab.json` and `merges.txt`, in which older directories have what newer ones have in `tokenizer.json`.

use std::collections::HashSet;
use std::path::Path;

use serde_json::{json, Map, Value};

use super::tokenizer::WORDS;
use crate::error::{bail, Result};
use crate::files;

/// What the last part of a word ends with.
const WORD_END: &str = "</w>";

/// `tokenizer.json` for the two files, as transformers' converter writes it. `special`: tokens that no merge makes,
/// `ends`: those of them that the vocabulary needs. `unknown`: what stands for bytes that the vocabulary lacks.
pub fn describe(directory: &Path, special: &[&str], ends: [&str; 2], unknown: &str) -> Result<Value> {
    let vocabulary = directory.join("vocab.json");
    let vocab: Map<String, Value> = files::read_vocabulary_json(&vocabulary)?;
    let file = directory.join("merges.txt");
    let text = files::read_vocabulary(&file)?;
    let is_merge = |line: &&str| !line.starts_with("#version") && !line.trim().is_empty();
    let merges: Vec<&str> = text.lines().filter(is_merge).collect();
    if let Some(line) = merges.iter().find(|line| line.split(' ').count() != 2) {
        let start: String = line.chars().take(40).collect();
        bail!(ModelInvalid, "{}: \"{start}\" is not a merge; expected two tokens and a space", file.display());
    }
    // Where these are missing, that is what is wrong.
    if ends.iter().all(|token| vocab.contains_key(*token)) {
        check_whole(&vocab, &merges, special).map_err(|error| error.within(file.display()))?;
    }
    Ok(json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": [],
        "normalizer": { "type": "Sequence", "normalizers": [
            { "type": "NFC" },
            { "type": "Replace", "pattern": { "Regex": r"\s+" }, "content": " " },
            { "type": "Lowercase" } ] },
        "pre_tokenizer": { "type": "Sequence", "pretokenizers": [
            { "type": "Split", "pattern": { "Regex": WORDS }, "behavior": "Removed", "invert": true },
            { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true } ] },
        "post_processor": null,
        "decoder": null,
        "model": { "type": "BPE", "dropout": null, "unk_token": unknown, "continuing_subword_prefix": "",
            "end_of_word_suffix": WORD_END, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
            "vocab": vocab, "merges": merges }
    }))
}

/// Refuses merges that end too early. Each merge makes one token of the vocabulary, in the order of their ids, so
/// that all tokens but single characters and special ones are made by one. A gap before the end is no sign of that.
fn check_whole(vocab: &Map<String, Value>, merges: &[&str], special: &[&str]) -> Result<()> {
    let made: HashSet<String> = merges.iter().map(|merge| merge.replace(' ', "")).collect();
    let is_character = |token: &str| token.strip_suffix(WORD_END).unwrap_or(token).chars().count() <= 1;
    let merged = vocab.iter().filter(|(token, _)| !is_character(token) && !special.contains(&token.as_str()));
    let last = merged.clone().max_by_key(|(_, id)| id.as_u64());
    match last.filter(|(token, _)| !made.contains(*token)) {
        None => Ok(()),
        Some((last, _)) => {
            let missing = merged.filter(|(token, _)| !made.contains(*token)).count();
            let last: String = last.chars().take(40).collect();
            bail!(
                ModelInvalid,
                "has {} merges, too few for vocab.json: {missing} of its tokens are made by none, such as the last, {last:?}; the file may be cut off",
                merges.len()
            )
        }
    }
}
