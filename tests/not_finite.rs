//! A model that gives NaN or infinity, in any evaluation, in the text encoder or in the decoder: always an
//! error that says where, never a picture.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod common;

use common::c::{self, ok, refused};
use common::fake::{self, STEPS};
use ndarray::{Array3, Array4, ArrayView3, ArrayView4};
use scumble::cancel::Cancel;
use scumble::ffi::*;
use scumble::model::{Conditioning, Denoise, Model, ModelInfo};
use scumble::random::Random;
use scumble::{log, Context, PreviewSource, Result, Status, Texts};

/// A model that spoils one value of its nth output, evaluations and pictures counted.
struct Spoilt {
    inner: Box<dyn Model>,
    countdown: usize,
    value: f32,
}

impl Spoilt {
    fn spoil<'a>(&mut self, mut values: impl ExactSizeIterator<Item = &'a mut f32>) {
        self.countdown = self.countdown.wrapping_sub(1);
        if self.countdown == 0 {
            *values.nth(values.len() / 2).unwrap() = self.value;
        }
    }
}

impl Model for Spoilt {
    fn info(&self) -> &ModelInfo {
        self.inner.info()
    }

    fn encode(&mut self, texts: &Texts, cancel: &Cancel) -> Result<Conditioning> {
        self.inner.encode(texts, cancel)
    }

    fn encode_picture(
        &mut self,
        picture: ArrayView3<f32>,
        random: &mut Random,
        cancel: &Cancel,
    ) -> Result<Array4<f32>> {
        self.inner.encode_picture(picture, random, cancel)
    }

    fn denoise(&mut self, input: &Denoise, cancel: &Cancel) -> Result<Array4<f32>> {
        let mut output = self.inner.denoise(input, cancel)?;
        self.spoil(output.iter_mut());
        Ok(output)
    }

    fn decode(&mut self, latents: ArrayView4<f32>, cancel: &Cancel) -> Result<Array3<f32>> {
        let mut picture = self.inner.decode(latents, cancel)?;
        self.spoil(picture.iter_mut());
        Ok(picture)
    }
}

/// A handle of a context whose model spoils its nth output.
fn spoilt(nth: usize, value: f32) -> *mut scumble_context {
    let model = Spoilt { inner: fake::model(|_| Ok(())), countdown: nth, value };
    let context = Context::with_loader(|_| Ok(Box::new(model))).unwrap();
    context.wait(None).unwrap();
    insert(context).unwrap()
}

#[test]
fn in_each_evaluation_and_in_the_picture() {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for nth in 1..=STEPS + 1 {
            let words = match nth {
                nth if nth > STEPS => "the picture has values that are not finite".to_owned(),
                nth => format!("the latents are not finite after evaluation {nth} of {STEPS}"),
            };
            // On the context's thread.
            let struck = c::generation(c::prompt(spoilt(nth, value), 0), |_| ());
            unsafe {
                ok(scumble_generation_start(struck));
                refused(scumble_generation_wait(struck, -1), Status::NotFinite, &[&words]);
                refused(scumble_generation_error(struck), Status::NotFinite, &[&words]);
            }
            no_picture(struck);

            // By hand.
            let struck = c::generation(c::prompt_by_hand(spoilt(nth, value)), |_| ());
            unsafe {
                for _ in 1..nth.min(STEPS + 1) {
                    ok(scumble_generation_step(struck, std::ptr::null_mut()));
                }
                let answer = if nth > STEPS {
                    scumble_generation_decode(struck)
                } else {
                    scumble_generation_step(struck, std::ptr::null_mut())
                };
                refused(answer, Status::NotFinite, &[&words]);
            }
            no_picture(struck);
        }
    }
    // None is spoilt that far on.
    ok(unsafe { scumble_generation_error(c::painted(spoilt(STEPS + 2, f32::NAN))) });
}

/// A preview that is not finite is left out, the log tells, and the picture is painted to its end.
#[test]
fn in_a_preview() {
    // Evaluation, preview, evaluation, preview, evaluation, picture.
    let generation = c::generation(c::prompt(spoilt(4, f32::NAN), 0), |desc| {
        (desc.preview_every, desc.preview_source) = (1, PreviewSource::Full as i32);
    });
    unsafe {
        ok(scumble_generation_start(generation));
        ok(scumble_generation_wait(generation, -1));
    }
    assert_eq!(c::progress(generation).previews, 1);
    let words = "the preview after evaluation 2 is left out: the picture has values that are not finite";
    assert!(std::iter::from_fn(log::next).any(|entry| entry.text == words));
}

#[track_caller]
fn no_picture(generation: *mut scumble_generation) {
    let mut pixels = [7; fake::SIDE * fake::SIDE * 4];
    let image = c::image(&mut pixels, 0, fake::SIDE as i32, fake::SIDE as i32);
    refused(unsafe { scumble_generation_read_image(generation, 0, &image) }, Status::NotFinite, &["not finite"]);
    assert!(pixels.iter().all(|byte| *byte == 7), "something was written");
}
