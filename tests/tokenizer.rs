//! Token ids against those of transformers' `CLIPTokenizer`.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{clip, golden};
use ndarray::s;
use scumble::text::{Tokenizer, Tokens};
use serde::Deserialize;
use serde_json::{json, Map, Value};
use tempfile::TempDir;

/// What emblem-64's text encoder takes, begin and end counted.
const LENGTH: usize = 24;
/// Far beyond any text here.
const ROOMY: usize = 4096;

#[derive(Deserialize)]
struct Golden {
    text: String,
    ids: Vec<u32>,
}

fn directory() -> PathBuf {
    common::model().join("tokenizer")
}

#[test]
fn ids_are_those_of_transformers() {
    let tokenizer = Tokenizer::open(&directory(), LENGTH).unwrap();
    for Golden { text, ids } in golden::entries("tokens") {
        assert_eq!(encode(&tokenizer, &text).ids.as_slice().unwrap(), ids, "{text:?}");
    }
}

/// With CLIP's real vocabulary: emoji, scripts, cases, invisible characters, very long words.
///
/// The reference is transformers 5, whose `CLIPTokenizer`, the class that diffusers' pipelines name, is the
/// fast one of the tokenizers library and no other. The slow one of transformers 4 reads some of these
/// texts otherwise (tests/reference/README.md).
#[test]
fn awkward_texts_give_the_ids_of_clip() {
    #[derive(Deserialize)]
    struct Entry {
        text: String,
        sd1: Vec<u32>,
        sd2: Vec<u32>,
    }
    let (first, second) = (clip::tokenizer("sd1"), clip::tokenizer("sd2"));
    let entries: Vec<Entry> = golden::entries("clip_tokens");
    assert!(entries.len() >= 200);
    for Entry { text, sd1, sd2 } in entries {
        assert_eq!(encode(&first, &text).ids.into_flat().to_vec(), clip::lengthen(&sd1), "{text:?}");
        assert_eq!(encode(&second, &text).ids.into_flat().to_vec(), clip::lengthen(&sd2), "{text:?}");
    }
}

/// Known from OpenAI's CLIP itself.
#[test]
fn an_astronaut_rides_a_horse() {
    let ids = [49406, 320, 1125, 539, 550, 18376, 6765, 320, 4558, 525, 7496, 49407];
    let tokens = encode(&clip::tokenizer("sd1"), "a photo of an astronaut riding a horse on mars");
    assert_eq!(tokens.ids.into_flat().to_vec(), clip::lengthen(&ids));
}

/// The count tells how many tokens there are without a limit, and what is cut is cut at the end.
#[test]
fn long_texts_are_counted_whole_and_cut() {
    let roomy = configured(&json!({}), ROOMY); // names no length
    let tokenizer = Tokenizer::open(&directory(), LENGTH).unwrap();
    for Golden { text, ids } in golden::entries("tokens") {
        let (cut, whole) = (encode(&tokenizer, &text), encode(&roomy, &text));
        assert_eq!(cut.count, whole.count, "{text:?}");
        assert_eq!(cut.truncated, cut.count > LENGTH - 2, "{text:?}");
        assert!(!whole.truncated, "{text:?}");
        assert_eq!(cut.ids.slice(s![0, ..LENGTH - 1]), whole.ids.slice(s![0, ..LENGTH - 1]), "{text:?}");
        // As far as ids tell: padding is the end token again, and also stands for unknown tokens.
        let end = ids[LENGTH - 1];
        assert!(ids.iter().skip(1 + cut.count).all(|id| *id == end), "{text:?}");
        assert!(ids[LENGTH - 2] == end || cut.count >= LENGTH - 2, "{text:?}");
    }
}

#[test]
fn counts_leave_begin_and_end_out() {
    let tokenizer = Tokenizer::open(&directory(), LENGTH).unwrap();
    for (text, count, truncated) in [
        (String::new(), 0, false),
        ("a red apple".into(), 3, false),
        (vec!["a"; 21].join(" "), 21, false),
        (vec!["a"; 22].join(" "), 22, false),
        (vec!["a"; 23].join(" "), 23, true),
        ("cat ".repeat(100), 100, true),
        ("x".repeat(300), 300, true),
    ] {
        let tokens = encode(&tokenizer, &text);
        assert_eq!((tokens.count, tokens.truncated), (count, truncated), "{text:?}");
    }
}

