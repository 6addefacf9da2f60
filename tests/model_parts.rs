//! What the parts of a model take and give is checked against each other while it is loaded: what does not go together,
//! or needs another library or device, is refused then, with a status that says who has to act.

mod common;

use std::fs;
use std::sync::Arc;

use common::golden::{self, Tensors};
use common::load::{load, refused};
use common::model::ModelCopy;
use common::onnx::{bytes, operator};
use common::stub::{self, Port, BF16, F16, F32, I64, U8};
use scumble::log;
use scumble::model::{ModelInfo, Syntax};
use scumble::Status::{self, ModelUnsupported};
use scumble::{Context, ControlRequest, Generation, Places, Preview, Prompt, Request, Source, Texts};

const IDS: Port = ("input_ids", I64, &[1, 24]);
const STATES: Port = ("last_hidden_state", F32, &[1, 24, 128]);
const SAMPLE: Port = ("sample", F32, &[0, 4, 0, 0]);
const TIMESTEP: Port = ("timestep", F32, &[]);
const TEXT: Port = ("encoder_hidden_states", F32, &[0, 0, 128]);
const NOISE: Port = ("out_sample", F32, &[0, 4, 0, 0]);
const LATENTS: Port = ("latent_sample", F32, &[0, 4, 0, 0]);
const PIXELS: Port = ("sample", F32, &[0, 3, 0, 0]);

/// A model of stubs, of which a test replaces some. It has a VAE of 8 pixels for each latent, and no encoder.
fn stubs() -> ModelCopy {
    let copy = ModelCopy::new();
    copy.write("text_encoder/model.onnx", stub::model(&[IDS], &[STATES]));
    copy.write("unet/model.onnx", stub::model(&[SAMPLE, TIMESTEP, TEXT], &[NOISE]));
    copy.write("vae_decoder/model.onnx", stub::model(&[LATENTS], &[PIXELS]));
    copy.write("vae_decoder/config.json", "{\"block_out_channels\": [1, 1, 1, 1]}");
    copy.remove("vae_encoder");
    copy
}

fn info(copy: &ModelCopy) -> Arc<ModelInfo> {
    Context::open(Places::at(copy.path()), scumble::Device::default()).unwrap().wait(None).unwrap().info
}

#[test]
fn stubs_load() {
    let info = info(&stubs());
    assert_eq!((info.width, info.height, info.fixed_width, info.vae_factor), (128, 128, None, 8));
}

/// Each names the port and what it should be.
#[test]
fn parts_that_do_not_go_together() {
    let text = |inputs: &[Port], outputs: &[Port]| ("text_encoder", stub::model(inputs, outputs));
    let unet = |sample, text, noise| ("unet", stub::model(&[sample, TIMESTEP, text], &[noise]));
    let decoder = |latents, pixels| ("vae_decoder", stub::model(&[latents], &[pixels]));
    let encoder = |pixels, latents| ("vae_encoder", stub::model(&[pixels], &[latents]));
    let cases = [
        // Element types.
        (decoder(LATENTS, ("sample", U8, &[0, 3, 0, 0])), "vae_decoder: the output sample (u8"),
        (decoder(("latent_sample", U8, &[0, 4, 0, 0]), PIXELS), "vae_decoder: the input latent_sample (u8"),
        (unet(SAMPLE, TEXT, ("out_sample", I64, &[0, 4, 0, 0])), "unet: the output out_sample (i64"),
        (text(&[IDS], &[("last_hidden_state", I64, &[1, 24, 128])]), "text_encoder: the output last_hidden_state (i64"),
        (encoder(PIXELS, ("latent_sample", U8, &[0, 4, 0, 0])), "vae_encoder: the output latent_sample (u8"),
        // Batches.
        (decoder(("latent_sample", F32, &[2, 4, 0, 0]), PIXELS), "a size of 2 in dimension 0; expected 1"),
        (decoder(LATENTS, ("sample", F32, &[4, 3, 0, 0])), "a size of 4 in dimension 0; expected 1"),
        (text(&[("input_ids", I64, &[2, 24])], &[STATES]), "a size of 2 in dimension 0; expected 1"),
        (encoder(("sample", F32, &[2, 3, 0, 0]), LATENTS), "a size of 2 in dimension 0; expected 1"),
        (
            unet(("sample", F32, &[2, 4, 0, 0]), ("encoder_hidden_states", F32, &[1, 24, 128]), NOISE),
            "has a batch of 1, but unet: sample",
        ),
        // Sizes.
        (
            unet(("sample", F32, &[0, 4, 16, 16]), TEXT, ("out_sample", F32, &[0, 4, 16, 32])),
            "a width in latents of 32",
        ),
        (
            decoder(("latent_sample", F32, &[1, 4, 16, 16]), ("sample", F32, &[1, 3, 128, 64])),
            "has a width in latents of 8, but vae_decoder: latent_sample",
        ),
        (decoder(LATENTS, ("sample", F32, &[1, 3, 100, 100])), "100 pixels along one side; expected a multiple of 8"),
        (unet(("sample", F32, &[0, 4, 1025, 8]), TEXT, NOISE), "which is 8200 pixels; expected at most 8192"),
        // Channels.
        (decoder(("latent_sample", F32, &[1, 16, 0, 0]), PIXELS), "has a number of latent channels of 16, but unet"),
        (decoder(LATENTS, ("sample", F32, &[1, 4, 0, 0])), "a size of 4 in dimension 1; expected 3"),
        (encoder(PIXELS, ("latent_sample", F32, &[1, 16, 0, 0])), "a size of 16 in dimension 1; expected 4"),
        (encoder(("sample", F32, &[1, 4, 0, 0]), LATENTS), "a size of 4 in dimension 1; expected 3"),
        // Texts.
        (
            text(&[("input_ids", I64, &[1, 77])], &[STATES]),
            "has a number of tokens of 77, but text_encoder: its tokenizer",
        ),
        (text(&[IDS], &[("last_hidden_state", F32, &[1, 20, 128])]), "has a number of tokens of 20"),
        (
            text(&[IDS], &[("last_hidden_state", F32, &[1, 24, 16])]),
            "has a width of the embeddings of 128, but text_encoder",
        ),
        (unet(SAMPLE, ("encoder_hidden_states", F32, &[0, 77, 128]), NOISE), "has a number of tokens of 77"),
        // Ranks.
        (decoder(("latent_sample", F32, &[4, 16, 16]), PIXELS), "has 3 dimensions; expected 4"),
        (unet(SAMPLE, ("encoder_hidden_states", F32, &[0, 128]), NOISE), "has 2 dimensions; expected 3"),
        (("unet", stub::model(&[SAMPLE, ("timestep", F32, &[1, 1]), TEXT], &[NOISE])), "timestep (f32 [1, 1]) has 2"),
    ];
    for ((part, file), words) in &cases {
        let copy = stubs();
        copy.write(&format!("{part}/model.onnx"), file);
        refused(copy.path(), ModelUnsupported, &[words]);
    }
}

