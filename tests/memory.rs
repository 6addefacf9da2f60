//! Memory: budgets are kept or refused, parts are unloaded and loaded again, and pictures do not suffer.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod common;

use std::env;
use std::ffi::CString;
use std::process::Command;
use std::ptr;

use common::c::{self, ok, refused};
use scumble::ffi::*;
use scumble::Status;

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/models/emblem-64");
const MB: u64 = 1_000_000;

/// A context of the tests' model.
fn context(change: impl FnOnce(&mut scumble_context_desc)) -> *mut scumble_context {
    let model = CString::new(MODEL).unwrap();
    let mut desc = c::desc(scumble_context_desc_init);
    (desc.model_path, desc.threads) = (model.as_ptr(), 1);
    change(&mut desc);
    let mut context = ptr::null_mut();
    ok(unsafe { scumble_context_create(&desc, &mut context) });
    context
}

fn loaded(change: impl FnOnce(&mut scumble_context_desc)) -> *mut scumble_context {
    let context = context(change);
    ok(unsafe { scumble_context_wait(context, -1) });
    context
}

/// RGBA floats of a square picture of two steps.
fn paint(context: *const scumble_context, side: i32) -> Vec<f32> {
    paint_well(context, side, 2)
}

fn paint_well(context: *const scumble_context, side: i32, steps: i32) -> Vec<f32> {
    let prompt = c::prompt(context, 0);
    let generation = c::generation(prompt, |desc| {
        (desc.width, desc.height, desc.steps, desc.seed) = (side, side, steps, 14);
    });
    ok(unsafe { scumble_generation_start(generation) });
    ok(unsafe { scumble_generation_wait(generation, -1) });
    let mut pixels = vec![0; (side * side) as usize * 16];
    ok(unsafe { scumble_generation_read_image(generation, 0, &c::image(&mut pixels, 3, side, side)) });
    ok(unsafe { scumble_generation_destroy(generation) });
    ok(unsafe { scumble_prompt_destroy(prompt) });
    pixels.chunks_exact(4).map(|bytes| f32::from_ne_bytes(bytes.try_into().unwrap())).collect()
}

fn info(context: *const scumble_context) -> scumble_context_info {
    let mut info: scumble_context_info = c::output();
    ok(unsafe { scumble_context_get_info(context, &mut info) });
    info
}

