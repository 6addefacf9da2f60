//! Previews: how many, how large, of which colours, and that the picture does not feel them.

mod common;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use common::fake;
use common::golden::{self, Tensors};
use common::load::refused;
use common::model::ModelCopy;
use common::painting::bits;
use ndarray::{s, Array2, Array3, Array4, ArrayView4};
use scumble::cancel::Cancel;
use scumble::model::{LatentRgb, Model, StableDiffusion};
use scumble::random::Random;
use scumble::{
    Context, Device, Generation, Phase, Picture, Places, Preview, PreviewSource, Prompt, Request, Source, Status, Texts,
};

fn paint(preview: &Preview, steps: i32) -> Arc<Generation> {
    paint_in(&open(&common::model()), preview, steps)
}

fn open(model: &Path) -> Arc<Context> {
    let context = Context::open(Places::at(model), Device::default()).unwrap();
    context.wait(None).unwrap();
    context
}

fn paint_in(context: &Arc<Context>, preview: &Preview, steps: i32) -> Arc<Generation> {
    let prompt = Prompt::create(context, Texts::of("a red apple, 3d style, on a blue background"), false).unwrap();
    let request = Request { seed: Some(14), steps: Some(steps), keep_latents: true, ..Request::default() };
    let generation = Generation::create(&prompt, &request, preview).unwrap();
    generation.start().unwrap();
    generation.wait(None).unwrap();
    generation
}

/// The last preview of a generation, which is gone when it is decoded.
fn last_preview(context: &Arc<Context>, preview: &Preview, steps: i32) -> (Arc<Picture>, Arc<Picture>) {
    let prompt = Prompt::create(context, Texts::of("a red apple, 3d style, on a blue background"), true).unwrap();
    prompt.encode().unwrap();
    let request = Request { seed: Some(14), steps: Some(steps), ..Request::default() };
    let generation = Generation::create(&prompt, &request, preview).unwrap();
    while generation.step().unwrap() > 0 {}
    let preview = generation.picture(Source::Preview).unwrap();
    generation.decode().unwrap();
    (preview, generation.picture(Source::Final).unwrap())
}

/// A preview after every evaluation, of the picture's size.
fn by(source: PreviewSource) -> Preview {
    Preview { every: 1, source, ..Preview::default() }
}

#[test]
fn one_after_every_so_many_evaluations_in_any_size() {
    let generation = paint(&Preview { every: 3, width: Some(100), height: Some(37), ..Preview::default() }, 10);
    let snapshot = generation.poll();
    assert_eq!((snapshot.phase, snapshot.previews), (Phase::Done, 3));
    // It is done: each pixel is one of the picture.
    let (preview, picture) = (generation.picture(Source::Preview).unwrap(), generation.picture(Source::Final).unwrap());
    assert_eq!((preview.width(), preview.height()), (100, 37));
    let pixel = |picture: &Picture, x: usize, y: usize| picture.rgba()[(y * picture.width() + x) * 4..][..4].to_vec();
    for (x, y) in [(0, 0), (99, 36), (50, 20)] {
        assert_eq!(pixel(&preview, x, y), pixel(&picture, x * 64 / 100, y * 64 / 37), "{x} {y}");
    }
}

#[test]
fn they_do_not_change_the_picture() {
    let with = paint(&Preview { every: 1, ..Preview::default() }, 8);
    let without = paint(&Preview::default(), 8);
    let rgba = |generation: &Generation| generation.picture(Source::Final).unwrap().rgba().to_vec();
    assert!(rgba(&with) == rgba(&without));
}

/// The last preview shows what the picture shows, as far as a linear map can.
#[test]
fn the_last_resembles_the_picture() {
    let (preview, picture) = last_preview(&open(&common::model()), &Preview { every: 1, ..Preview::default() }, 20);
    let red = |picture: &Picture| {
        let size = (picture.height(), picture.width());
        let reds = picture.rgba().chunks_exact(4).map(|pixel| f32::from(pixel[0])).collect();
        // At the size of the latents, where a preview is made.
        let blocks = Array2::from_shape_vec(size, reds).unwrap();
        let blocks = blocks.exact_chunks((4, 4)).into_iter().map(|block| block.mean().unwrap()).collect::<Vec<_>>();
        blocks
    };
    let likeness = correlation(&red(&preview), &red(&picture));
    assert!(likeness > 0.9, "the red of the preview and of the picture correlate by {likeness}");
}

