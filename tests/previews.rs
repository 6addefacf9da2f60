//! Previews: how many, how large, of which colours, and that the picture does not feel them.

mod common;

use ndarray::{s, Array2, Array3, Array4, ArrayView4};
use scumble::model::LatentRgb;
use scumble::random::Random;
use scumble::{Context, Device, Generation, Phase, Picture, Places, Preview, Prompt, Request, Source, Texts};

fn paint(preview: &Preview, steps: i32) -> std::sync::Arc<Generation> {
    let context = Context::open(Places::at(common::model()), Device::default()).unwrap();
    context.wait(None).unwrap();
    let prompt = Prompt::create(&context, Texts::of("a red apple, 3d style, on a blue background"), false).unwrap();
    let request = Request { seed: Some(14), steps: Some(steps), ..Request::default() };
    let generation = Generation::create(&prompt, &request, preview).unwrap();
    generation.start().unwrap();
    generation.wait(None).unwrap();
    generation
}

#[test]
fn one_after_every_so_many_evaluations_in_any_size() {
    let generation = paint(&Preview { every: 3, width: Some(100), height: Some(37) }, 10);
    let snapshot = generation.poll();
    assert_eq!((snapshot.phase, snapshot.previews), (Phase::Done, 3));
    let preview = generation.picture(Source::Preview).unwrap();
    assert_eq!((preview.width(), preview.height()), (100, 37));
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
    let generation = paint(&Preview { every: 1, ..Preview::default() }, 20);
    let red = |source| {
        let picture = generation.picture(source).unwrap();
        let size = (picture.height(), picture.width());
        let reds = picture.rgba().chunks_exact(4).map(|pixel| f32::from(pixel[0])).collect();
        // At the size of the latents, where a preview is made.
        let blocks = Array2::from_shape_vec(size, reds).unwrap();
        let blocks = blocks.exact_chunks((4, 4)).into_iter().map(|block| block.mean().unwrap()).collect::<Vec<_>>();
        blocks
    };
    let likeness = correlation(&red(Source::Preview), &red(Source::Final));
    assert!(likeness > 0.9, "the red of the preview and of the picture correlate by {likeness}");
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
    let (ours, theirs) = (fitted.apply(latents.view()), decode(latents.view()).unwrap());
    let difference = ours.indexed_iter().map(|((c, y, x), value)| (value - theirs[(c, y * 2, x * 2)]).abs());
    assert!(difference.fold(0.0, f32::max) < 1e-4);
    assert!(Picture::from_tensor(ours).is_ok());
}
