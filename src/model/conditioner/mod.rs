//! From the texts of a prompt to what the UNet is conditioned on: by one text encoder, or SDXL's two.

mod final_norm;
mod text_encoder;

use ndarray::{Array2, Array3, Axis};

use super::fit::{Dimension, Fit};
use super::layout::Layout;
use super::options::Options;
use super::session::component::Component;
use crate::cancel::Cancel;
use crate::error::{bail, Result};
use crate::memory;
use crate::text::{emphasis, foreign, parse_weighted, Tokens};
use text_encoder::{Layer, TextEncoder};

/// How the text of a prompt is read.
///
/// With either, syntax that other tools know is not followed: `<lora:…>` and `<hypernet:…>`, `[a:b:0.5]`, `[a|b]`, AND,
/// `embedding:…`, `{a|b}`, `__wildcard__`, `--parameter`, Compel's `word++`. It is no error, since players may type it:
/// it is read as text, a warning in the log names every place, and `not_followed` of `scumble_prompt_info` counts them.
/// LoRAs and embeddings are merged into a model before it is exported.
#[repr(i32)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Syntax {
    /// As it stands, and cut off where the model ends to read: exactly as diffusers.
    #[default]
    Plain = 0,
    /// As the common web UI (AUTOMATIC1111's) reads it: `(word)` counts 1.1 times, `[word]` 1.1 times
    /// less, `(word:1.3)` as it says, a backslash makes a bracket literal, BREAK begins a new chunk, and
    /// a text of any length is read in chunks of `token_limit` tokens, up to 64. A weight is a plain decimal such as
    /// 1.3; with the brackets around it multiplied in, it is -100 to 100; at most 64 brackets of a kind may be open at
    /// once. What is beyond these limits is refused. `<name:…>` in the text is left out, as the web UI does where it
    /// lacks the file; in the negative text it stays, as there.
    Weighted = 1,
}

/// The texts of a prompt, and how to read them.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    /// What the picture shall show.
    pub positive: String,
    /// What it shall not. Some models tell none from an empty one.
    pub negative: Option<String>,
    /// How to read both.
    pub syntax: Syntax,
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
    /// How often the encoder read, each time as much as it can.
    pub chunks: usize,
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
    /// What takes the embeddings of one chunk alone, if anything does.
    one_chunk: Option<String>,
}

impl Conditioner {
    /// `text_encoder/` with `tokenizer/`, or both of SDXL.
    pub fn open(layout: &Layout, sdxl: bool, zeros_for_none: bool, options: &Options, cancel: &Cancel) -> Result<Self> {
        foreign::prepare();
        let open = |what, tokenizer, layer| TextEncoder::open(layout, what, tokenizer, layer, options, cancel);
        let encoders = if sdxl {
            let first = open("text_encoder", "tokenizer", Layer::Penultimate)?;
            vec![first, open("text_encoder_2", "tokenizer_2", Layer::Penultimate)?]
        } else {
            vec![open("text_encoder", "tokenizer", Layer::Last)?]
        };
        Ok(Self { encoders, zeros_for_none: sdxl && zeros_for_none, one_chunk: None })
    }

    /// Checks the encoders against each other and the other parts.
    pub fn fit(&mut self, fit: &mut Fit) -> Result<()> {
        let widths = self.encoders.iter().map(|encoder| encoder.fit(fit)).collect::<Result<Vec<_>>>()?;
        match widths.into_iter().sum::<Option<usize>>() {
            Some(width) if self.encoders.len() == 1 => fit.note(Dimension::Embedding, width, "text_encoder"),
            Some(width) => fit.note(Dimension::Embedding, width, "text_encoder with text_encoder_2"),
            None => Ok(()),
        }
    }

    /// Texts may fill one chunk alone, since this takes no more.
    pub fn limit_to_one_chunk(&mut self, by: String) {
        self.one_chunk = Some(by);
    }

    /// Whether a text is given in one vector too.
    pub fn pools(&self) -> bool {
        self.encoders.iter().any(TextEncoder::pools)
    }

    /// The encoders' models.
    pub fn components(&mut self) -> impl Iterator<Item = &mut Component> {
        self.encoders.iter_mut().map(|encoder| &mut encoder.component)
    }

    /// The longest sequence of tokens, begin and end counted.
    pub fn token_limit(&self) -> usize {
        self.encoders[0].tokenizer().length()
    }

    /// Whether the (first) text encoder is OpenCLIP's.
    pub fn is_open_clip(&self) -> bool {
        self.encoders[0].is_open_clip()
    }

    /// The most layers that clip skip can leave out; 0 where the exports give no hidden states.
    pub fn most_skipped(&self) -> usize {
        self.encoders.iter().map(TextEncoder::most_skipped).min().unwrap_or(0)
    }

