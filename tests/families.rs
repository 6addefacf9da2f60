//! Every kind of model, exported as the real tools do it, against what diffusers paints with the same
//! weights (`tests/reference/families`). Each run is also far from the runs that are wrong on purpose:
//! what is not connected cannot pass.

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use common::golden::{self, Tensors};
use common::model::ModelCopy;
use safetensors::Dtype;
use scumble::model::{Family, Features};
use scumble::{
    Context, ControlRequest, Device, Generation, Options, Places, Preview, Prompt, Request, Seamless, Source, Texts,
};
use serde::Deserialize;

/// Of max |ours − golden| / max |golden|, on the CPU. Elsewhere it may be three times that: other orders of sums.
const TOLERANCE: f32 = 1e-3;
/// How many tolerances a wrong run is away at least.
const FAR: f32 = 20.0;
/// How many times as much a GPU may be off: in its latents, and in how many of its values are more than 1 of 255 off.
const SLACK: [f32; 2] = [3.0, 4.0];

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
    #[serde(default)]
    controls: Vec<ControlCase>,
    /// What the latents are that it starts from: "noise", or those of an "image".
    latents: Option<String>,
    /// The axes along which it tiles: "x", "y", "xy".
    #[serde(default)]
    seamless: String,
    mistakes: Vec<Mistake>,
}

