//! Previews: the picture as an evaluation predicts it, small or large, made before the next one.

use std::sync::Arc;
use std::time::Instant;

use crate::cancel::Cancel;
use crate::context::Context;
use crate::diffusion::Plan;
use crate::error::{bail, Result, Status};
use crate::image::{resize, Picture, MAX_SIDE};
use crate::log::{self, LogLevel};
use crate::model::{Features, Model};
use crate::scheduler::Latents;

/// Previews that the caller wants while the picture grows.
#[derive(Clone, Debug, Default)]
pub struct Preview {
    /// One after every so many evaluations; 0 for none.
    pub every: i32,
    /// Their size in pixels; the picture's where not given.
    pub width: Option<i32>,
    #[allow(missing_docs)]
    pub height: Option<i32>,
    /// What makes them.
    pub source: PreviewSource,
}

/// What makes previews of latents.
#[repr(i32)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PreviewSource {
    /// The model's tiny decoder if it has one, else colours alone.
    #[default]
    Auto = 0,
    /// A colour for each latent, which shows shapes: next to no time.
    Linear = 1,
    /// The tiny decoder, `vae_decoder_tiny/`: about a fifteenth of a step for a preview of the picture's size, a
    /// quarter of that for one of half its sides.
    Tiny = 2,
    /// The decoder of the picture: one to two steps. None is made after the last evaluation, since the picture
    /// follows.
    Full = 3,
}

impl PreviewSource {
    /// The source of this number in the C API.
    pub fn from_number(number: i32) -> Option<Self> {
        [Self::Auto, Self::Linear, Self::Tiny, Self::Full].into_iter().find(|source| *source as i32 == number)
    }
}

/// The previews of a generation, with nothing left open.
pub struct PreviewPlan {
    every: usize,
    /// The last evaluation that may be followed by one.
    last: usize,
    pub width: usize,
    pub height: usize,
    by: Decoder,
}

#[derive(Clone, Copy, PartialEq)]
enum Decoder {
    Linear,
    Tiny,
    Full,
}

impl PreviewPlan {
    /// None where no previews are wanted.
    pub fn new(preview: &Preview, plan: &Plan, features: Features, evaluations: usize) -> Result<Option<Self>> {
        let Ok(every) = usize::try_from(preview.every) else {
            bail!(InvalidArgument, "preview_every is {}; expected 0 or more", preview.every)
        };
        let side = |name: &str, given: Option<i32>, own: usize| match given {
            None => Ok(own),
            Some(pixels) if (1..=MAX_SIDE as i32).contains(&pixels) => Ok(pixels as usize),
            Some(pixels) => bail!(InvalidArgument, "{name} is {pixels}; expected 1 to {MAX_SIDE}"),
        };
        let width = side("preview_width", preview.width, plan.width)?;
        let height = side("preview_height", preview.height, plan.height)?;
        let by = match preview.source {
            PreviewSource::Auto if features.tiny_decoder => Decoder::Tiny,
            PreviewSource::Auto | PreviewSource::Linear => Decoder::Linear,
            PreviewSource::Tiny if features.tiny_decoder => Decoder::Tiny,
            PreviewSource::Tiny => bail!(
                NotSupported,
                "preview_source is TINY, but the model has no tiny decoder; add one of its latents as vae_decoder_tiny/model.onnx (diffusers' AutoencoderTiny, such as TAESD)"
            ),
            PreviewSource::Full => Decoder::Full,
        };
        let last = if by == Decoder::Full { evaluations.saturating_sub(1) } else { evaluations };
        Ok((every > 0).then_some(Self { every, last, width, height, by }))
    }

    /// How many are made after the evaluations from one to another, the first not counted.
    pub fn between(&self, from: usize, to: usize) -> usize {
        (to.min(self.last) / self.every).saturating_sub(from / self.every)
    }

    /// Whether each takes as long as decoding the picture.
    pub fn is_full(&self) -> bool {
        self.by == Decoder::Full
    }

    /// What is read for a preview when the picture is done.
    pub fn of_finished(&self, picture: &Arc<Picture>) -> Result<Arc<Picture>> {
        match (picture.width(), picture.height()) == (self.width, self.height) {
            true => Ok(Arc::clone(picture)),
            false => Ok(Arc::new(picture.sampled(self.width, self.height)?)),
        }
    }

    /// The preview after this many evaluations, if one is due. One that is not finite is left out: the latents
    /// are judged by themselves, and so is the picture.
    pub fn make(
        &self,
        evaluation: usize,
        clean: &Latents,
        context: &Context,
        model: &mut dyn Model,
        cancel: &Cancel,
    ) -> Result<Option<Picture>> {
        if self.between(evaluation - 1, evaluation) == 0 {
            return Ok(None);
        }
        let decoded = match self.by {
            Decoder::Linear => context.latent_rgb(model, cancel)?.apply(clean.view())?,
            Decoder::Tiny => model.decode_tiny(clean.view(), (self.height, self.width), cancel)?,
            Decoder::Full => {
                let start = Instant::now();
                let decoded = model.decode(clean.view(), cancel)?;
                let (_, height, width) = decoded.dim();
                context.decoded(width * height, start.elapsed());
                decoded
            }
        };
        match resize(decoded.view(), self.width, self.height).and_then(Picture::from_tensor) {
            Ok(picture) => Ok(Some(picture)),
            Err(error) if error.status() == Status::NotFinite => {
                let text = format!("the preview after evaluation {evaluation} is left out: {error}");
                log::push(LogLevel::Warning, text);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
