//! Textures that tile: rolling what goes in rolls what comes out, and the seam is no sharper than what is
//! beside it. That the pictures are those of diffusers is in `families.rs`.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod common;

use std::ffi::CString;
use std::fs;
use std::io::Cursor;
use std::ptr;

use common::c::{self, ok};
use common::model::ModelCopy;
use common::onnx::{attribute, bytes, function, integers, node, number, operator, tensor, text};
use ndarray::{s, Array, Array3, Array4, ArrayView, ArrayView4, Axis, Dimension, RemoveAxis, Slice};
use scumble::cancel::Cancel;
use scumble::ffi::*;
use scumble::model::seamless::rewrite;
use scumble::model::{scan, Denoise, Model, Roots, StableDiffusion};
use scumble::random::Random;
use scumble::{
    Context, Device, Generation, Options, Places, Preview, Prompt, Request, Result, Seamless, Source, Status, Texts,
};

const NONE: Seamless = Seamless { x: false, y: false };
const X: Seamless = Seamless { x: true, y: false };
const Y: Seamless = Seamless { x: false, y: true };
const BOTH: Seamless = Seamless { x: true, y: true };

fn options(seamless: Seamless) -> Options {
    Options { seamless, ..Options::from(Device { threads: 1, ..Device::default() }) }
}

fn open(copy: &ModelCopy, seamless: Seamless) -> StableDiffusion {
    StableDiffusion::open(&Places::at(copy.path()), &options(seamless), &Cancel::default()).unwrap()
}

/// Latents as noise is, `[1, 4, height, width]`.
fn noise(height: usize, width: usize) -> Array4<f32> {
    Array4::from_shape_vec((1, 4, height, width), Random::new(3).normal(4 * height * width)).unwrap()
}

/// Moved along an axis; what leaves at one edge comes in at the other.
fn rolled<D: Dimension + RemoveAxis>(values: ArrayView<f32, D>, axis: usize, by: usize) -> Array<f32, D> {
    let part = |range: Slice| values.slice_axis(Axis(axis), range);
    ndarray::concatenate![Axis(axis), part(Slice::from(-(by as isize)..)), part(Slice::from(..-(by as isize)))]
}

/// Of the largest value, how far these are apart.
fn distance<D: Dimension>(a: &Array<f32, D>, b: &Array<f32, D>) -> f32 {
    let largest = |values: &Array<f32, D>| values.iter().fold(0.0, |a: f32, b| a.max(b.abs()));
    largest(&(a - b)) / largest(b)
}

/// How far decoding rolled latents is from rolling the picture: along y, along x.
fn decoding(model: &mut StableDiffusion, latents: ArrayView4<f32>, by: usize) -> [f32; 2] {
    let factor = model.info().vae_factor;
    let mut decode = |latents: ArrayView4<f32>| model.decode(latents, &Cancel::default()).unwrap();
    let picture = decode(latents);
    [1, 2]
        .map(|axis| distance(&decode(rolled(latents, axis + 1, by).view()), &rolled(picture.view(), axis, by * factor)))
}

/// Likewise for the UNet.
fn denoising(model: &mut StableDiffusion, latents: ArrayView4<f32>, by: usize) -> [f32; 2] {
    let texts = model.encode(&Texts::of("a brick wall"), &Cancel::default()).unwrap();
    let mut denoise = |latents: ArrayView4<f32>| {
        let input = Denoise {
            latents,
            masked: None,
            timestep: 500.0,
            embeddings: texts.positive.embeddings.view(),
            pooled: None,
            guidance_scale: 1.0,
            controls: &[],
            conditions: 0,
        };
        model.denoise(&input, &Cancel::default()).unwrap()
    };
    let predicted = denoise(latents);
    [2, 3].map(|axis| distance(&denoise(rolled(latents, axis, by).view()), &rolled(predicted.view(), axis, by)))
}

/// A model without edges does not know where a picture begins.
#[test]
fn nothing_is_at_the_edge() {
    let copy = ModelCopy::new();
    let latents = noise(12, 16);
    for (seamless, tiles) in [(NONE, [false, false]), (Y, [true, false]), (X, [false, true]), (BOTH, [true, true])] {
        let mut model = open(&copy, seamless);
        assert_eq!(model.info().seamless, seamless);
        // The UNet halves its latents twice.
        let parts = [decoding(&mut model, latents.view(), 3), denoising(&mut model, latents.view(), 4)];
        for (part, distances) in ["decoder", "unet"].iter().zip(parts) {
            for (distance, tiles) in distances.into_iter().zip(tiles) {
                assert!(
                    if tiles { distance < 1e-4 } else { distance > 0.02 },
                    "{part} with {seamless:?}: {distances:?}"
                );
            }
        }
    }
}

