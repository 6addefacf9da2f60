//! What Scumble itself costs: `cargo bench`.
//!
//! 1. How long `scumble_generation_create` takes to copy images, beside a `memcpy` of their bytes.
//! 2. The share of a generation that is not spent inside ONNX Runtime.
//! 3. How long `scumble_generation_poll` and `_read_image` keep a render loop, while the worker
//!    paints as fast as it can.
//! 4. What a preview costs, by what makes it.
//!
//! `cargo bench --bench cost -- DIR` measures the last alone, of another model: `tools/bench/real_size.py`
//! makes one of the true size.
#![allow(unsafe_code, unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]

#[path = "../tests/common/fake.rs"]
#[allow(dead_code)]
mod fake;

use std::ffi::{c_void, CString};
use std::ptr;
use std::thread;
use std::time::{Duration, Instant};

use scumble::ffi::*;
use scumble::model::time_in_sessions;
use scumble::{Device, PreviewSource, Status};

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/models/emblem-64");
const ROUNDS: usize = 10;

fn main() {
    unsafe {
        let other = std::env::args().skip(1).find(|argument| !argument.starts_with('-')); // as cargo's --bench
        let context = context(other.as_deref().unwrap_or(MODEL));
        if other.is_none() {
            copies();
            overhead(context);
            latency(context, 64);
            latency(context, 512);
        }
        previews(context, if other.is_none() { 20 } else { 3 });
        scumble_context_destroy(context);
    }
    scumble_shutdown(-1);
}

/// (wall − time inside ONNX Runtime) / wall, over 20 steps of the bundled model and its decoder.
unsafe fn overhead(context: *const scumble_context) {
    let prompt = prompt(context);
    let mut shares: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let generation = generation(prompt, |_| ());
            let (inside, start) = (time_in_sessions(), Instant::now());
            check(scumble_generation_start(generation));
            check(scumble_generation_wait(generation, -1));
            let (wall, inside) = (start.elapsed(), time_in_sessions() - inside);
            check(scumble_generation_destroy(generation));
            (wall - inside).as_secs_f64() / wall.as_secs_f64()
        })
        .collect();
    shares.sort_by(f64::total_cmp);
    println!(
        "overhead     20 steps at 64 x 64: {:.2} % of the wall time is outside ONNX Runtime (median of {ROUNDS}; {:.2} to {:.2} %)",
        shares[ROUNDS / 2] * 100.0,
        shares[0] * 100.0,
        shares[ROUNDS - 1] * 100.0
    );
    check(scumble_prompt_destroy(prompt));
}

/// A render loop that polls and reads the newest preview, 1,000 times a second.
unsafe fn latency(context: *const scumble_context, preview: i32) {
    let prompt = prompt(context);
    let (mut polls, mut reads) = (Vec::new(), Vec::new());
    let mut pixels = vec![0u8; (preview * preview * 4) as usize];
    for _ in 0..ROUNDS {
        let generation = generation(prompt, |desc| {
            (desc.preview_every, desc.preview_width, desc.preview_height) = (1, preview, preview);
        });
        check(scumble_generation_start(generation));
        let image = scumble_image {
            struct_size: size_of::<scumble_image>() as u32,
            format: 0,
            width: preview,
            height: preview,
            row_pitch: 0,
            flags: 0,
            pixels_size: pixels.len() as u64,
            pixels: pixels.as_mut_ptr().cast::<c_void>(),
        };
        let mut progress: scumble_progress = output();
        while progress.phase < 4 {
            thread::sleep(Duration::from_millis(1));
            let start = Instant::now();
            check(scumble_generation_poll(generation, &mut progress));
            polls.push(start.elapsed());
            if progress.previews > 0 {
                let start = Instant::now();
                check(scumble_generation_read_image(generation, 1, &image));
                reads.push(start.elapsed());
            }
        }
        check(scumble_generation_destroy(generation));
    }
    check(scumble_prompt_destroy(prompt));
    report("poll", preview, polls);
    report("read_image", preview, reads);
}

/// A preview after every evaluation of a picture of the model's own size, small and large, by each source
/// that the model has; as a share of an evaluation with guidance.
unsafe fn previews(context: *const scumble_context, steps: i32) {
    let mut info: scumble_context_info = output();
    check(scumble_context_get_info(context, &mut info));
    let prompt = prompt(context);
    for source in [PreviewSource::Linear, PreviewSource::Tiny, PreviewSource::Full] {
        if source == PreviewSource::Tiny && info.features & SCUMBLE_FEATURE_TINY_DECODER == 0 {
            continue;
        }
        for side in [64, 256, 512] {
            let generation = generation(prompt, |desc| {
                (desc.width, desc.height, desc.steps) = (info.width, info.height, steps);
                (desc.preview_every, desc.preview_source) = (1, source as i32);
                (desc.preview_width, desc.preview_height) = (side, side);
            });
            check(scumble_generation_start(generation));
            check(scumble_generation_wait(generation, -1));
            let mut progress: scumble_progress = output();
            check(scumble_generation_poll(generation, &mut progress));
            check(scumble_generation_destroy(generation));
            let preview = progress.preview_ms / progress.previews as f32;
            let evaluation = progress.denoise_ms / progress.evaluations as f32;
            println!(
                "{source:?} previews of {side} x {side}: {preview:.2} ms, {:.2} % of an evaluation ({evaluation:.1} ms at {} x {})",
                preview / evaluation * 100.0,
                info.width,
                info.height
            );
        }
    }
    check(scumble_prompt_destroy(prompt));
}

