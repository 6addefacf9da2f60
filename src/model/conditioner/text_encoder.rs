//! A CLIP text encoder: token ids to embeddings.

use ndarray::{Array1, Array2, Array3, ArrayD, ArrayView1, ArrayView2, Axis, Ix1, Ix2, Ix3};
use serde::Deserialize;

use super::final_norm::FinalNorm;
use crate::cancel::Cancel;
use crate::error::{bail, Result};
use crate::memory;
use crate::model::fit::{Axis as FitAxis, Dimension, Fit};
use crate::model::layout::Layout;
use crate::model::options::Options;
use crate::model::session::component::{Component, Scratch};
use crate::model::session::port::Port;
use crate::text::Tokenizer;

/// Where neither the encoder nor the tokenizer says: the length of every released CLIP.
const CLIP_LENGTH: usize = 77;

/// Which of its hidden states a UNet was trained on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// The last, normalised: Stable Diffusion 1 and 2.
    Last,
    /// The last but one, bare: SDXL.
    Penultimate,
}

pub struct TextEncoder {
    what: &'static str,
    tokenizer: Tokenizer,
    pub component: Component,
    layer: Layer,
    input_ids: Port,
    attention_mask: Option<Port>,
    last: Option<Port>,
    /// Every layer's output, the embeddings before the first counted; empty where the export has none.
    hidden: Vec<Port>,
    pooled: Option<Port>,
    norm: Option<FinalNorm>,
    is_open_clip: bool,
}

#[derive(Default, Deserialize)]
struct Config {
    max_position_embeddings: Option<usize>,
    hidden_act: Option<String>,
}

/// What a text encoder makes of a text.
pub struct Embedded {
    /// `[chunks, tokens, width]`.
    pub states: Array3<f32>,
    /// The first chunk in one vector, where the model gives it.
    pub pooled: Option<Array1<f32>>,
}

impl TextEncoder {
    pub fn open(
        layout: &Layout,
        what: &'static str,
        tokenizer: &str,
        layer: Layer,
        options: &Options,
        cancel: &Cancel,
    ) -> Result<Self> {
        let config: Config = layout.config(&[what])?;
        let limit = config.max_position_embeddings;
        if limit.is_some_and(|limit| !(3..=4096).contains(&limit)) {
            let limit = limit.unwrap_or_default();
            bail!(ModelInvalid, "{what}/config.json: max_position_embeddings is {limit}; expected 3 to 4096");
        }
        // A damaged vocabulary shows before the model is loaded.
        let tokenizer = Tokenizer::open(&layout.tokenizer(tokenizer)?, limit.unwrap_or(CLIP_LENGTH))?;
        let component = Component::open(layout.source(what)?, Scratch::GiveBack, options, cancel)?;
        let input_ids = component.input(&["input_ids"])?;
        let attention_mask = component.optional_input(&["attention_mask"]);
        component.no_other_inputs([&input_ids].into_iter().chain(&attention_mask))?;
        // Builds for ONNX Runtime's CUDA demo call what SDXL needs `hidden_states`, and what is pooled
        // `text_embeddings`; elsewhere the latter is the last hidden state.
        let (last, pooled): (&[&str], &[&str]) = match layer {
            Layer::Last => (&["last_hidden_state", "text_embeddings"], &[]),
            Layer::Penultimate => (&["hidden_states"], &["text_embeds", "text_embeddings"]),
        };
        let mut hidden = hidden_states(component.outputs());
        let last = match layer {
            Layer::Last => Some(component.output(last)?),
            Layer::Penultimate => component.optional_output(last)?,
        };
        if layer == Layer::Penultimate && last.is_none() && hidden.len() < 2 {
            component.output(&["hidden_states.N", "hidden_states"])?; // names what there is
        }
        if hidden.iter().any(|port| port.shape.len() != 3 || port.check_output().is_err()) {
            hidden.clear();
        }
        Ok(Self {
            what,
            tokenizer,
            pooled: component.optional_output(pooled)?,
            component,
            layer,
            input_ids,
            attention_mask,
            last,
            hidden,
            norm: None,
            is_open_clip: config.hidden_act.as_deref() == Some("gelu"),
        })
    }

    /// Checks it against the other parts. Tells the width of its embeddings.
    pub fn fit(&self, fit: &mut Fit) -> Result<Option<usize>> {
        let tokens = format!("{}: its tokenizer, with config.json,", self.what);
        fit.note(Dimension::Tokens, self.tokenizer.length(), tokens)?;
        for port in [&self.input_ids].into_iter().chain(&self.attention_mask) {
            fit.port(self.what, port, &[FitAxis::Exactly(1), FitAxis::Is(Dimension::Tokens)])?;
        }
        if let Some(pooled) = &self.pooled {
            let axes = [FitAxis::Exactly(1), FitAxis::Is(Dimension::Pooled)];
            fit.port(self.what, pooled, &axes[2 - pooled.shape.len().clamp(1, 2)..])?;
        }
        let states = self.layer_at(0)?;
        let width = states.fixed(2);
        let axes = [FitAxis::Exactly(1), FitAxis::Is(Dimension::Tokens), FitAxis::Exactly(width.unwrap_or_default())];
        fit.port(self.what, &states, &axes)?;
        Ok(width)
    }

    /// Whether it gives a text in one vector too.
    pub fn pools(&self) -> bool {
        self.pooled.is_some()
    }

    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// Whether it is OpenCLIP's, which Stable Diffusion 2 uses.
    pub fn is_open_clip(&self) -> bool {
        self.is_open_clip
    }

