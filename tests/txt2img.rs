//! Pictures of models/emblem-64 against diffusers', from the prompt to the pixels.

mod common;

use std::sync::Arc;

use common::golden::{self, Tensors};
use common::painting::{bits, context};
use safetensors::Dtype;
use scumble::{Context, Generation, Preview, Prompt, Request, Source, Texts};
use serde::Deserialize;

#[derive(Clone, Deserialize)]
struct Case {
    name: String,
    prompt: String,
    negative: String,
    seed: u64,
    steps: i32,
    guidance: f32,
    scheduler: String,
    width: i32,
    height: i32,
}

impl Case {
    /// The cases of every scheduler of which the name ends so.
    fn ending(suffix: &str) -> Vec<Case> {
        let all = golden::entries::<Case>("txt2img");
        all.into_iter().filter(|case| case.name.ends_with(suffix)).collect()
    }

    fn generation(&self, context: &Arc<Context>, by_hand: bool) -> (Arc<Prompt>, Arc<Generation>) {
        let texts = Texts { negative: Some(self.negative.clone()), ..Texts::of(&self.prompt) };
        let prompt = Prompt::create(context, texts, by_hand).unwrap();
        let request = Request {
            width: Some(self.width),
            height: Some(self.height),
            steps: Some(self.steps),
            guidance_scale: Some(self.guidance),
            seed: Some(self.seed),
            scheduler: Some(self.scheduler.clone()),
            keep_latents: true,
            keep_floats: true,
            ..Request::default()
        };
        let generation = Generation::create(&prompt, &request, &Preview::default()).unwrap();
        (prompt, generation)
    }

    fn start(&self, context: &Arc<Context>) -> Arc<Generation> {
        let (_, generation) = self.generation(context, false);
        generation.start().unwrap();
        generation
    }
}

#[test]
fn embeddings_are_those_of_transformers() {
    let context = context();
    let tensors = Tensors::open("embeddings");
    for (i, text) in golden::entries::<String>("embeddings").into_iter().enumerate() {
        let prompt = Prompt::create(&context, Texts::of(&text), false).unwrap();
        let encoded = prompt.wait(None).unwrap();
        let ours = &encoded.conditioning.positive.embeddings;
        let error = golden::error(ours.iter(), &tensors.floats(&i.to_string()));
        assert!(error <= 1e-5 * common::slack(), "{text:?}: the embeddings are off by {error}");
    }
}

#[test]
fn pictures_are_those_of_diffusers() {
    let context = context();
    let tensors = Tensors::open("txt2img");
    let mut worst = 0f32;
    // For a device that takes its time: those cases alone of which the name has this in it.
    let some = std::env::var("SCUMBLE_TEST_CASES").unwrap_or_default();
    for case in golden::entries::<Case>("txt2img").into_iter().filter(|case| case.name.contains(&some)) {
        let name = &case.name;
        let generation = case.start(&context);
        generation.wait(None).unwrap();

        let latents = generation.latents().unwrap();
        let error = golden::error(latents.iter(), &tensors.floats(&format!("{name}.latents")));
        worst = worst.max(error);
        assert!(error <= 1e-4 * common::slack(), "{name}: the latents are off by {error}");

        let picture = generation.picture(Source::Final).unwrap();
        assert_eq!((picture.width() as i32, picture.height() as i32), (case.width, case.height), "{name}");
        let golden = tensors.bytes(&format!("{name}.picture"), Dtype::U8);
        let ours = picture.rgba().chunks_exact(4).flat_map(|pixel| &pixel[..3]);
        let differences = || ours.clone().zip(golden).map(|(a, b)| a.abs_diff(*b));
        let (farthest, unequal) = (differences().max(), differences().filter(|d| *d > 0).count());
        assert!(
            farthest <= Some(1) && unequal * 200 <= golden.len(),
            "{name}: {unequal} of {} values differ, by up to {farthest:?}",
            golden.len()
        );
    }
    println!("the latents are off by {worst:.1e} at most");
}

/// `_encode`, `_step` and `_decode` on one's own thread paint what the worker paints.
#[test]
fn by_hand_gives_the_same_bits() {
    let context = context();
    for case in Case::ending("-castle-42") {
        let by_worker = bits(&case.start(&context));
        let (prompt, generation) = case.generation(&context, true);
        prompt.encode().unwrap();
        while generation.step().unwrap() > 0 {}
        generation.decode().unwrap();
        assert!(bits(&generation) == by_worker, "{}", case.name);
    }
}

/// Generations that take turns on one context do not see each other.
#[test]
fn interleaved_gives_the_same_bits() {
    let context = context();
    let cases = [Case::ending("-castle-7"), Case::ending("-wide")].concat();
    let alone: Vec<_> = cases.iter().map(|case| bits(&case.start(&context))).collect();
    let together: Vec<_> = cases.iter().map(|case| case.start(&context)).collect();
    for ((case, generation), alone) in cases.iter().zip(together).zip(alone) {
        assert!(bits(&generation) == alone, "{}", case.name);
    }
}