fn held(info: &scumble_context_info) -> u64 {
    info.text_encoder_bytes + info.unet_bytes + info.vae_bytes + info.controlnet_bytes
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn what_the_parts_hold() {
    let context = loaded(|_| ());
    let before = info(context);
    // Numbers of the model's card, four bytes each; the autoencoder has two halves.
    for (bytes, millions) in [(before.text_encoder_bytes, 0.86), (before.unet_bytes, 10.9), (before.vae_bytes, 0.68)] {
        let weights = millions * 4e6;
        assert!((0.95..1.1).contains(&(bytes as f64 / weights)), "{bytes} bytes for {weights}");
    }
    assert_eq!(before.controlnet_bytes, 0);
    paint(context, 128);
    let after = info(context);
    assert!(after.unet_bytes > before.unet_bytes, "the UNet keeps what it computes in");
    assert!(after.vae_bytes < before.vae_bytes + 4 * MB, "the autoencoder does not: {}", after.vae_bytes);
    ok(unsafe { scumble_context_destroy(context) });
}

#[test]
fn trimmed_contexts_go_on() {
    let context = loaded(|_| ());
    let picture = paint(context, 64);
    assert!(held(&info(context)) > 40 * MB);
    let prompt = c::prompt(context, 0); // its turn comes before the trim's
    ok(unsafe { scumble_context_trim(context) });
    let behind = c::prompt(context, 0);
    ok(unsafe { scumble_prompt_wait(prompt, -1) });
    ok(unsafe { scumble_prompt_wait(behind, -1) });
    let trimmed = info(context);
    assert_eq!((trimmed.unet_bytes, trimmed.vae_bytes), (0, 0));
    assert!(trimmed.text_encoder_bytes > 0, "the prompt behind the trim loads its encoder again");
    assert_eq!(paint(context, 64), picture);
    ok(unsafe { scumble_context_destroy(context) });
}

#[test]
fn mapped_weights() {
    let picture = paint(loaded(|_| ()), 64);
    let mapped = loaded(|desc| desc.weights = 2);
    let difference = largest_difference(&paint(mapped, 64), &picture);
    // Another order of sums.
    assert!(difference < 1.0 / 255.0, "{difference}");
    ok(unsafe { scumble_context_destroy(mapped) });
}

/// What is loaded again is looked for where it was, not in the host's folder of today.
#[test]
fn relative_paths() {
    const VARIABLE: &str = "SCUMBLE_TEST_FOLDER";
    if env::var_os(VARIABLE).is_none() {
        let mut again = Command::new(env::current_exe().unwrap());
        again.args(["--exact", "relative_paths"]).env(VARIABLE, "1").current_dir(env!("CARGO_MANIFEST_DIR"));
        assert!(again.status().unwrap().success());
        return;
    }
    let context = loaded(|desc| desc.model_path = c"tests/reference/models/emblem-64".as_ptr());
    ok(unsafe { scumble_context_trim(context) });
    env::set_current_dir(env::temp_dir()).unwrap();
    paint(context, 64);
}

/// Weights that need no widening are used where they are.
#[test]
#[cfg(target_os = "linux")]
fn mapped_weights_stay_in_their_files() {
    let model = common::model::ModelCopy::reference("sd1");
    let unet = model.path().join("unet/model.onnx").canonicalize().unwrap();
    let maps = || std::fs::read_to_string("/proc/self/maps").unwrap().contains(unet.to_str().unwrap());
    let path = CString::new(model.path().to_str().unwrap()).unwrap();
    let context = loaded(|desc| (desc.model_path, desc.weights) = (path.as_ptr(), 2));
    paint(context, 64);
    assert!(maps());
    ok(unsafe { scumble_context_trim(context) });
    ok(unsafe { scumble_prompt_wait(c::prompt(context, 0), -1) });
    assert!(!maps());
    ok(unsafe { scumble_context_destroy(context) });
}

/// What does not fit together takes turns: the picture is the same.
#[test]
fn parts_take_turns() {
    let picture = paint(loaded(|_| ()), 64);
    let context = loaded(|desc| desc.memory_budget = 105 * MB);
    assert_eq!(held(&info(context)), 0, "what does not fit together is not kept after loading");
    let difference = largest_difference(&paint(context, 64), &picture);
    assert!(difference < 1.0 / 255.0, "{difference}");
    assert_eq!(info(context).text_encoder_bytes, 0, "the text encoder made room");
    ok(unsafe { scumble_context_destroy(context) });
}

/// A picture that is decoded in tiles: close to the whole, and no border shows.
#[test]
fn tiles() {
    const SIDE: i32 = 256;
    let picture = paint_well(loaded(|_| ()), SIDE, 15);
    let tiled = paint_well(loaded(|desc| desc.memory_budget = 150 * MB), SIDE, 15);
    let squares = picture.iter().zip(&tiled).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
    // A quarter of the numbers is alpha, where there is no difference.
    let psnr = -10.0 * (squares / (picture.len() as f64 * 0.75)).log10();
    assert!(psnr.is_finite() && psnr >= 30.0, "{psnr} dB");

    // The step between neighbours, across where a tile may begin or end (a multiple of 8 latents) and elsewhere.
    let side = SIDE as usize;
    let step = |at: &dyn Fn(usize) -> bool| {
        let columns: Vec<usize> = (1..side).filter(|x| at(*x)).collect();
        let value = |x: usize, y: usize, c: usize| f64::from(tiled[(y * side + x) * 4 + c]);
        let pairs = columns.iter().flat_map(|x| (0..side).flat_map(move |y| (0..3).map(move |c| (*x, y, c))));
        let steps: f64 = pairs
            .map(|(x, y, c)| (value(x, y, c) - value(x - 1, y, c)).abs() + (value(y, x, c) - value(y, x - 1, c)).abs())
            .sum();
        steps / columns.len() as f64
    };
    let (borders, elsewhere) = (step(&|x| x % 32 == 0), step(&|x| x % 32 != 0));
    println!("{psnr:.1} dB; steps across borders {:.3} times those elsewhere", borders / elsewhere);
    assert!(borders <= 1.1 * elsewhere, "{borders} across borders, {elsewhere} elsewhere");
}

#[test]
fn what_cannot_fit_is_refused() {
    let context = context(|desc| desc.memory_budget = 70 * MB);
    let answer = unsafe { scumble_context_wait(context, -1) };
    refused(
        answer,
        Status::OutOfMemory,
        &["memory_budget is 70000000 bytes; expected at least", "weights of the UNet"],
    );

    let context = loaded(|desc| desc.memory_budget = 150 * MB);
    let prompt = c::prompt(context, 0);
    let create = |side: i32| unsafe {
        let mut desc = c::desc(scumble_generation_desc_init);
        (desc.width, desc.height) = (side, side);
        let mut generation = ptr::null_mut();
        scumble_generation_create(prompt, &desc, &mut generation)
    };
    refused(create(1024), Status::OutOfMemory, &["memory_budget is 150000000 bytes; the UNet needs", "256 × 256"]);
    ok(create(64));
}

/// The peak of a fresh process stays within the budget, and 10 %.
#[test]
#[cfg(target_os = "linux")]
fn budgets_are_kept() {
    for (megabytes, side) in [(105, 64), (128, 128), (150, 256), (200, 256), (300, 256), (600, 384), (1500, 384)] {
        within_budget("budgets_are_kept", "emblem-64", megabytes, side, 1);
    }
}

/// Likewise when twenty images are kept, made with previews, half of them from an image with a mask.
#[test]
#[cfg(target_os = "linux")]
fn budgets_are_kept_with_images() {
    for (model, megabytes, side) in [
        ("emblem-64", 110, 64),
        ("emblem-64", 150, 128),
        ("emblem-64", 300, 256),
        ("sd1", 70, 64),
        ("sd1", 100, 256),
        ("sd1", 300, 512),
        ("sdxl", 70, 64),
        ("sdxl", 90, 128),
        ("sdxl", 300, 256),
    ] {
        within_budget("budgets_are_kept_with_images", model, megabytes, side, 20);
    }
}

/// Generates so many images in a process of its own, in which this test does that.
#[cfg(target_os = "linux")]
fn within_budget(test: &str, model: &str, megabytes: u64, side: i32, images: u64) {
    const VARIABLE: &str = "SCUMBLE_TEST_BUDGET";
    if let Ok(given) = env::var(VARIABLE) {
        let given: Vec<&str> = given.split(' ').collect();
        let [model, megabytes, side, images] = given[..] else { panic!("{given:?}") };
        let [megabytes, side, images] = [megabytes, side, images].map(|number| number.parse::<u64>().unwrap());
        let copy = (model != "emblem-64").then(|| common::model::ModelCopy::reference(model));
        let path = copy.as_ref().map_or(MODEL.to_owned(), |copy| copy.path().to_str().unwrap().to_owned());
        let path = CString::new(path).unwrap();
        let before = status("VmRSS");
        let context = loaded(|desc| (desc.model_path, desc.memory_budget) = (path.as_ptr(), megabytes * MB));
        match images {
            1 => drop(paint(context, side as i32)),
            _ => keep(context, side as i32, images),
        }
        print!("grew by <{}>", status("VmHWM") - before);
        std::process::exit(0);
    }
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(VARIABLE, format!("{model} {megabytes} {side} {images}"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let grown = text.split(['<', '>']).nth(1).unwrap_or_else(|| panic!("{model} {megabytes} {side}: {output:?}"));
    let grown = grown.parse::<f64>().unwrap() / 1e6;
    let what = format!("{model}, {images} of {side} × {side} within {megabytes} MB: grew by {grown:.0} MB");
    println!("{what}");
    assert!(grown <= megabytes as f64 * 1.1, "{what}");
}

#[cfg(target_os = "linux")]
fn status(key: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(key)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// So many finished images that nobody destroys, made with previews as large as they are, from an image with a mask
/// where the model can.
#[cfg(target_os = "linux")]
fn keep(context: *const scumble_context, side: i32, images: u64) {
    let prompt = c::prompt(context, 0);
    let mut pixels: Vec<u8> = (0..side * side * 4).map(|i| (i * 7) as u8 | 0x80).collect();
    let image = c::image(&mut pixels, 0, side, side);
    let with_image = info(context).features & SCUMBLE_FEATURE_PICTURES != 0;
    for seed in 0..images {
        let generation = c::generation(prompt, |desc| {
            (desc.width, desc.height, desc.steps, desc.seed) = (side, side, 2, seed);
            desc.preview_every = 1;
            if with_image && seed % 2 == 1 {
                (desc.picture, desc.mask, desc.strength) = (&image, &image, 1.0);
            }
        });
        ok(unsafe { scumble_generation_start(generation) });
        ok(unsafe { scumble_generation_wait(generation, -1) });
    }
}

/// A finished image holds its bytes, four a pixel, and what the allocator needs; floats take twelve more.
#[test]
#[cfg(target_os = "linux")]
fn what_a_finished_image_holds() {
    const SIDE: i32 = 512;
    const NUMBER: u64 = 32;
    let context = common::fake::context();
    let prompt = c::prompt_by_hand(context);
    let hold = |flags: u32, pixels: &mut [u8]| {
        let image = c::image(pixels, 0, SIDE, SIDE);
        let before = status("VmRSS");
        for _ in 0..NUMBER {
            let generation = c::generation(prompt, |desc| {
                (desc.width, desc.height, desc.preview_every, desc.flags) = (SIDE, SIDE, 1, flags);
                (desc.picture, desc.mask, desc.strength) = (&image, &image, 1.0);
            });
            c::step_all(generation);
            ok(unsafe { scumble_generation_decode(generation) });
        }
        (status("VmRSS") - before) as f64 / NUMBER as f64 / f64::from(SIDE * SIDE)
    };
    let mut pixels = vec![200; (SIDE * SIDE * 4) as usize];
    hold(0, &mut pixels); // what the first leaves free is used again
    let [plain, floats] = [0, SCUMBLE_GENERATION_KEEP_FLOATS].map(|flags| hold(flags, &mut pixels));
    println!("{plain:.2} bytes a pixel; with floats {floats:.2}");
    assert!(plain < 5.0, "{plain:.2} bytes a pixel");
    assert!((15.0..17.0).contains(&floats), "{floats:.2} bytes a pixel with floats");
}

/// What generations hold counts: a budget that is used up refuses more, and says why.
#[test]
fn images_that_are_kept_count() {
    let context = loaded(|desc| desc.memory_budget = 150 * MB);
    let prompt = c::prompt(context, 0);
    let mut pixels = vec![200; 1024 * 1024 * 4];
    let image = c::image(&mut pixels, 0, 1024, 1024);
    let create = || unsafe {
        let mut desc = c::desc(scumble_generation_desc_init);
        (desc.picture, desc.width, desc.height) = (&image, 128, 128);
        let mut generation = ptr::null_mut();
        (scumble_generation_create(prompt, &desc, &mut generation), generation)
    };
    let mut waiting = Vec::new();
    let refused_after = loop {
        match create() {
            (Status::Ok, generation) => waiting.push(generation),
            (answer, _) => {
                refused(answer, Status::OutOfMemory, &["memory_budget is 150000000 bytes, of which generations hold"]);
                break waiting.len();
            }
        }
        assert!(waiting.len() < 100, "nothing counts");
    };
    println!("after {refused_after} of 4 MB");
    ok(unsafe { scumble_generation_destroy(waiting.pop().unwrap()) });
    ok(create().0);
}
