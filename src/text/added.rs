//! Tokens that a tokenizer has besides its vocabulary: those of textual inversion, and the special ones.
//!
//! Which files name them, which of these count and which id a token gets is as in transformers 5
//! (`PreTrainedTokenizerBase._from_pretrained` and `TokenizersBackend.__init__`).

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};
use tokenizers::AddedToken;

use crate::error::{bail, Result};
use crate::files;

/// Tokens beside the vocabulary: CLIP has 2, textual inversion adds one or more for each concept.
const MAX_ADDED: usize = 1024;
const MAX_LENGTH: usize = 256;
/// The tokens that transformers knows by name, in its order.
const NAMED: [&str; 7] = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

/// Those of CLIP, where no file names others.
const CLIP: [(&str, &str); 4] = [
    ("bos_token", "<|startoftext|>"),
    ("eos_token", "<|endoftext|>"),
    ("unk_token", "<|endoftext|>"),
    ("pad_token", "<|endoftext|>"),
];

/// `tokenizer_config.json`, with what older directories have in files of their own.
pub struct TokenizerConfig {
    pub model_max_length: Option<f64>,
    /// By the ids that the files say.
    added: BTreeMap<u64, AddedToken>,
    tokens: Map<String, Value>,
}

/// A token as the files write it: a text, or an object with its flags.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Flags(Flags),
}

#[derive(Deserialize)]
struct Flags {
    content: String,
    single_word: Option<bool>,
    lstrip: Option<bool>,
    rstrip: Option<bool>,
    normalized: Option<bool>,
    special: Option<bool>,
}

impl Flags {
    /// `special`: where the flags do not say. What is special is not normalized, unless they say so.
    fn token(self, special: bool) -> AddedToken {
        let special = self.special.unwrap_or(special);
        AddedToken::from(self.content, special)
            .single_word(self.single_word.unwrap_or(false))
            .lstrip(self.lstrip.unwrap_or(false))
            .rstrip(self.rstrip.unwrap_or(false))
            .normalized(self.normalized.unwrap_or(!special))
    }
}

impl TokenizerConfig {
    /// Reads the configuration of a tokenizer's directory. `whole`: the tokens that its `tokenizer.json` adds.
    pub fn read(directory: &Path, whole: &Value) -> Result<Self> {
        let path = directory.join("tokenizer_config.json");
        let mut tokens: Map<String, Value> = files::read_json(&path)?;
        let within = |error: serde_json::Error| format!("{}: {error}", path.display());
        let model_max_length = match tokens.get("model_max_length") {
            None | Some(Value::Null) => None,
            Some(Value::Number(length)) => length.as_f64(),
            Some(other) => bail!(ModelInvalid, "{}: model_max_length is {other}; expected a number", path.display()),
        };
        let mut added = BTreeMap::new();
        if let Some(decoder) = tokens.remove("added_tokens_decoder").filter(|decoder| !decoder.is_null()) {
            let decoder: BTreeMap<u64, Flags> = match serde_json::from_value(decoder) {
                Ok(decoder) => decoder,
                Err(error) => bail!(ModelInvalid, "added_tokens_decoder of {}", within(error)),
            };
            added.extend(decoder.into_iter().map(|(id, flags)| (id, flags.token(false))));
            return Ok(Self::new(model_max_length, added, tokens));
        }
        // The older form, where these files have the last word: Stable Diffusion 2's padding is only here.
        let special = directory.join("special_tokens_map.json");
        let special: Option<Map<String, Value>> = files::read_optional_json(&special)?;
        tokens.extend(special.unwrap_or_default());
        let file = directory.join("added_tokens.json");
        let ids: Option<BTreeMap<String, u64>> = files::read_optional_json(&file)?;
        let mut config = Self::new(model_max_length, added, tokens);
        let names: Vec<String> = config.special().into_iter().map(|token| token.content).collect();
        for (content, id) in ids.unwrap_or_default() {
            let token = AddedToken::from(content, false);
            let special = names.contains(&token.content);
            config.added.insert(id, token.normalized(!special).special(special));
        }
        for token in whole.as_array().map_or(&[][..], Vec::as_slice) {
            let flags = Flags::deserialize(token);
            let (Some(id), Ok(flags)) = (token["id"].as_u64(), flags) else {
                let file = directory.join("tokenizer.json");
                bail!(
                    ModelInvalid,
                    "{}: added_tokens has the entry {token}; expected content and an id",
                    file.display()
                )
            };
            config.added.insert(id, flags.token(false));
        }
        Ok(config)
    }

