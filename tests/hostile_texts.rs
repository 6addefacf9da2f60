//! Configurations and tokenizers made to harm: an answer in good time, with little memory, and no panic.
#![cfg(unix)] // for its pipe

mod common;

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use common::c_program::run;
use common::load::{load, refused};
use common::model::{original, ModelCopy};
use common::onnx::{encoder, raw, weights, ENCODER};
use scumble::text::Tokenizer;
use scumble::Status::{self, ModelInvalid, ModelUnsupported};
use serde_json::{json, Value};

const CONFIGS: [&str; 6] = [
    "scheduler/scheduler_config.json",
    "scumble.json",
    "text_encoder/config.json",
    "tokenizer/tokenizer_config.json",
    "unet/config.json",
    "vae_decoder/config.json",
];

#[test]
fn configurations_without_end() {
    let deep = ["[".repeat(100_000), "{\"a\":".repeat(100_000)];
    let large = format!("{{\"a\": \"{}\"}}", "a".repeat(2 << 20));
    for file in CONFIGS {
        let copy = ModelCopy::new();
        copy.write(ENCODER, encoder(weights(raw(128)), &[], &[])); // which loads sooner
        for content in &deep {
            // One may know by its first byte that this is not what it wants.
            refused(copy.write(file, content).path(), ModelInvalid, &[file]);
        }
        refused(copy.write(file, &large).path(), ModelInvalid, &[file, "is larger than 1048576 bytes"]);
        run(Command::new("mkfifo").arg(copy.remove(file).path().join(file)));
        refused(copy.path(), ModelInvalid, &[file, "is not a file"]);
    }
}

#[test]
fn vocabularies_without_end() {
    for file in ["tokenizer/vocab.json", "tokenizer/merges.txt", "tokenizer/tokenizer.json"] {
        let copy = ModelCopy::new();
        copy.write(file, "a b\n".repeat(5 << 20));
        refused(copy.path(), ModelInvalid, &[file, "is larger than 16777216 bytes"]);
    }
}

/// The model's tokenizer in one file, as transformers 4.57 and 5.23 write it but for their vocabularies.
fn description() -> Value {
    let vocabulary: Value = serde_json::from_slice(&fs::read(original("tokenizer/vocab.json")).unwrap()).unwrap();
    let merges = fs::read_to_string(original("tokenizer/merges.txt")).unwrap();
    let merges: Vec<Value> = merges
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| json!(line.split(' ').collect::<Vec<_>>()))
        .collect();
    let special = |content: &str| {
        json!({ "id": vocabulary[content], "content": content, "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": false, "special": true })
    };
    json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": [special("<|startoftext|>"), special("<|endoftext|>")],
        "normalizer": { "type": "Sequence", "normalizers": [
            { "type": "NFC" },
            { "type": "Replace", "pattern": { "Regex": r"\s+" }, "content": " " },
            { "type": "Lowercase" } ] },
        "pre_tokenizer": { "type": "Sequence", "pretokenizers": [
            { "type": "Split", "behavior": "Removed", "invert": true, "pattern": { "Regex":
                r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+" } },
            { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true } ] },
        "post_processor": { "type": "RobertaProcessing", "sep": ["<|endoftext|>", vocabulary["<|endoftext|>"]],
            "cls": ["<|startoftext|>", vocabulary["<|startoftext|>"]], "trim_offsets": false, "add_prefix_space": false },
        "decoder": { "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true },
        "model": { "type": "BPE", "dropout": null, "unk_token": "<|endoftext|>", "continuing_subword_prefix": "",
            "end_of_word_suffix": "</w>", "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
            "vocab": vocabulary, "merges": merges },
    })
}

#[test]
fn one_file_is_as_good_as_two() {
    let copy = ModelCopy::new();
    let two = Tokenizer::open(&copy.path().join("tokenizer"), 24).unwrap();
    copy.write("tokenizer/tokenizer.json", description().to_string()).remove("tokenizer/vocab.json");
    let one = Tokenizer::open(&copy.path().join("tokenizer"), 24).unwrap();
    for text in ["", "a red apple, 3d style", "It's  A\tCASTLE<|endoftext|>", "naïve café 🍎 12345"] {
        assert_eq!(one.words(text).unwrap(), two.words(text).unwrap(), "{text}");
    }
}