/// The decoder's own values; after the last evaluation the picture itself follows.
#[test]
fn decoded_after_every_evaluation_but_the_last() {
    let context = Context::with_loader(|_| Ok(fake::model(|_| Ok(())))).unwrap();
    context.wait(None).unwrap();
    assert_eq!(paint_in(&context, &by(PreviewSource::Full), 5).poll().previews, 4);
    let (preview, picture) = last_preview(&context, &by(PreviewSource::Full), 5);
    assert!(preview.rgba() == picture.rgba());
    assert_eq!(paint_in(&context, &Preview { every: 2, ..by(PreviewSource::Full) }, 4).poll().previews, 1);
}

/// What diffusers' AutoencoderTiny makes of the same latents.
#[test]
fn a_tiny_decoder_decodes_as_diffusers() {
    let copy = ModelCopy::reference("sd1-tiny");
    let mut model =
        StableDiffusion::open(&Places::at(copy.path()), &scumble::Options::default(), &Cancel::default()).unwrap();
    let tensors = Tensors::open("tiny_decoder");
    let latents = Array4::from_shape_vec((1, 4, 5, 7), tensors.floats("latents")).unwrap();
    let picture = model.decode_tiny(latents.view(), (40, 56), &Cancel::default()).unwrap();
    assert_eq!(picture.dim(), (3, 40, 56));
    let error = golden::error(picture.iter(), &tensors.floats("picture"));
    assert!(error < 1e-5, "{error}");
}

/// A preview that is smaller than the picture costs as many pixels as it has.
#[test]
fn a_tiny_decoder_gives_no_more_pixels_than_are_wanted() {
    let copy = ModelCopy::reference("sd1-tiny");
    let mut model =
        StableDiffusion::open(&Places::at(copy.path()), &scumble::Options::default(), &Cancel::default()).unwrap();
    let mut decode = |side: usize, wanted: usize| {
        // Of one colour, which latents of any size are.
        let latents = Array4::from_shape_fn((1, 4, side, side), |(_, channel, ..)| [0.7, -0.4, 1.1, 0.2][channel]);
        model.decode_tiny(latents.view(), (wanted, wanted), &Cancel::default()).unwrap()
    };
    let (small, of_large) = (decode(20, 160), decode(40, 160));
    assert_eq!(of_large.dim(), (3, 160, 160));
    assert!(golden::error(of_large.iter(), small.as_slice().unwrap()) < 1e-5);
    assert_eq!(decode(40, 320).dim(), (3, 320, 320));
    assert_eq!(decode(40, 8).dim(), (3, 128, 128), "of fewer than 16 latents it would make no picture");
    assert_eq!(decode(8, 8).dim(), (3, 64, 64));
}

/// It is taken where nothing else is asked for, and no source changes the picture.
#[test]
fn a_tiny_decoder_comes_first() {
    let copy = ModelCopy::reference("sd1-tiny");
    let context = open(copy.path());
    let [auto, linear, tiny, full] =
        [PreviewSource::Auto, PreviewSource::Linear, PreviewSource::Tiny, PreviewSource::Full]
            .map(|source| (last_preview(&context, &by(source), 4).0, paint_in(&context, &by(source), 4)));
    assert!(auto.0.rgba() == tiny.0.rgba());
    assert!(auto.0.rgba() != linear.0.rgba() && auto.0.rgba() != full.0.rgba());
    let without = bits(&paint_in(&context, &Preview::default(), 4));
    assert!([auto, linear, tiny, full].iter().all(|(_, generation)| bits(generation) == without));
}

