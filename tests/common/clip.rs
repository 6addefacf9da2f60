//! CLIP's real tokenizer, made from its merges.

use std::fs;

use scumble::text::Tokenizer;
use serde_json::{json, Map, Value};

use super::golden;

/// The length of every released CLIP.
pub const LENGTH: usize = 77;

/// As Stable Diffusion 1 and 2 ship it: what pads is in `special_tokens_map.json` alone.
pub fn tokenizer(family: &str) -> Tokenizer {
    let directory = tempfile::tempdir().unwrap();
    let merges = String::from_utf8(golden::read("clip_merges.txt")).unwrap();
    let object = |content| json!({ "content": content, "normalized": true });
    let (begin, end) = (object("<|startoftext|>"), object("<|endoftext|>"));
    let config = json!({ "bos_token": begin, "eos_token": end, "pad_token": "<|endoftext|>", "unk_token": end,
        "model_max_length": LENGTH });
    let padding = if family == "sd2" { "!" } else { "<|endoftext|>" };
    let special = json!({ "bos_token": begin, "eos_token": end, "pad_token": padding, "unk_token": end });
    for (file, content) in [
        ("vocab.json", vocabulary(&merges).to_string()),
        ("merges.txt", merges),
        ("tokenizer_config.json", config.to_string()),
        ("special_tokens_map.json", special.to_string()),
    ] {
        fs::write(directory.path().join(file), content).unwrap();
    }
    Tokenizer::open(directory.path(), LENGTH).unwrap()
}

/// OpenAI's `simple_tokenizer`: all bytes, all bytes that end a word, the merges, two special tokens.
/// Bytes that print stand for themselves, the others for letters from U+0100.
fn vocabulary(merges: &str) -> Value {
    let prints = |byte: &u8| matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..);
    let printing = (0..=255u8).filter(prints).map(char::from);
    let letters: Vec<String> = printing.chain('\u{100}'..'\u{144}').map(String::from).collect();
    assert_eq!(letters.len(), 256);
    let endings = letters.iter().map(|letter| format!("{letter}</w>"));
    let merged = merges.lines().skip(1).map(|merge| merge.replace(' ', ""));
    let special = ["<|startoftext|>", "<|endoftext|>"].map(String::from);
    let tokens = letters.iter().cloned().chain(endings).chain(merged).chain(special);
    let vocabulary: Map<String, Value> = tokens.zip(0..).map(|(token, id)| (token, json!(id))).collect();
    assert_eq!(vocabulary.len(), 49408);
    Value::Object(vocabulary)
}

/// A golden row without the repetitions of its last number, at its full length.
pub fn lengthen<T: Copy>(row: &[T]) -> Vec<T> {
    let mut whole = row.to_vec();
    whole.resize(LENGTH, *row.last().unwrap());
    whole
}
