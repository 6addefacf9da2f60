//! Every kind of model, exported as the real tools do it, against what diffusers paints with the same
//! weights (`tests/reference/families`). Each run is also far from the runs that are wrong on purpose:
//! what is not connected cannot pass.

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use common::golden::{self, Tensors};
use common::model::ModelCopy;
use safetensors::Dtype;
use scumble::{Context, Device, Generation, Places, Preview, Prompt, Request, Source, Texts};
use serde::Deserialize;

/// Of max |ours − golden| / max |golden|.
const TOLERANCE: f32 = 1e-3;
/// How many tolerances a wrong run is away at least.
const FAR: f32 = 20.0;

#[derive(Deserialize)]
struct Case {
    name: String,
    model: String,
    prompt: String,
    negative: Option<String>,
    seed: u64,
    steps: i32,
    guidance: f32,
    width: i32,
    height: i32,
    scheduler: Option<String>,
    strength: Option<f32>,
    guidance_rescale: Option<f32>,
    #[serde(default)]
    clip_skip: usize,
    mistakes: Vec<Mistake>,
}

#[derive(Deserialize)]
struct Mistake {
    name: String,
    of: String,
}

impl Case {
    fn paint(&self, context: &Arc<Context>, tensors: &Tensors) -> Arc<Generation> {
        let clip_skip = self.clip_skip;
        let texts = Texts { negative: self.negative.clone(), clip_skip, ..Texts::of(&self.prompt) };
        let prompt = Prompt::create(context, texts, false).unwrap();
        let request = Request {
            width: Some(self.width),
            height: Some(self.height),
            steps: Some(self.steps),
            guidance_scale: Some(self.guidance),
            seed: Some(self.seed),
            scheduler: self.scheduler.clone(),
            strength: self.strength,
            guidance_rescale: self.guidance_rescale,
            picture: tensors.pixels(&format!("{}.image", self.name)),
            mask: tensors.pixels(&format!("{}.mask", self.name)),
            ..Request::default()
        };
        let generation = Generation::create(&prompt, &request, &Preview::default()).unwrap();
        generation.start().unwrap();
        generation.wait(None).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        generation
    }

    fn check(&self, generation: &Generation, tensors: &Tensors) {
        let latents = generation.latents().unwrap();
        let from = |name: &str| golden::error(latents.iter(), &tensors.floats(name));
        let error = from(&format!("{}.latents", self.name));
        println!("{}: {error:.1e}", self.name);
        assert!(error < TOLERANCE, "{}: {error}", self.name);

        let ours = rgb(generation);
        let off = |name: &str| {
            let golden = tensors.bytes(name, Dtype::U8);
            assert_eq!(ours.len(), golden.len());
            let far = ours.iter().zip(golden).filter(|(a, b)| a.abs_diff(**b) > 1).count();
            far as f32 / golden.len() as f32
        };
        let wrong = off(&format!("{}.picture", self.name));
        assert!(wrong < 0.005, "{}: {wrong} of the values are more than 1 off", self.name);

        for mistake in &self.mistakes {
            let name = format!("{}.{}.{}", self.name, mistake.name, mistake.of);
            match mistake.of.as_str() {
                "latents" => assert!(from(&name) > (FAR - 1.0) * TOLERANCE, "{name}: {}", from(&name)),
                _ => assert!(off(&name) > 0.1, "{name}: {}", off(&name)),
            }
        }
    }
}

fn rgb(generation: &Generation) -> Vec<u8> {
    let picture = generation.picture(Source::Final).unwrap();
    picture.rgba().chunks_exact(4).flat_map(|pixel| pixel[..3].to_vec()).collect()
}

/// Paints every case of a golden file.
fn family(name: &str) {
    let cases: Vec<Case> = golden::entries(&format!("families/{name}"));
    let tensors = Tensors::open(&format!("families/{name}"));
    let mut contexts: BTreeMap<&str, (ModelCopy, Arc<Context>)> = BTreeMap::new();
    for case in &cases {
        let (_, context) = contexts.entry(&case.model).or_insert_with(|| open(&case.model));
        case.check(&case.paint(context, &tensors), &tensors);
    }
}

fn open(model: &str) -> (ModelCopy, Arc<Context>) {
    let copy = ModelCopy::reference(model);
    let context = Context::open(Places::at(copy.path()), Device { threads: 1 }).unwrap();
    context.wait(None).unwrap_or_else(|error| panic!("{model}: {error}"));
    (copy, context)
}

#[test]
fn stable_diffusion_1() {
    family("sd1");
}

#[test]
fn stable_diffusion_xl() {
    family("sdxl");
}

#[test]
fn stable_diffusion_2() {
    family("sd2v");
}

#[test]
fn turbo() {
    family("turbo");
}

#[test]
fn latent_consistency() {
    family("lcm");
}

#[test]
fn image_to_image() {
    family("img2img");
}

#[test]
fn inpainting() {
    family("inpaint");
}
