//! Autoencoders that overflow in float16: what they give is computed again in float32, once, and is what diffusers
//! gives in float32.

mod common;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use common::golden::{self, Tensors};
use common::model::ModelCopy;
use common::onnx::{bytes, number, operator, port, tensor, typed_tensor};
use half::f16;
use ndarray::{s, Array3, Array4, ArrayView4, Axis};

use ort::session::Session;
use ort::value::{TensorElementType, TensorRef};
use parking_lot::{Mutex, MutexGuard};
use scumble::cancel::Cancel;
use scumble::model::{Model, StableDiffusion};
use scumble::random::Random;
use scumble::runtime::Place;
use scumble::{
    log, runtime, Context, Device, Generation, Options, Places, Preview, PreviewSource, Prompt, Request, Seamless,
    Source, Status, Texts,
};

/// Of max |ours − golden| / max |golden|, on the CPU.
const TOLERANCE: f32 = 1e-5;
const DECODER: &str = "vae_decoder/model.onnx";
const ENCODER: &str = "vae_encoder/model.onnx";

/// One test at a time, with an empty log.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    let guard = ALONE.lock();
    while log::next().is_some() {}
    guard
}

/// How often the log said since the last time that this part is computed again.
fn told(part: &str) -> usize {
    let start = format!("{part}: overflowed in float16");
    std::iter::from_fn(log::next).filter(|entry| entry.text.starts_with(&start)).count()
}

fn options() -> Options {
    Device { threads: 1, ..common::device() }.into()
}

fn open(copy: &ModelCopy, options: &Options) -> StableDiffusion {
    StableDiffusion::open(&Places::at(copy.path()), options, &Cancel::default()).unwrap()
}

fn decode(model: &mut StableDiffusion, latents: ArrayView4<f32>) -> Array3<f32> {
    model.decode(latents, &Cancel::default()).unwrap()
}

/// What ONNX Runtime makes of a file by itself, on the CPU.
fn by_onnx_runtime(file: &Path, input: &str, values: ArrayView4<f32>) -> Vec<f32> {
    runtime::load(None).unwrap();
    let environment = runtime::environment().unwrap();
    let mut session = Session::builder(environment)
        .and_then(|builder| Place::cpu().attach(environment, builder, &Vec::new(), None, 1))
        .and_then(|mut builder| builder.commit_from_file(file))
        .unwrap();
    if session.inputs()[0].dtype().tensor_type() == Some(TensorElementType::Float32) {
        let outputs = session.run(ort::inputs![input => TensorRef::from_array_view(values).unwrap()]).unwrap();
        return outputs[0].try_extract_array::<f32>().unwrap().iter().copied().collect();
    }
    let values = values.mapv(f16::from_f32);
    let outputs = session.run(ort::inputs![input => TensorRef::from_array_view(&values).unwrap()]).unwrap();
    outputs[0].try_extract_array::<f16>().unwrap().iter().map(|value| value.to_f32()).collect()
}

fn latents(tensors: &Tensors) -> Array4<f32> {
    Array4::from_shape_vec((1, 4, 5, 7), tensors.floats("latents")).unwrap()
}

#[test]
fn a_picture_is_that_of_float32() {
    let _alone = alone();
    let copy = ModelCopy::reference("sd1-overflow");
    let tensors = Tensors::open("overflow");
    let (latents, picture) = (latents(&tensors), tensors.floats("picture"));

    let alone = by_onnx_runtime(&copy.path().join(DECODER), "latent_sample", (&latents / 0.18215).view());
    assert!(alone.len() == picture.len() && alone.iter().all(|value| value.is_nan()), "float16 is enough for it");

    let mut model = open(&copy, &options());
    let first = decode(&mut model, latents.view());
    let error = golden::error(first.iter(), &picture);
    println!("{error}");
    assert!(error < TOLERANCE * common::slack(), "{error}");
    assert_eq!(told("vae_decoder"), 1);

    // From then on it is loaded so: without its file there is no other.
    fs::rename(copy.path().join(DECODER), copy.path().join("moved")).unwrap();
    assert_eq!(decode(&mut model, latents.view()), first);
    fs::rename(copy.path().join("moved"), copy.path().join(DECODER)).unwrap();
    model.trim();
    assert_eq!(decode(&mut model, latents.view()), first);
    assert_eq!(told("vae_decoder"), 0);
}

/// The convolutions that are wrapped around are those of the widened graph.
#[test]
fn textures_that_tile() {
    let _alone = alone();
    let copy = ModelCopy::reference("sd1-overflow");
    let tensors = Tensors::open("overflow");
    let mut model = open(&copy, &Options { seamless: Seamless { x: true, y: true }, ..options() });
    let picture = decode(&mut model, latents(&tensors).view());
    let error = golden::error(picture.iter(), &tensors.floats("picture.seamless"));
    assert!(error < TOLERANCE * common::slack(), "{error}");
    assert!(golden::error(picture.iter(), &tensors.floats("picture")) > 100.0 * TOLERANCE);
    assert_eq!(told("vae_decoder"), 1);
}