#[test]
fn tokenizers() {
    let step = |pattern: &str| json!({ "type": "Replace", "pattern": { "Regex": pattern }, "content": " " });
    let many = |content: fn(usize) -> String| -> Value {
        (0..2000).map(|i| json!({ "id": i, "content": content(i), "special": true })).collect()
    };
    let cases: Vec<(&str, Value, Status, &str)> = vec![
        ("/normalizer", step("(a+)+$"), ModelUnsupported, "the pattern {\"Regex\":\"(a+)+$\"}; expected one of CLIP's"),
        ("/normalizer", step("((a{1000}){1000}){1000}"), ModelUnsupported, "expected one of CLIP's"),
        ("/normalizer", step("(?=(?=a{999}){999}){999}"), ModelUnsupported, "expected one of CLIP's"),
        ("/normalizer/normalizers/1/content", json!("a".repeat(1 << 20)), ModelUnsupported, "expected a space"),
        (
            "/normalizer",
            json!({ "type": "Precompiled", "precompiled_charsmap": "AAAA" }),
            ModelUnsupported,
            "Precompiled",
        ),
        ("/normalizer", json!({ "type": "Prepend", "prepend": "a" }), ModelUnsupported, "Prepend"),
        (
            "/normalizer/normalizers",
            json!(vec![json!({ "type": "NFC" }); 1000]),
            ModelInvalid,
            "more than 16 normalizers",
        ),
        (
            "/pre_tokenizer",
            json!({ "type": "Split", "pattern": { "Regex": "(.*)*x" }, "behavior": "Removed", "invert": true }),
            ModelUnsupported,
            "expected one of CLIP's",
        ),
        ("/pre_tokenizer", json!([]), ModelUnsupported, "the step []"),
        ("/model/type", json!("Unigram"), ModelUnsupported, "type is \"Unigram\"; expected \"BPE\""),
        ("/model/continuing_subword_prefix", json!("ééééééé"), ModelUnsupported, "continuing_subword_prefix is"),
        ("/model/dropout", json!(0.5), ModelUnsupported, "dropout is 0.5; expected null"),
        ("/model/end_of_word_suffix", json!("a".repeat(1 << 20)), ModelUnsupported, "end_of_word_suffix is"),
        ("/model/vocab", json!([]), ModelInvalid, "no list of tokens"),
        ("/model/vocab/a", json!(4294967295u32), ModelInvalid, "the id of \"a\" is 4294967295; expected 0 to 16777215"),
        ("/model/vocab/a", json!(-1), ModelInvalid, "the id of \"a\" is -1"),
        ("/model/merges", json!([["é", ""]]), ModelInvalid, "tokenizer.json"),
        ("/model/merges", json!(["a"]), ModelInvalid, "tokenizer.json"),
        ("/model/merges", json!([[[[[]]]]]), ModelInvalid, "tokenizer.json"),
        ("/added_tokens", many(|i| format!("<{i}>")), ModelInvalid, "2000 tokens are added; expected at most 1024"),
        ("/added_tokens/0/content", json!("a".repeat(10_000)), ModelInvalid, "has 10000 bytes; expected 1 to 256"),
        ("/added_tokens/0/content", json!(""), ModelInvalid, "has 0 bytes; expected 1 to 256"),
        ("", json!([]), ModelUnsupported, "type is null"),
    ];
    for (place, value, status, words) in cases {
        let mut description = description();
        *description.pointer_mut(place).unwrap() = value;
        let copy = ModelCopy::new();
        copy.write("tokenizer/tokenizer.json", description.to_string());
        let start = Instant::now();
        refused(copy.path(), status, &["tokenizer.json", words]);
        assert!(start.elapsed() < Duration::from_secs(10), "{place}");
    }
    let nested = format!("{{\"model\": {}", "{\"a\": [".repeat(50_000));
    let copy = ModelCopy::new();
    refused(
        copy.write("tokenizer/tokenizer.json", nested).path(),
        ModelInvalid,
        &["tokenizer.json", "recursion limit"],
    );
}

/// As large as files may be, and of nothing but what a reader might keep most of.
#[test]
fn the_largest_vocabulary() {
    let entries: Vec<String> = (0..1_040_000).map(|i| format!("\"{i:x}\":{i}")).collect();
    let content = format!("{{{},\"<|startoftext|>\":0,\"<|endoftext|>\":1}}", entries.join(","));
    assert!((14 << 20..16 << 20).contains(&content.len()), "{}", content.len());
    let copy = ModelCopy::new();
    copy.write("tokenizer/vocab.json", content).write("tokenizer/merges.txt", "");
    let start = Instant::now();
    let (status, text) = load(copy.path());
    assert!(matches!(status, Status::Ok | ModelInvalid), "{status:?} ({text})");
    assert!(start.elapsed() < Duration::from_secs(60));
}