    /// Encodes both texts. Where one is read in more chunks than the other, the other gets empty ones.
    pub fn encode(&mut self, texts: &Texts, cancel: &Cancel) -> Result<Conditioning> {
        let mut positive = self.read("text", &texts.positive, texts.syntax)?;
        let mut negative = match &texts.negative {
            None if self.zeros_for_none => None,
            text => Some(self.read("negative_text", text.as_deref().unwrap_or(""), texts.syntax)?),
        };
        for (i, encoder) in self.encoders.iter().enumerate() {
            let both = [Some(&positive[i]), negative.as_ref().map(|negative| &negative[i])];
            let chunks = both.iter().flatten().map(|tokens| tokens.ids.nrows()).max().unwrap_or(1);
            positive[i].pad(encoder.tokenizer(), chunks);
            if let Some(negative) = &mut negative {
                negative[i].pad(encoder.tokenizer(), chunks);
            }
        }
        let positive = self.embed(&positive, texts.clip_skip, cancel).map_err(|error| error.within("text"))?;
        let negative = match negative {
            None => positive.zeros()?,
            Some(negative) => self.embed(&negative, 0, cancel).map_err(|error| error.within("negative_text"))?,
        };
        Ok(Conditioning { positive, negative })
    }

    /// The tokens of a text, as each encoder reads them.
    fn read(&self, name: &str, text: &str, syntax: Syntax) -> Result<Vec<Tokens>> {
        let pieces = match syntax {
            Syntax::Plain => None,
            Syntax::Weighted => Some(parse_weighted(text).map_err(|error| error.within(name))?),
        };
        let read = |encoder: &TextEncoder| match &pieces {
            None => Tokens::plain(encoder.tokenizer(), text),
            Some(pieces) => Tokens::weighted(encoder.tokenizer(), pieces),
        };
        let tokens: Vec<Tokens> =
            self.encoders.iter().map(read).collect::<Result<_>>().map_err(|error| error.within(name))?;
        match (&self.one_chunk, tokens.iter().map(|tokens| tokens.ids.nrows()).max()) {
            (Some(by), Some(chunks)) if chunks > 1 => bail!(
                LimitExceeded,
                "{name}: it fills {chunks} chunks of {} tokens, but {by} takes one alone",
                self.token_limit() - 2
            ),
            _ => Ok(tokens),
        }
    }

    /// What the encoders make of their tokens, side by side.
    fn embed(&mut self, tokens: &[Tokens], skip: usize, cancel: &Cancel) -> Result<Encoded> {
        let (mut embeddings, mut pooled) = (Vec::new(), None);
        for (encoder, tokens) in self.encoders.iter_mut().zip(tokens) {
            let mut embedded = encoder.embed(tokens.ids.view(), skip, cancel)?;
            emphasis::apply(&mut embedded.states, tokens.weights.view());
            let (chunks, length, width) = embedded.states.dim();
            let states = embedded.states.into_shape_with_order((1, chunks * length, width));
            embeddings.push(states.expect("the same numbers"));
            pooled = embedded.pooled.or(pooled);
        }
        let lengths: Vec<usize> = embeddings.iter().map(|embeddings| embeddings.dim().1).collect();
        if lengths.iter().any(|length| *length != lengths[0]) {
            bail!(ModelInvalid, "the two text encoders give {lengths:?} tokens; expected as many");
        }
        let views: Vec<_> = embeddings.iter().map(|embeddings| embeddings.view()).collect();
        Ok(Encoded {
            embeddings: memory::concatenate(Axis(2), &views)?,
            pooled: pooled.map(|vector| vector.insert_axis(Axis(0))),
            tokens: tokens[0].count,
            chunks: tokens[0].ids.nrows(),
            truncated: tokens[0].truncated,
        })
    }
}

impl Encoded {
    fn blend(&self, other: &Self, factor: f32) -> Result<Self> {
        if self.chunks != other.chunks {
            bail!(
                InvalidArgument,
                "first was read in {} chunks, second in {}; expected as many, so that their tokens go together",
                self.chunks,
                other.chunks
            );
        }
        let pooled = match (&self.pooled, &other.pooled) {
            (Some(a), Some(b)) => Some(a * (1.0 - factor) + b * factor),
            _ => None,
        };
        Ok(Self {
            embeddings: &self.embeddings * (1.0 - factor) + &other.embeddings * factor,
            pooled,
            tokens: self.tokens.max(other.tokens),
            chunks: self.chunks,
            truncated: self.truncated || other.truncated,
        })
    }

    fn zeros(&self) -> Result<Self> {
        Ok(Self {
            embeddings: memory::zeros(self.embeddings.dim())?,
            pooled: self.pooled.as_ref().map(|pooled| Array2::zeros(pooled.dim())),
            tokens: 0,
            chunks: self.chunks,
            truncated: false,
        })
    }
}
