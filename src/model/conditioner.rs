//! From the texts of a prompt to what the UNet is conditioned on: by one text encoder, or SDXL's two.

use ndarray::{concatenate, Array2, Array3, Axis};

use super::component::Device;
use super::layout::Layout;
use super::text_encoder::{Embedded, Layer, TextEncoder};
use crate::cancel::Cancel;
use crate::error::{bail, Result};

/// The texts of a prompt, and how to read them.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    /// What the picture shall show.
    pub positive: String,
    /// What it shall not. Some models tell none from an empty one.
    pub negative: Option<String>,
    /// How many layers before the usual one to take of the positive text, as diffusers counts.
    pub clip_skip: usize,
}

impl Texts {
    /// A text alone.
    pub fn of(positive: impl Into<String>) -> Self {
        Self { positive: positive.into(), ..Self::default() }
    }
}

/// A prompt as the UNet reads it.
#[derive(Clone, Debug)]
pub struct Conditioning {
    /// What the picture shall show.
    pub positive: Encoded,
    /// What it shall not.
    pub negative: Encoded,
}

/// An encoded text.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// `[1, tokens, width]`.
    pub embeddings: Array3<f32>,
    /// The text in one vector, `[1, width]`, for the models that want it.
    pub pooled: Option<Array2<f32>>,
    /// How many tokens the text has.
    pub tokens: usize,
    /// Whether it was longer than the model reads, and was cut off.
    pub truncated: bool,
}

impl Conditioning {
    /// What lies between two prompts, linearly: `factor` 0 is this one, 1 the other.
    pub fn blend(&self, other: &Self, factor: f32) -> Result<Self> {
        Ok(Self {
            positive: self.positive.blend(&other.positive, factor)?,
            negative: self.negative.blend(&other.negative, factor)?,
        })
    }
}

pub struct Conditioner {
    encoders: Vec<TextEncoder>,
    /// Whether a negative text that is not given is zeros instead of an empty text.
    zeros_for_none: bool,
}

impl Conditioner {
    /// `text_encoder/` with `tokenizer/`, or both of SDXL.
    pub fn open(layout: &Layout, sdxl: bool, zeros_for_none: bool, device: &Device, cancel: &Cancel) -> Result<Self> {
        let open = |what, tokenizer, layer| TextEncoder::open(layout, what, tokenizer, layer, device, cancel);
        let encoders = if sdxl {
            let first = open("text_encoder", "tokenizer", Layer::Penultimate)?;
            vec![first, open("text_encoder_2", "tokenizer_2", Layer::Penultimate)?]
        } else {
            vec![open("text_encoder", "tokenizer", Layer::Last)?]
        };
        Ok(Self { encoders, zeros_for_none: sdxl && zeros_for_none })
    }

    /// The longest sequence of tokens, begin and end counted.
    pub fn token_limit(&self) -> usize {
        self.encoders[0].tokenizer().length()
    }

    /// Whether clip skip works: the exports give hidden states.
    pub fn can_skip(&self) -> bool {
        self.encoders.iter().all(TextEncoder::can_skip)
    }

    /// Encodes both texts.
    pub fn encode(&mut self, texts: &Texts, cancel: &Cancel) -> Result<Conditioning> {
        let positive =
            self.encode_one(&texts.positive, texts.clip_skip, cancel).map_err(|error| error.within("text"))?;
        let negative = match &texts.negative {
            None if self.zeros_for_none => positive.zeros(),
            text => {
                let text = text.as_deref().unwrap_or("");
                self.encode_one(text, 0, cancel).map_err(|error| error.within("negative_text"))?
            }
        };
        Ok(Conditioning { positive, negative })
    }

    fn encode_one(&mut self, text: &str, skip: usize, cancel: &Cancel) -> Result<Encoded> {
        let (mut embeddings, mut pooled) = (Vec::new(), None);
        let (mut count, mut truncated) = (0, false);
        for encoder in &mut self.encoders {
            let tokens = encoder.tokenizer().encode(text)?;
            (count, truncated) = (tokens.count, tokens.truncated);
            let Embedded { states, pooled: vector } = encoder.embed(&[tokens.ids], skip, cancel)?;
            let (chunks, tokens, width) = states.dim();
            embeddings.push(states.into_shape_with_order((1, chunks * tokens, width)).expect("the same numbers"));
            pooled = vector.or(pooled);
        }
        let lengths: Vec<usize> = embeddings.iter().map(|embeddings| embeddings.dim().1).collect();
        let views: Vec<_> = embeddings.iter().map(|embeddings| embeddings.view()).collect();
        match concatenate(Axis(2), &views) {
            Ok(embeddings) => {
                let pooled = pooled.map(|vector| vector.insert_axis(Axis(0)));
                Ok(Encoded { embeddings, pooled, tokens: count, truncated })
            }
            Err(_) => bail!(ModelInvalid, "the two text encoders read {lengths:?} tokens; expected as many"),
        }
    }
}

impl Encoded {
    fn blend(&self, other: &Self, factor: f32) -> Result<Self> {
        let (tokens, others) = (self.embeddings.dim().1, other.embeddings.dim().1);
        if tokens != others {
            bail!(InvalidArgument, "the prompts are {tokens} and {others} tokens long, padded; expected as many");
        }
        let pooled = match (&self.pooled, &other.pooled) {
            (Some(a), Some(b)) => Some(a * (1.0 - factor) + b * factor),
            _ => None,
        };
        Ok(Self {
            embeddings: &self.embeddings * (1.0 - factor) + &other.embeddings * factor,
            pooled,
            tokens: self.tokens.max(other.tokens),
            truncated: self.truncated || other.truncated,
        })
    }

    fn zeros(&self) -> Self {
        Self {
            embeddings: Array3::zeros(self.embeddings.dim()),
            pooled: self.pooled.as_ref().map(|pooled| Array2::zeros(pooled.dim())),
            tokens: 0,
            truncated: false,
        }
    }
}
