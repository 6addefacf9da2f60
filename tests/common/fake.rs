//! A model that computes next to nothing and does what a test's script says.

use ndarray::{Array3, Array4, ArrayView3, ArrayView4};
use scumble::cancel::Cancel;
use scumble::ffi::{self, scumble_context};
use scumble::model::{
    Conditioning, Defaults, Denoise, Encoded, Family, Features, LatentRgb, Memory, Model, ModelInfo, Texts,
};
use scumble::random::Random;
use scumble::runtime::DeviceInfo;
use scumble::scheduler::SchedulerConfig;
use scumble::{Context, Result, Seamless};

/// The default size of its pictures.
pub const SIDE: usize = 16;
/// Pixels per latent, along each side.
pub const FACTOR: usize = 8;
/// Numbers in the latents of such a picture.
pub const LATENTS: usize = 4 * (SIDE / FACTOR) * (SIDE / FACTOR);
/// Its default number of steps.
pub const STEPS: usize = 3;

/// What the model is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Encode,
    EncodePicture,
    Denoise,
    Decode,
}

/// A model that runs `script` before each of its calls. The script may block, fail or panic. It notices
/// no cancel.
pub fn model(mut script: impl FnMut(Call) -> Result<()> + Send + 'static) -> Box<dyn Model> {
    cancellable(move |call, _| script(call))
}

/// A model whose script notices cancels.
pub fn cancellable(script: impl FnMut(Call, &Cancel) -> Result<()> + Send + 'static) -> Box<dyn Model> {
    let rows = [[0.1, 0.2, 0.3]; 5];
    let info = ModelInfo {
        cuts_timesteps: false,
        name: "fake".into(),
        family: Family::Sd1,
        features: Features { images: true, clip_skip: 2, controlnets: 1, ..Features::default() },
        width: SIDE,
        height: SIDE,
        fixed_width: None,
        fixed_height: None,
        vae_factor: FACTOR,
        size_multiple: FACTOR,
        latent_channels: 4,
        token_limit: 77,
        scheduler: SchedulerConfig::stable_diffusion(),
        defaults: Defaults { steps: STEPS, guidance_scale: 4.0, scheduler: Some("euler".into()) },
        latent_rgb: Some(LatentRgb::new(&rows, 4).unwrap()),
        budget: None,
        memory: Memory::default(),
        seamless: Seamless::default(),
        device: DeviceInfo::default(),
    };
    Box::new(Fake { info, script })
}

/// A handle of a context whose model loads with this loader, on the context's thread.
pub fn loading(load: impl FnOnce(&Cancel) -> Result<Box<dyn Model>> + Send + 'static) -> *mut scumble_context {
    ffi::insert(Context::with_loader(load).unwrap()).unwrap()
}

/// A handle of a context with a scripted model, loaded.
pub fn scripted(script: impl FnMut(Call) -> Result<()> + Send + 'static) -> *mut scumble_context {
    let context = Context::with_loader(|_| Ok(model(script))).unwrap();
    context.wait(None).unwrap();
    ffi::insert(context).unwrap()
}

/// A handle of a context with a model that does as it is told, loaded.
pub fn context() -> *mut scumble_context {
    scripted(|_| Ok(()))
}

/// What the decoder gives for this channel of this pixel, -1 to 1: the same in every picture.
pub fn value((channel, y, x): (usize, usize, usize)) -> f32 {
    ((channel + 1) * 40 + y * 5 + x * 3) as f32 / 255.0 * 2.0 - 1.0
}

struct Fake<S> {
    info: ModelInfo,
    script: S,
}

impl<S: FnMut(Call, &Cancel) -> Result<()> + Send> Model for Fake<S> {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn encode(&mut self, texts: &Texts, cancel: &Cancel) -> Result<Conditioning> {
        (self.script)(Call::Encode, cancel)?;
        let encoded = |text: &str| Encoded {
            embeddings: Array3::zeros((1, 4, 4)),
            pooled: None,
            tokens: text.split_whitespace().count(),
            chunks: 1,
            truncated: false,
        };
        let negative = encoded(texts.negative.as_deref().unwrap_or(""));
        Ok(Conditioning { positive: encoded(&texts.positive), negative })
    }

    fn denoise(&mut self, input: &Denoise, cancel: &Cancel) -> Result<Array4<f32>> {
        (self.script)(Call::Denoise, cancel)?;
        Ok(&input.latents * 0.1)
    }

    fn encode_picture(&mut self, picture: ArrayView3<f32>, _: &mut Random, cancel: &Cancel) -> Result<Array4<f32>> {
        (self.script)(Call::EncodePicture, cancel)?;
        let (_, height, width) = picture.dim();
        Ok(Array4::zeros((1, 4, height / FACTOR, width / FACTOR)))
    }

    fn decode(&mut self, latents: ArrayView4<f32>, cancel: &Cancel) -> Result<Array3<f32>> {
        (self.script)(Call::Decode, cancel)?;
        let (_, _, height, width) = latents.dim();
        Ok(Array3::from_shape_fn((3, height * FACTOR, width * FACTOR), value))
    }
}
