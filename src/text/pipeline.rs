//! What of a `tokenizer.json` is let through to the tokenizers crate.
//!
//! The format can describe far more than CLIP's tokenizer: patterns that take forever, steps without end,
//! settings that make the crate panic. CLIP's own few are all that a text encoder of Stable Diffusion
//! was trained with, so nothing else passes.

use serde_json::Value;

use super::tokenizer::WORDS;
use crate::error::{bail, Result};

/// Ids from here on are not exact in the f32 that tensors are made from.
const MAX_ID: u64 = 1 << 24;
/// Normalizers, or pre-tokenizers. CLIP has 3 and 2.
const MAX_STEPS: usize = 16;

/// The steps of CLIP's tokenizer, and those of other versions that do the same.
const STEPS: [&str; 9] = ["NFC", "NFD", "NFKC", "NFKD", "Lowercase", "Replace", "Strip", "Split", "ByteLevel"];
/// Word boundaries as transformers 4 wrote them: special tokens are found before.
const WORDS_ALONE: &str = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";
const SPACES: &str = r"\s+";

/// The description of a tokenizer without what is not used here, if it is one of CLIP's kind.
pub fn checked(mut description: Value) -> Result<Value> {
    check_model(&description["model"])?;
    check_steps(&description["normalizer"], "normalizers", &mut 0)?;
    check_steps(&description["pre_tokenizer"], "pretokenizers", &mut 0)?;
    if let Some(parts) = description.as_object_mut() {
        // Length, padding and added tokens are decided by who asks, and nothing is turned back to text.
        for unused in ["truncation", "padding", "post_processor", "decoder"] {
            parts.insert(unused.into(), Value::Null);
        }
        parts.insert("added_tokens".into(), Value::Array(Vec::new()));
    }
    Ok(description)
}

fn check_model(model: &Value) -> Result<()> {
    let expect = |key: &str, allowed: &[Value]| match &model[key] {
        found if allowed.contains(found) => Ok(()),
        found => {
            bail!(ModelUnsupported, "the model's {key} is {}; expected {}, as CLIP has it", short(found), allowed[0])
        }
    };
    expect("type", &["BPE".into()])?;
    expect("dropout", &[Value::Null, 0.into()])?;
    expect("continuing_subword_prefix", &["".into(), Value::Null])?;
    expect("end_of_word_suffix", &["</w>".into()])?;
    let Some(vocabulary) = model["vocab"].as_object() else {
        bail!(ModelInvalid, "the vocabulary is no list of tokens with their ids")
    };
    match vocabulary.iter().find(|(_, id)| id.as_u64().is_none_or(|id| id >= MAX_ID)) {
        Some((token, id)) => {
            bail!(
                ModelInvalid,
                "the id of {} is {}; expected 0 to {}",
                short(&token.as_str().into()),
                short(id),
                MAX_ID - 1
            )
        }
        None => Ok(()),
    }
}

/// One step, or a sequence of them, which is in the field `list`.
fn check_steps(step: &Value, list: &str, count: &mut usize) -> Result<()> {
    *count += 1;
    if *count > MAX_STEPS {
        bail!(ModelInvalid, "the tokenizer has more than {MAX_STEPS} {list}");
    }
    match step["type"].as_str() {
        None if step.is_null() => return Ok(()),
        Some("Sequence") => {
            let steps = step[list].as_array().map_or(&[][..], Vec::as_slice);
            return steps.iter().try_for_each(|step| check_steps(step, list, count));
        }
        Some(known) if STEPS.contains(&known) => (),
        _ => bail!(ModelUnsupported, "the tokenizer has the step {}; expected {}", short(step), STEPS.join(", ")),
    }
    let pattern = &step["pattern"];
    let known = [SPACES, WORDS, WORDS_ALONE].map(|pattern| serde_json::json!({ "Regex": pattern }));
    if !pattern.is_null() && !known.contains(pattern) {
        bail!(ModelUnsupported, "the tokenizer has the pattern {}; expected one of CLIP's", short(pattern));
    }
    if !step["content"].is_null() && step["content"] != " " {
        bail!(ModelUnsupported, "the tokenizer puts {} in the text; expected a space", short(&step["content"]));
    }
    Ok(())
}

/// A value as it may be shown: it can be as long as a file.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
