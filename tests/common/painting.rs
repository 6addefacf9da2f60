//! Painting with the model that the tests share, and what it gives.

use std::sync::Arc;

use scumble::{Context, Format, Generation, Places, Preview, Prompt, Request, Source, Texts};

/// A context of its own for each test: a model computes for one at a time.
pub fn context() -> Arc<Context> {
    let context = Context::open(Places::at(super::model()), super::device()).unwrap();
    context.wait(None).unwrap();
    context
}

/// The picture that `examples/c/txt2img.c` paints with this text, as it writes it.
pub fn ppm(text: &str) -> Vec<u8> {
    let prompt = Prompt::create(&context(), Texts::of(text), false).unwrap();
    let request = Request { seed: Some(14), ..Request::default() };
    let generation = Generation::create(&prompt, &request, &Preview::default()).unwrap();
    generation.start().unwrap();
    generation.wait(None).unwrap();
    let picture = generation.picture(Source::Final).unwrap();
    let (width, height) = (picture.width(), picture.height());
    let mut file = format!("P6 {width} {height} 255\n").into_bytes();
    let header = file.len();
    file.resize(header + width * height * 3, 0);
    picture.copy_to(&mut file[header..], Format::Rgb8, width * 3, false);
    file
}

/// Everything that a generation gives, to the last bit: latents, and the pixels as floats.
pub fn bits(generation: &Generation) -> (Vec<u32>, Vec<u8>) {
    generation.wait(None).unwrap();
    let latents = generation.latents().unwrap().iter().map(|x| x.to_bits()).collect();
    let picture = generation.picture(Source::Final).unwrap();
    let row = picture.width() * Format::Rgba32f.pixel_size();
    let mut pixels = vec![0; row * picture.height()];
    picture.copy_to(&mut pixels, Format::Rgba32f, row, false);
    (latents, pixels)
}

/// Evaluates and decodes a generation on this thread.
pub fn paint_by_hand(generation: &Generation) -> scumble::Result<()> {
    while generation.step()? > 0 {}
    generation.decode()
}