#[derive(Deserialize)]
struct ControlCase {
    scale: f32,
    start: f32,
    end: f32,
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
            mask_as_diffusers: true,
            keep_latents: true,
            latents: self.latents.as_ref().map(|_| Arc::new(tensors.floats(&format!("{}.given", self.name)))),
            controls: self.controls.iter().enumerate().map(|(i, control)| self.control(i, control, tensors)).collect(),
            ..Request::default()
        };
        let generation = Generation::create(&prompt, &request, &Preview::default()).unwrap();
        generation.start().unwrap();
        generation.wait(None).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        generation
    }

    fn control(&self, i: usize, control: &ControlCase, tensors: &Tensors) -> ControlRequest {
        let picture = tensors.pixels(&format!("{}.control.{i}", self.name)).unwrap();
        let ControlCase { scale, start, end } = *control;
        ControlRequest { index: i as i32, picture, scale, start, end }
    }

    fn check(&self, generation: &Generation, tensors: &Tensors, tolerance: f32) {
        let latents = generation.latents().unwrap();
        let from = |name: &str| golden::error(latents.iter(), &tensors.floats(name));
        let error = from(&format!("{}.latents", self.name));
        assert!(error < tolerance * SLACK[0].min(common::slack()), "{}: {error}", self.name);

        let ours = rgb(generation);
        let off = |name: &str| {
            let golden = tensors.bytes(name, Dtype::U8);
            assert_eq!(ours.len(), golden.len());
            let far = ours.iter().zip(golden).filter(|(a, b)| a.abs_diff(**b) > 1).count();
            far as f32 / golden.len() as f32
        };
        let wrong = off(&format!("{}.picture", self.name));
        assert!(
            wrong < 0.005 * SLACK[1].min(common::slack()),
            "{}: {wrong} of the values are more than 1 off",
            self.name
        );

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

/// Paints every case of a golden file, with the model that it names.
fn family(name: &str) {
    let cases: Vec<Case> = golden::entries(&format!("families/{name}"));
    let tensors = Tensors::open(&format!("families/{name}"));
    let mut contexts: BTreeMap<(&str, &str), (ModelCopy, Arc<Context>)> = BTreeMap::new();
    for case in &cases {
        let open = || open_seamless(&case.model, &case.seamless);
        let (_, context) = contexts.entry((&case.model, &case.seamless)).or_insert_with(open);
        case.check(&case.paint(context, &tensors), &tensors, TOLERANCE);
    }
}

/// Paints the text-to-image cases of another model with this one, which holds the same weights in
/// another form.
fn variant(model: &str, family: &str, of: &str, tolerance: f32) {
    let cases: Vec<Case> = golden::entries(&format!("families/{family}"));
    let tensors = Tensors::open(&format!("families/{family}"));
    let (_copy, context) = open(model);
    for case in cases.iter().filter(|case| case.model == of) {
        case.check(&case.paint(&context, &tensors), &tensors, tolerance);
    }
}

/// The same of the cases that tile along both axes.
fn seamless_variant(model: &str, of: &str, tolerance: f32) {
    let cases: Vec<Case> = golden::entries("families/seamless");
    let tensors = Tensors::open("families/seamless");
    let (_copy, context) = open_seamless(model, "xy");
    for case in cases.iter().filter(|case| case.model == of && case.seamless == "xy") {
        case.check(&case.paint(&context, &tensors), &tensors, tolerance);
    }
}

fn open(model: &str) -> (ModelCopy, Arc<Context>) {
    open_seamless(model, "")
}

fn open_seamless(model: &str, axes: &str) -> (ModelCopy, Arc<Context>) {
    let copy = ModelCopy::reference(model);
    let seamless = Seamless { x: axes.contains('x'), y: axes.contains('y') };
    let options = Options { device: Device { threads: 1, ..common::device() }, seamless, ..Options::default() };
    let context = Context::open(Places::at(copy.path()), options).unwrap();
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

/// From noise that the host gives, and from an image's latents.
#[test]
fn given_latents() {
    family("latents");
}

#[test]
fn clip_skip() {
    family("clip_skip");
}

#[test]
fn control_nets() {
    family("controlnet");
    variant("sd1-controlnets-merged", "controlnet", "sd1-controlnets", TOLERANCE);
}

/// Textures that tile, as diffusers paints them with torch's circular padding.
#[test]
fn seamless() {
    family("seamless");
}

/// Weights within the file and beside it, int64 and float16, ControlNets within the UNet, an encoder that draws.
#[test]
fn seamless_exporters() {
    for model in ["sd1-script", "sd1-timestep-int64", "sd1-bare"] {
        seamless_variant(model, "sd1", TOLERANCE);
    }
    for model in ["sd1-io16", "sd1-io32"] {
        seamless_variant(model, "sd1", 1e-2);
    }
}

/// What other exporters write: other names, ranks, element types and files.
#[test]
fn exporters() {
    for model in [
        "sd1-hidden",
        "sd1-script",
        "sd1-timestep-int64",
        "sd1-timestep-int64-scalar",
        "sd1-timestep-one",
        "sd1-timestep-float16",
        "sd1-ort-names",
        "sd1-attention-mask",
        "sd1-bare",
    ] {
        variant(model, "sd1", "sd1", TOLERANCE);
    }
}

/// Half precision is that far from what diffusers paints in single precision: most with Euler, which
/// begins at σ 14.6.
#[test]
fn half_precision() {
    for model in ["sd1-io16", "sd1-io32", "sd1-overflow"] {
        variant(model, "sd1", "sd1", 1e-2);
    }
}

/// The script's encoder draws by itself, with random numbers of its own. Scumble reads mean and deviation
/// from within its graph, and paints what diffusers paints.
#[test]
fn an_encoder_that_draws() {
    let cases: Vec<Case> = golden::entries("families/img2img");
    let tensors = Tensors::open("families/img2img");
    let (_copy, context) = open("sd1-script");
    for case in cases.iter().filter(|case| case.model == "sd1") {
        case.check(&case.paint(&context, &tensors), &tensors, TOLERANCE);
    }
}

/// What a model is and can do shows in its files.
#[test]
fn kinds_and_features() {
    let images = Features { images: true, ..Features::default() };
    for (model, family, features, steps) in [
        ("sd1", Family::Sd1, images, 20),
        ("sd1-script", Family::Sd1, images, 20),
        ("sd1-bare", Family::Sd1, images, 20),
        ("sd1-tiny", Family::Sd1, Features { tiny_decoder: true, ..images }, 20),
        ("sd1-hidden", Family::Sd1, Features { clip_skip: 2, ..images }, 20),
        ("sd2v", Family::Sd2, images, 20),
        ("turbo", Family::Sd2, images, 4),
        ("sdxl", Family::Sdxl, Features { clip_skip: 1, ..images }, 30),
        ("sdxl-turbo", Family::Sdxl, Features { clip_skip: 1, ..images }, 4),
        ("sdxl-lightning", Family::Sdxl, Features { clip_skip: 1, ..images }, 4),
        ("lcm", Family::Sd1, Features { embeds_guidance: true, ..images }, 4),
        ("inpaint9", Family::Sd1, Features { inpainting: true, ..images }, 20),
        ("sd1-controlnets", Family::Sd1, Features { controlnets: 2, ..images }, 20),
        ("sd1-controlnets-merged", Family::Sd1, Features { controlnets: 2, ..images }, 20),
    ] {
        let (_copy, context) = open(model);
        let info = context.loaded().unwrap().info;
        assert_eq!((info.family, info.features, info.defaults.steps), (family, features, steps), "{model}");
    }
}

/// What was distilled to few steps shows in what a model is called, and not in its scheduler.
#[test]
fn few_steps_are_told_by_names() {
    const TRAILING: &str = r#"{"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012,
        "timestep_spacing": "trailing", "prediction_type": "PREDICTION", "rescale_betas_zero_snr": ZERO}"#;
    for (name, prediction, class, steps, guidance_scale) in [
        ("models/anything", "epsilon", "EulerDiscreteScheduler", 20, 7.5),
        ("models/zero-snr", "v_prediction", "EulerDiscreteScheduler", 20, 7.5),
        ("models/zero-snr", "v_prediction", "EulerAncestralDiscreteScheduler", 20, 7.5),
        ("hyperrealism", "epsilon", "DPMSolverSinglestepScheduler", 20, 7.5),
        ("stabilityai/sd-turbo", "epsilon", "EulerDiscreteScheduler", 4, 0.0),
        ("SomethingXL_Lightning_8steps", "epsilon", "EulerDiscreteScheduler", 8, 0.0),
        ("hyper-sd15-1step", "epsilon", "TCDScheduler", 1, 1.0),
        ("anything-lcm", "epsilon", "LCMScheduler", 4, 1.0),
        ("anything", "epsilon", "DDPMScheduler", 20, 7.5),
    ] {
        let model = ModelCopy::reference("sd1");
        let zero = prediction != "epsilon";
        let file = TRAILING.replace("PREDICTION", prediction).replace("ZERO", &zero.to_string());
        model.write("scheduler/scheduler_config.json", file);
        let index = format!(r#"{{"_name_or_path": "{name}", "scheduler": ["diffusers", "{class}"]}}"#);
        model.write("model_index.json", index);
        let context = Context::open(Places::at(model.path()), Device::default()).unwrap();
        let defaults = context.wait(None).unwrap().info.defaults.clone();
        assert_eq!((defaults.steps, defaults.guidance_scale), (steps, guidance_scale), "{name}, {class}");
    }
}

/// A UNet of two levels, and one whose export tells nothing of its levels.
#[test]
fn sizes_that_the_unet_can_halve() {
    for (model, multiple) in [("sd1", 16), ("sd1-script", 8)] {
        let (_copy, context) = open(model);
        assert_eq!(context.loaded().unwrap().info.size_multiple, multiple, "{model}");
        let prompt = Prompt::create(&context, Texts::of("a fox"), false).unwrap();
        let request = Request { width: Some(72), height: Some(64), ..Request::default() };
        match Generation::create(&prompt, &request, &Preview::default()) {
            Ok(_) => assert_eq!(multiple, 8),
            Err(error) => assert_eq!(error.to_string(), "width is 72; expected a multiple of 16 from 16 to 8192"),
        }
    }
}