/// Stable Diffusion 2 pads with "!", which some files write as an object.
#[test]
fn padding_may_differ_from_the_end() {
    let whole = "cat ".repeat(100);
    for pad in [json!("!"), json!({ "content": "!" })] {
        let tokenizer = configured(&json!({ "model_max_length": LENGTH, "pad_token": pad }), ROOMY);
        let ids = encode(&tokenizer, "a red apple").ids.into_flat().to_vec();
        assert_eq!(ids[..5], [2046, 265, 328, 841, 2047]);
        assert_eq!(ids[5..], [0; LENGTH - 5]);
        let ids = encode(&tokenizer, &whole).ids.into_flat().to_vec();
        assert_eq!(ids[LENGTH - 3..], [467, 467, 2047]);
    }
}

/// Tokens besides the vocabulary, with their flags, in all the files that name them.
#[test]
fn added_tokens_are_read_as_transformers_reads_them() {
    #[derive(Deserialize)]
    struct Entry {
        directory: String,
        files: Map<String, Value>,
        texts: Vec<String>,
        ids: Vec<Vec<u32>>,
    }
    let entries: Vec<Entry> = golden::entries("added_tokens");
    assert!(entries.len() >= 8);
    for entry in entries {
        let temporary = TempDir::new().unwrap();
        let path = temporary.path();
        match entry.files.get("whole") {
            Some(added) => write_whole(path, Some(added)),
            None => ["vocab.json", "merges.txt"].iter().for_each(|file| {
                fs::copy(directory().join(file), path.join(file)).unwrap();
            }),
        }
        for (file, content) in entry.files.iter().filter(|(file, _)| *file != "whole") {
            fs::write(path.join(file), content.to_string()).unwrap();
        }
        let tokenizer = Tokenizer::open(path, LENGTH).unwrap();
        for (text, ids) in entry.texts.iter().zip(&entry.ids) {
            assert_eq!(encode(&tokenizer, text).ids.as_slice().unwrap(), ids, "{}: {text:?}", entry.directory);
        }
    }
}

/// A directory as newer exporters write it: `tokenizer.json`, with settings of its own for length
/// and padding, in place of `vocab.json` and `merges.txt`.
#[test]
fn tokenizer_json_gives_the_same() {
    let temporary = TempDir::new().unwrap();
    write_whole(temporary.path(), None);
    fs::copy(directory().join("tokenizer_config.json"), temporary.path().join("tokenizer_config.json")).unwrap();
    let whole = Tokenizer::open(temporary.path(), LENGTH).unwrap();
    let parts = Tokenizer::open(&directory(), LENGTH).unwrap();
    for Golden { text, ids } in golden::entries("tokens") {
        let tokens = encode(&whole, &text);
        assert_eq!(tokens.ids.as_slice().unwrap(), ids, "{text:?}");
        assert_eq!(tokens, encode(&parts, &text), "{text:?}");
    }
}

fn encode(tokenizer: &Tokenizer, text: &str) -> Tokens {
    Tokens::plain(tokenizer, text).unwrap()
}

/// The vocabulary and the merges with another `tokenizer_config.json`.
fn configured(config: &Value, limit: usize) -> Tokenizer {
    let temporary = TempDir::new().unwrap();
    for file in ["vocab.json", "merges.txt"] {
        fs::copy(directory().join(file), temporary.path().join(file)).unwrap();
    }
    fs::write(temporary.path().join("tokenizer_config.json"), config.to_string()).unwrap();
    Tokenizer::open(temporary.path(), limit).unwrap()
}

/// What transformers saves, with the vocabulary and the merges put back in, and with other added tokens.
fn write_whole(into: &Path, added: Option<&Value>) {
    let mut whole: Value = serde_json::from_slice(&golden::read("tokenizer.json")).unwrap();
    let vocabulary: Value = serde_json::from_slice(&fs::read(directory().join("vocab.json")).unwrap()).unwrap();
    let merges = fs::read_to_string(directory().join("merges.txt")).unwrap();
    let merges: Vec<Vec<&str>> = merges.lines().skip(1).map(|line| line.split(' ').collect()).collect();
    whole["model"]["vocab"] = vocabulary;
    whole["model"]["merges"] = json!(merges);
    if let Some(added) = added {
        whole["added_tokens"] = added.clone();
    }
    fs::write(into.join("tokenizer.json"), whole.to_string()).unwrap();
}
