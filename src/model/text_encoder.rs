//! The CLIP text encoder: text to embeddings.

use std::path::Path;

use ndarray::Ix3;
use serde::Deserialize;

use super::component::{Component, Device, Port};
use super::Encoded;
use crate::cancel::Cancel;
use crate::error::{bail, Result};
use crate::files;
use crate::text::{Tokenizer, Tokens};

/// Where neither the encoder nor the tokenizer says: the length of every released CLIP.
const CLIP_LENGTH: usize = 77;

pub struct TextEncoder {
    tokenizer: Tokenizer,
    component: Component,
    input_ids: Port,
    embeddings: Port,
}

#[derive(Default, Deserialize)]
struct Config {
    max_position_embeddings: Option<usize>,
}

impl TextEncoder {
    pub fn open(directory: &Path, device: &Device, cancel: &Cancel) -> Result<Self> {
        let config: Config = files::read_optional_json(&directory.join("text_encoder/config.json"))?;
        let limit = config.max_position_embeddings.unwrap_or(CLIP_LENGTH);
        if !(3..=4096).contains(&limit) {
            bail!(ModelInvalid, "text_encoder/config.json: max_position_embeddings is {limit}; expected 3 to 4096");
        }
        let tokenizer = Tokenizer::open(&directory.join("tokenizer"), limit)?;
        let component = Component::open(directory, "text_encoder", device, cancel)?;
        let input_ids = component.input(&["input_ids"])?;
        component.no_other_inputs(&[&input_ids])?;
        let embeddings = component.output(&["last_hidden_state", "text_embeddings"])?;
        Ok(Self { tokenizer, component, input_ids, embeddings })
    }

    pub fn token_limit(&self) -> usize {
        self.tokenizer.length()
    }

    pub fn encode(&mut self, text: &str, cancel: &Cancel) -> Result<Encoded> {
        let tokens = Tokens::plain(&self.tokenizer, text)?;
        let ids = tokens.ids.mapv(|id| id as f32);
        let input = self.input_ids.tensor(ids.view().into_dyn())?;
        let output = self.component.run(vec![(&self.input_ids, input)], &self.embeddings, cancel)?;
        match output.into_dimensionality::<Ix3>() {
            Ok(embeddings) if embeddings.iter().all(|x| x.is_finite()) => {
                Ok(Encoded { embeddings, tokens: tokens.count, truncated: tokens.truncated })
            }
            Ok(_) => bail!(NotFinite, "text_encoder: the embeddings are not finite"),
            Err(_) => bail!(ModelUnsupported, "text_encoder: {} is not [batch, tokens, width]", self.embeddings.name),
        }
    }
}