/// Nobody else decodes in tiles as Scumble does: they are compared with those of the same decoder in float32, whose
/// weights were not rounded to float16.
#[test]
fn in_tiles() {
    let _alone = alone();
    let latents = Array4::from_shape_vec((1, 4, 24, 40), Random::new(3).normal(4 * 24 * 40)).unwrap();
    for seamless in [Seamless::default(), Seamless { x: true, y: false }] {
        let paint = |name: &str, memory_budget: Option<u64>| {
            let copy = ModelCopy::reference(name);
            let mut model = open(&copy, &Options { memory_budget, seamless, ..options() });
            let first = decode(&mut model, latents.view());
            assert_eq!(decode(&mut model, latents.view()), first);
            first
        };
        let budget = Some(120 << 20);
        let (tiles, float32) = (paint("sd1-overflow", budget), paint("sd1-script", budget));
        assert_eq!(told("vae_decoder"), 1);
        let whole = paint("sd1-overflow", None);
        assert_eq!(told("vae_decoder"), 1);
        let [error, whole] = [&float32, &whole].map(|other| golden::error(tiles.iter(), other.as_slice().unwrap()));
        println!("{seamless:?}: {error} from the tiles in float32, {whole} from the whole");
        assert!(error < 1e-2 && whole > 2.0 * error, "{error} {whole}");
    }
}

#[test]
fn a_picture_to_start_from() {
    let _alone = alone();
    let copy = ModelCopy::reference("sd1-overflow");
    let tensors = Tensors::open("overflow");
    let image = Array4::from_shape_vec((1, 3, 40, 56), tensors.floats("image")).unwrap();
    let alone = by_onnx_runtime(&copy.path().join(ENCODER), "sample", image.view());
    assert!(alone.iter().all(|value| value.is_nan()), "float16 is enough for it");

    let mut model = open(&copy, &options());
    let image = image.index_axis_move(Axis(0), 0);
    let mut encode = || model.encode_picture(image.view(), &mut Random::new(5), &Cancel::default()).unwrap();
    let drawn = encode();
    let noise = Random::new(5).normal(drawn.len());
    let (mean, deviation) = (tensors.floats("mean"), tensors.floats("deviation"));
    let expected: Vec<f32> = (0..drawn.len()).map(|i| 0.18215 * (mean[i] + deviation[i] * noise[i])).collect();
    let error = golden::error(drawn.iter(), &expected);
    println!("{error}");
    assert!(error < TOLERANCE * common::slack(), "{error}");
    assert_eq!(encode(), drawn);
    assert_eq!(told("vae_encoder"), 1);
}

fn paint(copy: &ModelCopy, side: usize, preview: PreviewSource) -> Arc<Generation> {
    let context = Context::open(Places::at(copy.path()), options()).unwrap();
    context.wait(None).unwrap();
    let prompt = Prompt::create(&context, Texts::of("a red apple"), false).unwrap();
    let preview = Preview { every: 1, source: preview, ..Preview::default() };
    let (steps, seed, side) = (Some(4), Some(1), Some(side as i32));
    let scheduler = Some("ddim".to_owned());
    let request = Request { steps, seed, scheduler, width: side, height: side, ..Request::default() };
    let generation = Generation::create(&prompt, &request, &preview).unwrap();
    generation.start().unwrap();
    let _ = generation.wait(None);
    generation
}

/// None is left out, and one overflow is told, whether the picture comes first or a preview.
#[test]
fn previews() {
    let _alone = alone();
    let copy = ModelCopy::reference("sd1-overflow");
    // Colours alone are fitted to what the decoder makes.
    let [full, linear] = [(PreviewSource::Full, 3), (PreviewSource::Linear, 4)].map(|(source, previews)| {
        let generation = paint(&copy, 64, source);
        assert_eq!(generation.poll().previews, previews);
        assert_eq!(told("vae_decoder"), 1);
        generation
    });
    let pixels = |generation: &Generation| generation.picture(Source::Final).unwrap().rgba().to_vec();
    assert!(pixels(&full) == pixels(&linear));
    let float32 = paint(&ModelCopy::reference("sd1-io16"), 64, PreviewSource::Full);
    let off = pixels(&full).iter().zip(pixels(&float32)).map(|(a, b)| a.abs_diff(b)).max().unwrap();
    assert!(off <= 2, "{off}");
}