/// The encoder draws from a distribution, so two pictures are compared with the same draw: the difference of what
/// is drawn is that of the means.
#[test]
fn pictures_to_start_from_have_no_edge() {
    let copy = ModelCopy::new();
    for (seamless, tiles) in [(NONE, false), (X, true)] {
        let mut model = open(&copy, seamless);
        let side = 16 * model.info().vae_factor;
        let picture =
            Array3::from_shape_fn((3, side, side), |(c, y, x)| ((7 * c + x * x + 3 * y) % 23) as f32 / 12.0 - 1.0);
        let mut encode = |picture: &Array3<f32>| {
            let drawn = model.encode_picture(picture.view(), &mut Random::new(1), &Cancel::default()).unwrap();
            let again = model.encode_picture(picture.view(), &mut Random::new(1), &Cancel::default()).unwrap();
            assert_eq!(drawn, again);
            drawn
        };
        let by = 4 * (side / 16);
        let (plain, moved) = (encode(&picture), encode(&rolled(picture.view(), 2, by)));
        // Means differ by more than the narrow distribution of a trained encoder.
        let apart = distance(&moved, &rolled(plain.view(), 3, 4));
        assert!(if tiles { apart < 0.1 } else { apart > 0.2 }, "{seamless:?}: {apart}");
    }
}

fn paint(context: &std::sync::Arc<Context>, text: &str, seed: u64) -> Array3<f32> {
    let prompt = Prompt::create(context, Texts::of(text), false).unwrap();
    let request = Request { steps: Some(10), seed: Some(seed), ..Request::default() };
    let generation = Generation::create(&prompt, &request, &Preview::default()).unwrap();
    generation.start().unwrap();
    generation.wait(None).unwrap();
    let picture = generation.picture(Source::Final).unwrap();
    let values = picture.rgba().iter().map(|value| f32::from(*value)).collect();
    Array3::from_shape_vec((picture.height(), picture.width(), 4), values).unwrap()
}

/// Mean steps of a picture along an axis: across the seam, within three pixels of it, and over all the rest.
fn steps(picture: &Array3<f32>, axis: usize) -> [f32; 3] {
    let step = (picture - &rolled(picture.view(), axis, 1)).mapv(f32::abs);
    let mean = |range: Slice| step.slice_axis(Axis(axis), range).mean().unwrap();
    [mean(Slice::from(..1)), (mean(Slice::from(1..4)) + mean(Slice::from(-3..))) / 2.0, mean(Slice::from(1..))]
}

#[test]
fn the_seam_does_not_show() {
    let ratios = |seamless| {
        let context = Context::open(Places::at(common::model()), options(seamless)).unwrap();
        context.wait(None).unwrap();
        let mut sums = [0.0; 3];
        for (text, seed) in [
            ("many small leaves, 3d style, on a green background", 3),
            ("a brick wall", 3),
            ("a pattern of flowers, flat style, on a yellow background", 3),
            ("stars, flat style, on a black background", 3),
            ("water waves", 3),
            ("a red apple, 3d style, on a blue background", 14),
        ] {
            let picture = paint(&context, text, seed);
            for axis in [0, 1] {
                sums.iter_mut().zip(steps(&picture, axis)).for_each(|(sum, step)| *sum += step);
            }
        }
        let [seam, beside, inside] = sums;
        println!("{seamless:?}: the seam is {:.2} of the steps beside it, {:.2} of all", seam / beside, seam / inside);
        [seam / beside, seam / inside]
    };
    let [beside, inside] = ratios(BOTH);
    assert!(beside < 1.25 && inside < 1.1, "{beside} {inside}");
    let [beside, _] = ratios(NONE);
    assert!(beside > 1.4, "{beside}");
}

#[test]
fn hosts_are_told() {
    let path = CString::new(common::model().to_str().unwrap()).unwrap();
    for flags in [0, SCUMBLE_SEAMLESS_X, SCUMBLE_SEAMLESS_Y, SCUMBLE_SEAMLESS_X | SCUMBLE_SEAMLESS_Y] {
        let mut desc = c::desc(scumble_context_desc_init);
        assert_eq!(desc.seamless, 0);
        (desc.model_path, desc.seamless) = (path.as_ptr(), flags);
        let mut context = ptr::null_mut();
        ok(unsafe { scumble_context_create(&desc, &mut context) });
        ok(unsafe { scumble_context_wait(context, -1) });
        let mut info: scumble_context_info = unsafe { std::mem::zeroed() };
        info.struct_size = size_of_val(&info) as u32;
        ok(unsafe { scumble_context_get_info(context, &mut info) });
        assert_eq!(info.seamless, flags);
        ok(unsafe { scumble_context_destroy(context) });
    }
}