/// Creating a generation from an image, a mask and an image for a ControlNet, as a model that computes nothing has it,
/// beside a `memcpy` of their bytes into memory that is mapped already.
unsafe fn copies() {
    let context = fake::context();
    let prompt = prompt(context);
    for side in [512, 1024, 2048, 4096] {
        for (format, name, pixel) in [(0, "RGBA8", 4), (3, "RGBA32F", 16)] {
            let mut images: Vec<Vec<u8>> = (0..3).map(|_| vec![0x3e; side * side * pixel]).collect();
            let mut target = images.clone();
            let [picture, mask, guide] = [0, 1, 2].map(|i| scumble_image {
                struct_size: size_of::<scumble_image>() as u32,
                format,
                width: side as i32,
                height: side as i32,
                row_pitch: 0,
                flags: 0,
                pixels_size: images[i].len() as u64,
                pixels: images[i].as_mut_ptr().cast::<c_void>(),
            });
            let control = scumble_control {
                struct_size: size_of::<scumble_control>() as u32,
                controlnet: 0,
                scale: 1.0,
                start: 0.0,
                end: 1.0,
                reserved: 0,
                picture: &guide,
            };
            let controls = [&raw const control];
            let (mut creating, mut copying) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                let start = Instant::now();
                target.iter_mut().zip(&images).for_each(|(to, from)| to.copy_from_slice(from));
                copying.push(start.elapsed().as_secs_f64() * 1e6);
                std::hint::black_box(&target);
                let start = Instant::now();
                let generation = generation(prompt, |desc| {
                    (desc.picture, desc.mask) = (&picture, &mask);
                    (desc.controls, desc.control_count) = (controls.as_ptr(), 1);
                });
                creating.push(start.elapsed().as_secs_f64() * 1e6);
                check(scumble_generation_destroy(generation));
            }
            for times in [&mut creating, &mut copying] {
                times.sort_by(f64::total_cmp);
            }
            let (create, copy) = (creating[ROUNDS / 2], copying[ROUNDS / 2]);
            let times = (create - 50.0) / copy;
            println!(
                "create       3 images of {side} x {side} {name}: {create:.0} µs, a memcpy {copy:.0} µs: 50 µs and {times:.2} times that"
            );
        }
    }
    check(scumble_prompt_destroy(prompt));
    check(scumble_context_destroy(context));
}

fn report(name: &str, preview: i32, mut times: Vec<Duration>) {
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e6;
    println!(
        "{name:12} with previews of {preview} x {preview}: p50 {:.1} µs, p99 {:.1} µs, longest {:.1} µs ({} calls)",
        at(0.5),
        at(0.99),
        at(1.0),
        times.len()
    );
}

/// An output structure to be filled.
unsafe fn output<T>() -> T {
    let mut output = std::mem::MaybeUninit::<T>::zeroed();
    output.as_mut_ptr().cast::<u32>().write(size_of::<T>() as u32);
    output.assume_init()
}

unsafe fn context(model: &str) -> *mut scumble_context {
    let model = CString::new(model).expect("arguments have no NUL");
    let mut desc: scumble_context_desc = std::mem::zeroed();
    check(scumble_context_desc_init(&mut desc, size_of_val(&desc), SCUMBLE_ABI_VERSION));
    desc.model_path = model.as_ptr();
    desc.threads = Device::default().threads as i32;
    let mut context = ptr::null_mut();
    check(scumble_context_create(&desc, &mut context));
    check(scumble_context_wait(context, -1));
    context
}

unsafe fn prompt(context: *const scumble_context) -> *mut scumble_prompt {
    let mut desc: scumble_prompt_desc = std::mem::zeroed();
    check(scumble_prompt_desc_init(&mut desc, size_of_val(&desc), SCUMBLE_ABI_VERSION));
    desc.text = c"a red apple, 3d style, on a blue background".as_ptr();
    let mut prompt = ptr::null_mut();
    check(scumble_prompt_create(context, &desc, &mut prompt));
    check(scumble_prompt_wait(prompt, -1));
    prompt
}

unsafe fn generation(
    prompt: *const scumble_prompt,
    change: impl FnOnce(&mut scumble_generation_desc),
) -> *mut scumble_generation {
    let mut desc: scumble_generation_desc = std::mem::zeroed();
    check(scumble_generation_desc_init(&mut desc, size_of_val(&desc), SCUMBLE_ABI_VERSION));
    (desc.width, desc.height, desc.steps, desc.seed) = (64, 64, 20, 7);
    change(&mut desc);
    let mut generation = ptr::null_mut();
    check(scumble_generation_create(prompt, &desc, &mut generation));
    generation
}

fn check(status: Status) {
    assert!(status == Status::Ok, "{status:?}: {:?}", unsafe { std::ffi::CStr::from_ptr(scumble_last_error()) });
}