/// An export for one size makes images of that size, whatever its configuration says, and whichever part fixes it.
#[test]
fn sizes_that_an_export_fixes() {
    let unet =
        stub::model(&[("sample", F32, &[2, 4, 24, 40]), TIMESTEP, TEXT], &[("out_sample", F32, &[2, 4, 24, 40])]);
    let decoder = stub::model(&[("latent_sample", F32, &[1, 4, 24, 40])], &[("sample", F32, &[1, 3, 192, 320])]);
    let encoder = stub::model(&[("sample", F32, &[1, 3, 192, 320])], &[("latent_sample", F32, &[1, 4, 24, 40])]);
    for (part, file) in [("unet", unet), ("vae_decoder", decoder), ("vae_encoder", encoder)] {
        let copy = stubs();
        copy.write(&format!("{part}/model.onnx"), file);
        let info = info(&copy);
        assert_eq!((info.width, info.height), (320, 192), "{part}");
        assert_eq!((info.fixed_width, info.fixed_height), (Some(320), Some(192)), "{part}");
    }
}

/// The library can read and give these: bfloat16 and float16 among the ports.
#[test]
fn element_types_that_can_be_given() {
    for kind in [F16, BF16] {
        let copy = stubs();
        let (latents, pixels) = (("latent_sample", kind, LATENTS.2), ("sample", kind, PIXELS.2));
        copy.write("vae_decoder/model.onnx", stub::model(&[latents], &[pixels]));
        let (status, text) = load(copy.path());
        assert!(status == Status::Ok, "{kind}: {status:?} ({text})");
    }
}

/// A `controlnet/` that is a UNet is left out, or takes the place of `unet/` where there are ControlNets.
#[test]
fn a_second_unet_in_the_place_of_a_controlnet() {
    let plain = ModelCopy::reference("sd1");
    let with = ModelCopy::reference("sd1-controlnet");
    plain.write("controlnet/model.onnx", fs::read(with.path().join("unet/model.onnx")).unwrap());
    let open = |places: Places| Context::open(places, scumble::Device::default()).unwrap().wait(None).unwrap().info;
    assert_eq!(open(Places::at(plain.path())).features.controlnets, 0);

    let net = with.path().join("controlnet");
    let tensors = Tensors::open("families/controlnet");
    let image = tensors.pixels(&format!("{}.control.0", first("controlnet"))).unwrap();
    let images =
        [Places::at(with.path()), Places { controlnets: vec![net], ..Places::at(plain.path()) }].map(|places| {
            let context = Context::open(places, scumble::Device { threads: 1, ..scumble::Device::default() }).unwrap();
            assert_eq!(context.wait(None).unwrap().info.features.controlnets, 1);
            let prompt = Prompt::create(&context, Texts::of("a fox"), false).unwrap();
            let control = ControlRequest { index: 0, picture: Arc::clone(&image), scale: 0.7, start: 0.0, end: 1.0 };
            let size = |side: usize| Some(i32::try_from(side).unwrap());
            let (width, height) = (size(image.width()), size(image.height()));
            let controls = vec![control];
            let request = Request { width, height, steps: Some(2), seed: Some(35), controls, ..Request::default() };
            let generation = Generation::create(&prompt, &request, &Preview::default()).unwrap();
            generation.start().unwrap();
            generation.wait(None).unwrap();
            generation.picture(Source::Final).unwrap().rgba().to_vec()
        });
    assert_eq!(images[0], images[1]);
}