fn rewritten(model: &[u8], seamless: Seamless) -> Result<Vec<u8>> {
    rewrite(Cursor::new(model), model.len() as u64, seamless)
}

/// But for the new nodes and what convolutions read, everything is as it was.
#[test]
fn the_rest_of_a_file_stays() {
    let copy = ModelCopy::reference("sd1");
    for part in ["unet/model.onnx", "vae_decoder/model.onnx", "vae_encoder/model.onnx"] {
        let path = copy.path().join(part);
        let (old, before) = (fs::read(&path).unwrap(), scan::nodes(&path).unwrap());
        let new = rewritten(&old, BOTH).unwrap();
        copy.write(part, &new);
        scan::check(&Roots::new(copy.path(), &[]), &path).unwrap();
        let after: Vec<_> = scan::nodes(&path).unwrap();
        let kept: Vec<_> = after.iter().filter(|node| !node.outputs[0].starts_with("scumble.seamless.")).collect();
        assert_eq!(kept.len(), before.len(), "{part}");
        for (old, new) in before.iter().zip(kept) {
            let wraps = ["Conv", "Pad"].contains(&old.operator.as_str());
            assert_eq!((&old.operator, &old.outputs), (&new.operator, &new.outputs), "{part}");
            assert!(wraps || old.inputs == new.inputs, "{part}: {:?}", new.outputs);
        }
        // What follows the last convolution: the weights and the ports are there.
        let same = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
        let kind = bytes(4, "Conv");
        let last = old.windows(kind.len()).rposition(|window| window == kind).unwrap();
        assert!(last + 256 + same > old.len() && same > 10_000, "{part}: {last} and {same} of {}", old.len());
    }
}

fn file(nodes: &[Vec<u8>], model: &[Vec<u8>]) -> Vec<u8> {
    [bytes(7, nodes.concat()), bytes(8, number(2, 14)), model.concat()].concat()
}

/// A VAE decoder with these nodes from `latent_sample`, 4 channels, to `sample`, 3, both 8 × 8. `weights` has so
/// many rows and columns.
fn decoder(nodes: &[Vec<u8>], (rows, columns): (usize, usize)) -> Vec<u8> {
    let data = (0..3 * 4 * rows * columns)
        .flat_map(|i| ((i * 37 % 101) as f32 / 50.0 - 1.0).to_le_bytes())
        .collect::<Vec<_>>();
    let port = |name: &str, channels: u64| {
        let sides: Vec<u8> = [1, channels, 8, 8].iter().flat_map(|side| bytes(1, number(1, *side))).collect();
        [bytes(1, name), bytes(2, bytes(1, [number(1, 1), bytes(2, sides)].concat()))].concat()
    };
    let graph = [
        nodes.concat(),
        bytes(2, "graph"),
        bytes(5, tensor("weights", &[3, 4, rows as i64, columns as i64], &[bytes(9, data)])),
        bytes(11, port("latent_sample", 4)),
        bytes(12, port("sample", 3)),
    ];
    [number(1, 8), file(&graph, &[])].concat()
}