    fn new(model_max_length: Option<f64>, added: BTreeMap<u64, AddedToken>, mut tokens: Map<String, Value>) -> Self {
        for (name, content) in CLIP {
            tokens.entry(name).or_insert_with(|| content.into());
        }
        Self { model_max_length, added, tokens }
    }

    /// The text of a special token.
    pub fn token(&self, name: &str) -> Option<String> {
        self.tokens.get(name).and_then(|token| read(token, true)).map(|token| token.content)
    }

    /// The tokens that are added by id, in the order of their ids.
    pub fn added(&self) -> Result<Vec<AddedToken>> {
        if self.added.len() > MAX_ADDED {
            bail!(ModelInvalid, "{} tokens are added; expected at most {MAX_ADDED}", self.added.len());
        }
        self.added.values().try_for_each(check)?;
        let names: Vec<String> = self.special().into_iter().map(|token| token.content).collect();
        let named = |token: &AddedToken| {
            let special = token.special || names.contains(&token.content);
            token.clone().special(special)
        };
        Ok(self.added.values().map(named).collect())
    }

    /// The ids that the files say of these, which count only if they are the next ones.
    pub fn ids(&self) -> impl Iterator<Item = (u64, &AddedToken)> {
        self.added.iter().map(|(id, token)| (*id, token))
    }

    /// Special tokens that are not added by id: the named ones, those of a model's own, then those in lists.
    pub fn named(&self) -> Result<Vec<AddedToken>> {
        let is_new = |token: &AddedToken| !self.added.values().any(|added| added.content == token.content);
        let tokens: Vec<AddedToken> = self.special().into_iter().filter(is_new).collect();
        if tokens.len() > MAX_ADDED {
            bail!(ModelInvalid, "there are {} special tokens; expected at most {MAX_ADDED}", tokens.len());
        }
        tokens.iter().try_for_each(check)?;
        Ok(tokens)
    }

    /// Each once, with the flags of its last mention.
    fn special(&self) -> Vec<AddedToken> {
        let own = |key: &&String| key.ends_with("_token") && !NAMED.contains(&key.as_str());
        let keys = NAMED.iter().copied().chain(self.tokens.keys().filter(own).map(String::as_str));
        let named = keys.filter_map(|key| self.tokens.get(key));
        let lists = ["extra_special_tokens", "additional_special_tokens"];
        let listed = lists.iter().find_map(|key| self.tokens.get(*key)?.as_array().filter(|list| !list.is_empty()));
        let mut tokens: Vec<AddedToken> = Vec::new();
        for token in named.chain(listed.into_iter().flatten()).filter_map(|token| read(token, true)) {
            match tokens.iter_mut().find(|other| other.content == token.content) {
                Some(other) => *other = token,
                None => tokens.push(token),
            }
        }
        tokens
    }
}

/// A token of a file; none where it is something else.
fn read(token: &Value, special: bool) -> Option<AddedToken> {
    match Written::deserialize(token).ok()? {
        Written::Text(content) => Some(AddedToken::from(content, special)),
        Written::Flags(flags) => Some(flags.token(special)),
    }
}

fn check(token: &AddedToken) -> Result<()> {
    let length = token.content.len();
    if !(1..=MAX_LENGTH).contains(&length) {
        let start: String = token.content.chars().take(40).collect();
        bail!(ModelInvalid, "the added token {start:?} has {length} bytes; expected 1 to {MAX_LENGTH}");
    }
    Ok(())
}