/// Latents that are not finite say nothing about the decoder.
#[test]
fn latents_that_are_not_finite() {
    let _alone = alone();
    let copy = ModelCopy::reference("sd1-overflow");
    let mut model = open(&copy, &options());
    let picture = decode(&mut model, Array4::from_elem((1, 4, 8, 8), f32::NAN).view());
    assert!(picture.iter().all(|value| value.is_nan()));
    assert_eq!(told("vae_decoder"), 0);
}

const SIDE: usize = 16;
const FLOAT: u64 = 1;
const FLOAT16: u64 = 10;

fn halves(values: impl IntoIterator<Item = f32>) -> Vec<u8> {
    bytes(9, values.into_iter().flat_map(|value| f16::from_f32(value).to_le_bytes()).collect::<Vec<_>>())
}

/// A tensor of float16 with four channels of 1024.
fn large(name: &str) -> Vec<u8> {
    typed_tensor(name, FLOAT16, &[1, 4, SIDE as i64, SIDE as i64], &[halves(vec![1024.0; 4 * SIDE * SIDE])])
}

fn one(name: &str, value: f32) -> Vec<u8> {
    typed_tensor(name, FLOAT16, &[1], &[halves([value])])
}

fn whole_numbers(name: &str, values: &[i64]) -> Vec<u8> {
    let data = values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>();
    typed_tensor(name, 7, &[values.len() as i64], &[bytes(9, data)])
}

fn number_of(name: &str, value: u64) -> Vec<u8> {
    bytes(5, [bytes(1, name), number(3, value), number(20, 2)].concat())
}

fn cast(from: &str, to: &str, element: u64) -> Vec<u8> {
    operator("Cast", &[from], to, &[number_of("to", element)])
}

fn tensor_of(name: &str, tensor: Vec<u8>) -> Vec<u8> {
    bytes(5, [bytes(1, name), bytes(5, tensor), number(20, 4)].concat())
}

fn graph_of(name: &str, graph: Vec<u8>) -> Vec<u8> {
    bytes(5, [bytes(1, name), bytes(6, graph), number(20, 5)].concat())
}

/// A decoder that gives three of the four channels of its latents, after they were 2^20 times as large. Its ports
/// have this element type; `fields` of its graph make `latents`, `large` and `small`.
fn decoder(element: u64, fields: &[Vec<u8>], model: &[Vec<u8>]) -> Vec<u8> {
    let sides = |channels: u64| [1, channels, SIDE as u64, SIDE as u64];
    let [starts, ends, axes] =
        [("starts", 0), ("ends", 3), ("axes", 1)].map(|(name, n)| weight(whole_numbers(name, &[n])));
    let graph = [
        fields.concat(),
        operator("Mul", &["latents", "large"], "once", &[]),
        operator("Mul", &["once", "large"], "twice", &[]),
        // ONNX Runtime's CPU provider multiplies in float32, whatever the type. It moves values in their own, unless
        // it is once between multiplications.
        operator("Slice", &["twice", "starts", "ends", "axes"], "some", &[]),
        operator("Reshape", &["some", "sides"], "three", &[]),
        operator("Mul", &["three", "small"], "less", &[]),
        operator("Mul", &["less", "small"], "picture", &[]),
        cast("picture", "sample", element),
        bytes(2, "graph"),
        [starts, ends, axes].concat(),
        weight(whole_numbers("sides", &[1, 3, SIDE as i64, SIDE as i64])),
        bytes(11, port("latent_sample", element, &sides(4))),
        bytes(12, port("sample", element, &sides(3))),
    ];
    [number(1, 8), bytes(7, graph.concat()), bytes(8, number(2, 17)), model.concat()].concat()
}