/// Every way in which a convolution may pad. Inside the picture it computes what it did, and rolling shows that
/// the edges are like the inside.
#[test]
fn kinds_of_padding() {
    let conv = |attributes: &[Vec<u8>]| vec![operator("Conv", &["latent_sample", "weights"], "sample", attributes)];
    let pads = bytes(
        5,
        [
            bytes(1, "value"),
            bytes(5, {
                let data: Vec<u8> = [0i64, 0, 0, 1, 0, 0, 2, 1].iter().flat_map(|pad| pad.to_le_bytes()).collect();
                [number(1, 8), number(2, 7), bytes(9, data)].concat()
            }),
            number(20, 4),
        ]
        .concat(),
    );
    let pad = vec![
        operator("Constant", &[], "pads", &[pads]),
        operator("Pad", &["latent_sample", "pads"], "padded", &[]),
        operator("Conv", &["padded", "weights"], "sample", &[]),
    ];
    for (what, nodes, kernel) in [
        ("pads", conv(&[integers("pads", &[1, 1, 1, 1])]), (3, 3)),
        ("uneven pads", conv(&[integers("pads", &[0, 1, 2, 3])]), (3, 5)),
        ("dilations", conv(&[integers("pads", &[2, 2, 2, 2]), integers("dilations", &[2, 2])]), (3, 3)),
        ("SAME_UPPER", conv(&[text("auto_pad", "SAME_UPPER"), integers("kernel_shape", &[4, 2])]), (4, 2)),
        ("SAME_LOWER", conv(&[text("auto_pad", "SAME_LOWER"), integers("kernel_shape", &[2, 4])]), (2, 4)),
        ("Pad", pad, (3, 3)),
    ] {
        let copy = ModelCopy::reference("sd1");
        copy.write("vae_decoder/model.onnx", decoder(&nodes, kernel));
        copy.write("vae_decoder/config.json", r#"{"block_out_channels": [4]}"#);
        let latents = noise(8, 8);
        let mut plain = open(&copy, NONE);
        let picture = plain.decode(latents.view(), &Cancel::default()).unwrap();
        for (seamless, tiles) in [(Y, [true, false]), (X, [false, true]), (BOTH, [true, true])] {
            let mut model = open(&copy, seamless);
            let wrapped = model.decode(latents.view(), &Cancel::default()).unwrap();
            let inside = s![.., 3..5, 3..5];
            let apart = distance(&wrapped.slice(inside).to_owned(), &picture.slice(inside).to_owned());
            assert!(apart < 1e-5, "{what} with {seamless:?}: {apart}");
            let distances = decoding(&mut model, latents.view(), 3);
            let right = distances.iter().zip(tiles).all(|(distance, tiles)| (*distance < 1e-5) == tiles);
            assert!(right, "{what} with {seamless:?}: {distances:?}");
        }
    }
}

#[test]
fn what_would_leave_a_seam_is_refused() {
    let conv = || operator("Conv", &["a", "w"], "b", &[integers("pads", &[1, 1, 1, 1])]);
    let with = |other: Vec<u8>| file(&[conv(), other], &[]);
    let subgraph = operator("If", &["a"], "b", &[bytes(5, attribute(6, conv()))]);
    for (model, words) in [
        (file(&[operator("Conv", &["a", "w"], "b", &[])], &[]), "no convolution in it pads its input"),
        (with(subgraph), "Conv is in a subgraph or a function"),
        (file(&[conv()], &[bytes(25, function("f", &[("", "Conv")]))]), "Conv is in a subgraph or a function"),
        (with(operator("AveragePool", &["b"], "c", &[integers("pads", &[1, 1, 1, 1])])), "AveragePool pads its input"),
        (with(operator("Resize", &["b"], "c", &[text("mode", "linear")])), "Resize is linear; expected nearest"),
        (with(operator("Pad", &["b", "p"], "c", &[text("mode", "reflect")])), "Pad is reflect with 2 inputs"),
        (with(operator("Pad", &["b", "p", "", "axes"], "c", &[])), "Pad is constant with 4 inputs"),
        (
            with(operator("Conv", &["b", "w"], "c", &[integers("pads", &[1; 6])])),
            "pads of the operator Conv is [1, 1, 1, 1, 1, 1]",
        ),
        (
            with(operator("Conv", &["b", "w"], "c", &[integers("pads", &[-1, 0, 0, 0])])),
            "pads of the operator Conv is [-1, 0, 0, 0]",
        ),
        (
            with(operator("Conv", &["b"], "c", &[text("auto_pad", "SAME_UPPER")])),
            "kernel_shape of the operator Conv is []",
        ),
        (with(operator("Conv", &["b"], "c", &[text("auto_pad", "SAME")])), "auto_pad of the operator Conv is \"SAME\""),
        (with(operator("Conv", &[], "c", &[integers("pads", &[1, 1, 1, 1])])), "Conv has no input"),
    ] {
        let error = rewritten(&model, BOTH).err().unwrap_or_else(|| panic!("{words}"));
        assert!(error.to_string().contains(words), "{error}; expected {words}");
    }
    rewritten(&with(bytes(1, node("", "Relu", &[]))), BOTH).unwrap();

    // Loading says so, and which file it is.
    let copy = ModelCopy::reference("sd1");
    let flat = decoder(&[operator("Conv", &["latent_sample", "weights"], "sample", &[])], (1, 1));
    copy.write("vae_decoder/model.onnx", flat);
    let context = Context::open(Places::at(copy.path()), options(X)).unwrap();
    let error = context.wait(None).err().unwrap();
    assert_eq!(error.status(), Status::ModelUnsupported);
    assert!(error.to_string().contains("vae_decoder"), "{error}");
}