/// The name of the first case of a family.
fn first(family: &str) -> String {
    let cases: Vec<serde_json::Value> = golden::entries(&format!("families/{family}"));
    cases[0]["name"].as_str().unwrap().to_owned()
}

/// A text that fills several chunks is refused where the UNet takes one, and not after loading.
#[test]
fn texts_of_one_chunk() {
    let copy = stubs();
    let unet = stub::model(&[SAMPLE, TIMESTEP, ("encoder_hidden_states", F32, &[0, 24, 128])], &[NOISE]);
    copy.write("unet/model.onnx", unet);
    let context = Context::open(Places::at(copy.path()), scumble::Device::default()).unwrap();
    context.wait(None).unwrap();
    let encode = |text: &str| {
        let texts = Texts { syntax: Syntax::Weighted, ..Texts::of(text) };
        Prompt::create(&context, texts, false).unwrap().wait(None).map(drop)
    };
    encode("a red apple").unwrap();
    let error = encode(&"apple ".repeat(30)).unwrap_err();
    assert_eq!(error.status(), Status::LimitExceeded);
    assert!(error.to_string().contains("2 chunks of 22 tokens, but unet: encoder_hidden_states"), "{error}");
}

/// Where a graph computes with whole timesteps, the log names model, scheduler and timestep.
#[test]
fn timesteps_that_are_cut_are_told() {
    let copy = stubs();
    let whole = ("timestep", I64, &[][..]);
    let used = operator("Add", &["timestep", "timestep"], "twice", &[]);
    let unet = |nodes: &[Vec<u8>]| stub::with_opset(17, &[SAMPLE, whole, TEXT], &[NOISE], nodes);
    for (file, cut) in [(unet(&[]), false), (unet(&[used]), true)] {
        copy.write("unet/model.onnx", file);
        let context = Context::open(Places::at(copy.path()), scumble::Device::default()).unwrap();
        assert_eq!(context.wait(None).unwrap().info.cuts_timesteps, cut);
        let prompt = Prompt::create(&context, Texts::of("a fox"), false).unwrap();
        for (scheduler, fractional) in [("euler", true), ("ddim", false)] {
            while log::next().is_some() {}
            let request = Request { scheduler: Some(scheduler.into()), steps: Some(7), ..Request::default() };
            Generation::create(&prompt, &request, &Preview::default()).unwrap();
            let told = std::iter::from_fn(log::next).any(|entry| {
                entry.text.contains(&format!("scheduler {scheduler}, timestep")) && entry.text.contains("cut off")
            });
            assert_eq!(told, cut && fractional, "{scheduler}");
        }
    }
}

/// A model that is sound, but not for this library or device, is not called damaged.
#[test]
fn models_for_another_library_or_device() {
    let node = |domain: &str, kind: &str, inputs: &[&str], output: &str| {
        let inputs: Vec<u8> = inputs.iter().flat_map(|input| bytes(1, input)).collect();
        bytes(1, [inputs, bytes(2, output), bytes(4, kind), bytes(7, domain)].concat())
    };
    let decoder =
        |opset, nodes: &[Vec<u8>]| stub::with_opset(opset, &[LATENTS], &[PIXELS, ("more", F32, &[0, 4, 0, 0])], nodes);
    let with = |domain, kind, inputs: &[&str]| decoder(17, &[node(domain, kind, inputs, "unused")]);
    for (file, words) in [
        (decoder(99, &[]), ["newer ONNX Runtime", "99"]),
        (with("com.microsoft", "NhwcConv", &["latent_sample", "latent_sample"]), ["optimised for CUDA", "NhwcConv"]),
        (with("com.microsoft", "Unheard", &["latent_sample"]), ["newer ONNX Runtime", "Unheard"]),
        (with("", "Unheard", &["latent_sample"]), ["newer ONNX Runtime", "Unheard"]),
        (with("com.microsoft.dml", "DmlFusedConv", &["latent_sample"]), ["optimised for DirectML", "DmlFusedConv"]),
        (with("com.microsoft", "DmlFusedConv", &["latent_sample"]), ["optimised for DirectML", "DmlFusedConv"]),
    ] {
        let copy = stubs();
        copy.write("vae_decoder/model.onnx", file);
        let (status, text) = load(copy.path());
        println!("{status:?} {text}");
        refused(copy.path(), ModelUnsupported, &words);
    }
}