/// A model with this decoder, one pixel a latent.
fn with_decoder(decoder: &[u8]) -> ModelCopy {
    let copy = ModelCopy::reference("sd1-overflow");
    copy.write(DECODER, decoder).write("vae_decoder/config.json", r#"{"block_out_channels": [4]}"#);
    copy
}

fn weight(tensor: Vec<u8>) -> Vec<u8> {
    bytes(5, tensor)
}

fn identity() -> Vec<u8> {
    operator("Identity", &["latent_sample"], "latents", &[])
}

fn small() -> Vec<u8> {
    weight(one("small", 1.0 / 1024.0))
}

/// All that may be float16 in a graph.
#[test]
fn kinds_of_float16() {
    let _alone = alone();
    let branch = |name: &str, fields: Vec<u8>| [fields, bytes(2, name), bytes(12, port(name, FLOAT16, &[1]))].concat();
    let then = [weight(one("within", 1024.0)), operator("Identity", &["within"], "then", &[])].concat();
    let otherwise = operator("Constant", &[], "else", &[tensor_of("value", one("", 0.0))]);
    let branches = [graph_of("then_branch", branch("then", then)), graph_of("else_branch", branch("else", otherwise))];
    let sequence = bytes(4, bytes(1, bytes(1, number(1, FLOAT16))));
    let latents = Array4::from_shape_vec((1, 4, SIDE, SIDE), Random::new(1).normal(4 * SIDE * SIDE)).unwrap();
    let unscaled = &latents / 0.18215;
    for (what, element, fields) in [
        ("weights", FLOAT16, vec![identity(), weight(large("large"))]),
        ("ports of float32", FLOAT, vec![cast("latent_sample", "latents", FLOAT16), weight(large("large"))]),
        ("Constant", FLOAT16, vec![identity(), operator("Constant", &[], "large", &[tensor_of("value", large(""))])]),
        (
            "ConstantOfShape",
            FLOAT16,
            vec![
                identity(),
                weight(whole_numbers("shape", &[1])),
                operator("ConstantOfShape", &["shape"], "large", &[tensor_of("value", one("", 1024.0))]),
            ],
        ),
        (
            "Cast",
            FLOAT16,
            vec![identity(), weight(whole_numbers("integer", &[1024])), cast("integer", "large", FLOAT16)],
        ),
        (
            "If",
            FLOAT16,
            vec![
                identity(),
                weight(typed_tensor("condition", 9, &[], &[bytes(9, [1])])),
                operator("If", &["condition"], "large", &branches),
            ],
        ),
        (
            "a sequence",
            FLOAT16,
            vec![
                identity(),
                weight(large("all")),
                weight(typed_tensor("first", 7, &[], &[bytes(9, 0i64.to_le_bytes())])),
                operator("SequenceEmpty", &[], "empty", &[number_of("dtype", FLOAT16)]),
                operator("SequenceInsert", &["empty", "all"], "sequence", &[]),
                operator("SequenceAt", &["sequence", "first"], "large", &[]),
                bytes(13, [bytes(1, "sequence"), bytes(2, sequence)].concat()),
            ],
        ),
    ] {
        let copy = with_decoder(&decoder(element, &[fields, vec![small()]].concat(), &[]));
        let alone = by_onnx_runtime(&copy.path().join(DECODER), "latent_sample", unscaled.view());
        assert!(alone.iter().any(|value| !value.is_finite()), "{what}: float16 is enough for it");
        let picture = decode(&mut open(&copy, &options()), latents.view());
        assert_eq!(picture, unscaled.slice(s![0, ..3, .., ..]), "{what}");
        assert_eq!(told("vae_decoder"), 1, "{what}");
    }
}

/// What a picture with this decoder fails with, and how often the log said that it is decoded again.
fn failure(decoder: &[u8]) -> (String, usize) {
    let error = paint(&with_decoder(decoder), SIDE, PreviewSource::Full).wait(None).unwrap_err();
    assert_eq!(error.status(), Status::NotFinite, "{error}");
    (error.to_string(), told("vae_decoder"))
}

#[test]
fn what_float32_does_not_help() {
    let _alone = alone();
    let infinite = decoder(FLOAT16, &[identity(), small(), weight(one("large", f32::INFINITY))], &[]);
    assert_eq!(failure(&infinite), ("the picture has values that are not finite".into(), 1));
    let single = |name: &str, value: f32| weight(tensor(name, &[1], &[bytes(9, value.to_le_bytes())]));
    let float32 = decoder(FLOAT, &[identity(), single("small", 1.0), single("large", f32::NAN)], &[]);
    assert_eq!(failure(&float32), ("the picture has values that are not finite".into(), 0));
}

#[test]
fn what_cannot_be_widened() {
    let _alone = alone();
    let body = [bytes(1, "x"), bytes(2, "y"), bytes(4, "Cast"), number_of("to", FLOAT16)].concat();
    let version = |domain: &str| [bytes(1, domain), number(2, 17)].concat();
    let function =
        [bytes(1, "narrow"), bytes(4, "x"), bytes(5, "y"), bytes(7, body), bytes(9, version("")), bytes(10, "own")];
    let call = [bytes(1, "latent_sample"), bytes(2, "latents"), bytes(4, "narrow"), bytes(7, "own")].concat();
    let fields = [bytes(1, call), small(), weight(one("large", 1024.0))];
    let in_function = decoder(FLOAT16, &fields, &[bytes(8, version("own")), bytes(25, function.concat())]);
    let sparse = [bytes(1, one("large", 1024.0)), bytes(2, whole_numbers("", &[0])), number(3, 1)].concat();
    let sparse = decoder(FLOAT16, &[identity(), small(), bytes(15, sparse)], &[]);
    for (decoder, words) in [(in_function, "float16 is in a function"), (sparse, "tensor(float16)")] {
        let (text, told) = failure(&decoder);
        let start = "vae_decoder: its values are not finite in float16, and it cannot be widened to float32: ";
        assert!(text.starts_with(start) && text.contains("model.onnx") && text.contains(words), "{text}");
        assert_eq!(told, 0);
    }
}