#[test]
fn a_tiny_decoder_of_other_latents() {
    let config = fs::read_to_string(ModelCopy::reference("sd1-tiny").path().join(TINY_CONFIG)).unwrap();
    let copy = ModelCopy::reference("sd1-tiny");
    copy.write(TINY_CONFIG, config.replacen("    8,\n", "", 1));
    refused(
        copy.path(),
        Status::ModelUnsupported,
        &["vae_decoder_tiny/config.json", "4 pixels of a latent; expected 8"],
    );
    // Without a configuration it is as TAESD's.
    assert!(open(copy.remove(TINY_CONFIG).path()).loaded().unwrap().info.features.tiny_decoder);
    refused(copy.write("vae_decoder_tiny/model.onnx", "").path(), Status::ModelInvalid, &["vae_decoder_tiny"]);
}

const TINY_CONFIG: &str = "vae_decoder_tiny/config.json";

/// The known colours are for known autoencoders alone: which one it is shows in its own configuration,
/// whatever the model's family.
#[test]
fn colours_are_known_of_known_autoencoders() {
    const CONFIG: &str = "vae_decoder/config.json";
    let blue_of_last_channel = |model: &str, widths: &str, scaling: &str, channels: &str| {
        let copy = ModelCopy::reference(model);
        copy.write(
            CONFIG,
            format!(
                r#"{{"block_out_channels": {widths}, "scaling_factor": {scaling}, "latent_channels": {channels}}}"#
            ),
        );
        let latent = Array4::from_shape_fn((1, 4, 1, 1), |(_, channel, ..)| f32::from(channel == 3));
        let info = open(copy.path()).loaded().unwrap().info;
        info.latent_rgb.as_ref().map(|map| map.apply(latent.view()).unwrap()[(2, 0, 0)])
    };
    let widths = "[128, 256, 512, 512]";
    assert_eq!(blue_of_last_channel("sd1", widths, "0.18215", "4"), Some(-0.7445));
    assert_eq!(blue_of_last_channel("sd1", widths, "0.13025", "4"), Some(-0.4289));
    assert_eq!(blue_of_last_channel("sd1", widths, "0.2", "4"), None);
    assert_eq!(blue_of_last_channel("sd1", widths, "0.18215", "8"), None);
    assert_eq!(blue_of_last_channel("sd1", "[4, 4, 4, 4]", "0.18215", "4"), None);
}

fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let mean = |x: &[f32]| x.iter().sum::<f32>() / x.len() as f32;
    let (ma, mb) = (mean(a), mean(b));
    let sum = |f: &dyn Fn(f32, f32) -> f32| a.iter().zip(b).map(|(a, b)| f(a - ma, b - mb)).sum::<f32>();
    sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt()
}

#[test]
fn colours_are_fitted_to_the_decoder() {
    const CHANNELS: usize = 5;
    const FACTOR: usize = 2;
    let numbers = Random::new(3).normal((CHANNELS + 1) * 3);
    let map = Array2::from_shape_vec((CHANNELS + 1, 3), numbers).unwrap();
    // A decoder that is linear itself, so that the right colours are known.
    let decode = |latents: ArrayView4<f32>| {
        let (_, channels, height, width) = latents.dim();
        Ok(Array3::from_shape_fn((3, height * FACTOR, width * FACTOR), |(colour, y, x)| {
            let latent = latents.slice(s![0, .., y / FACTOR, x / FACTOR]);
            let terms = latent.iter().chain([&1.0]).enumerate().take(channels + 1);
            terms.map(|(i, value)| map[(i, colour)] * value).sum()
        }))
    };
    let fitted = LatentRgb::fit(CHANNELS, FACTOR, decode).unwrap();

    let latents = Array4::from_shape_vec((1, CHANNELS, 3, 4), Random::new(4).normal(CHANNELS * 12)).unwrap();
    let (ours, theirs) = (fitted.apply(latents.view()).unwrap(), decode(latents.view()).unwrap());
    let difference = ours.indexed_iter().map(|((c, y, x), value)| (value - theirs[(c, y * 2, x * 2)]).abs());
    assert!(difference.fold(0.0, f32::max) < 1e-4);
    assert!(Picture::from_tensor(ours).is_ok());
}