    /// How many layers before the usual one can be asked for; 0 where the export gives none.
    pub fn most_skipped(&self) -> usize {
        // The first hidden state is not a layer's output.
        self.hidden.len().saturating_sub(2 + self.before_last(0))
    }

    fn before_last(&self, skip: usize) -> usize {
        match self.layer {
            Layer::Last => skip,
            Layer::Penultimate => skip + 1,
        }
    }

    /// Embeds chunks of exactly the tokenizer's length. `skip`: how many layers before the usual
    /// one to take (diffusers' `clip_skip`).
    pub fn embed(&mut self, chunks: ArrayView2<u32>, skip: usize, cancel: &Cancel) -> Result<Embedded> {
        let states = self.layer_at(skip)?;
        if skip > 0 && self.layer == Layer::Last && self.norm.is_none() {
            self.norm = Some(self.solve_norm(chunks.row(0), cancel)?);
        }
        let mut embedded = Vec::new();
        let mut pooled = None;
        for (i, ids) in chunks.rows().into_iter().enumerate() {
            let mut wanted = vec![states.clone()];
            if i == 0 {
                wanted.extend(self.pooled.clone());
            }
            let mut outputs = self.run(ids, &wanted, cancel)?.into_iter();
            let mut rows = self.rows(outputs.next(), &states)?;
            if skip > 0 {
                if let (Some(norm), Layer::Last) = (&self.norm, self.layer) {
                    rows = norm.apply(rows.view());
                }
            }
            embedded.push(rows);
            if let Some(vector) = outputs.next() {
                pooled = Some(self.vector(vector)?);
            }
        }
        let views: Vec<_> = embedded.iter().map(|rows| rows.view().insert_axis(Axis(0))).collect();
        let states = memory::concatenate(Axis(0), &views)?;
        Ok(Embedded { states, pooled })
    }

    fn layer_at(&self, skip: usize) -> Result<Port> {
        if let (Some(last), 0) = (&self.last, skip) {
            return Ok(last.clone());
        }
        match self.hidden.len().checked_sub(self.before_last(skip) + 1) {
            Some(i) if skip <= self.most_skipped() => Ok(self.hidden[i].clone()),
            _ => bail!(
                InvalidArgument,
                "clip_skip is {skip}; expected at most {}, for {}",
                self.most_skipped(),
                self.what
            ),
        }
    }

    fn solve_norm(&mut self, ids: ArrayView1<u32>, cancel: &Cancel) -> Result<FinalNorm> {
        let (Some(last), Some(bare)) = (self.last.clone(), self.hidden.last().cloned()) else {
            bail!(NotSupported, "clip_skip: {} does not give its last layer", self.what)
        };
        let mut outputs = self.run(ids, &[bare.clone(), last.clone()], cancel)?.into_iter();
        let before = self.rows(outputs.next(), &bare)?;
        let after = self.rows(outputs.next(), &last)?;
        FinalNorm::solve(before.view(), after.view())
    }

    fn run(&mut self, ids: ArrayView1<u32>, outputs: &[Port], cancel: &Cancel) -> Result<Vec<ArrayD<f32>>> {
        let mut inputs = vec![(&self.input_ids, self.input_ids.ids(ids.insert_axis(Axis(0)).to_owned())?)];
        if let Some(mask) = &self.attention_mask {
            // Diffusers attends to padding too.
            inputs.push((mask, mask.ids(Array2::ones((1, ids.len())))?));
        }
        let outputs: Vec<&Port> = outputs.iter().collect();
        self.component.run(inputs, &outputs, cancel)
    }

    fn rows(&self, output: Option<ArrayD<f32>>, port: &Port) -> Result<Array2<f32>> {
        let states = output.and_then(|output| output.into_dimensionality::<Ix3>().ok());
        match states {
            Some(states) if states.iter().any(|x| !x.is_finite()) => {
                bail!(NotFinite, "{}: the embeddings are not finite", self.what)
            }
            Some(states) if states.dim().0 == 1 => Ok(states.index_axis_move(Axis(0), 0)),
            _ => bail!(ModelUnsupported, "{}: {} is not [1, tokens, width]", self.what, port.name),
        }
    }

    fn vector(&self, output: ArrayD<f32>) -> Result<Array1<f32>> {
        let vector = match output.ndim() {
            1 => output.into_dimensionality::<Ix1>().ok(),
            _ => output.into_dimensionality::<Ix2>().ok().map(|rows| rows.index_axis_move(Axis(0), 0)),
        };
        match vector {
            Some(vector) if vector.iter().all(|x| x.is_finite()) => Ok(vector),
            Some(_) => bail!(NotFinite, "{}: the pooled text is not finite", self.what),
            None => bail!(ModelUnsupported, "{}: the pooled text is not [1, width]", self.what),
        }
    }
}

/// `hidden_states.0`, `hidden_states.1`, … in the order of their numbers.
fn hidden_states(outputs: &[Port]) -> Vec<Port> {
    let number = |port: &Port| port.name.strip_prefix("hidden_states")?.trim_start_matches(['.', '_']).parse().ok();
    let mut found: Vec<(usize, Port)> = outputs.iter().filter_map(|port| Some((number(port)?, port.clone()))).collect();
    found.sort_by_key(|(number, _)| *number);
    found.into_iter().map(|(_, port)| port).collect()
}
