//! The same request gives the same bits, whoever paints it and whatever else goes on.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod common;

use std::sync::Arc;

use common::c::{self, ok};
use common::fake;
use common::painting::{bits, context, paint_by_hand};
use scumble::ffi::*;
use scumble::{log, Context, Format, Generation, Phase, Pixels, Preview, PreviewSource, Prompt, Request, Texts};

const NO_PREVIEW: Preview = Preview { every: 0, width: None, height: None, source: PreviewSource::Auto };
const PREVIEWS: Preview = Preview { every: 1, width: Some(50), height: Some(70), ..NO_PREVIEW };
const DECODED: Preview = Preview { every: 2, source: PreviewSource::Full, ..NO_PREVIEW };

/// From noise, from a picture, and repainting a part of one; each with a scheduler that draws noise on its way.
fn requests() -> [Request; 3] {
    let pixels = |value: fn(usize) -> u8, name| {
        let bytes: Vec<u8> = (0..64 * 64 * 3).map(value).collect();
        Some(Arc::new(Pixels::read(&bytes, Format::Rgb8, (64, 64), 64 * 3, false, name).unwrap()))
    };
    let (seed, steps, scheduler) = (Some(7), Some(6), Some("euler_a".into()));
    let noise = Request { seed, steps, scheduler, keep_latents: true, keep_floats: true, ..Request::default() };
    let picture = Request {
        picture: pixels(|i| (i % 251) as u8, "picture"),
        strength: Some(0.7),
        scheduler: Some("dpmpp_2m_sde".into()),
        ..noise.clone()
    };
    let repaint = Request {
        mask: pixels(|i| if i % (64 * 3) < 90 { 255 } else { 0 }, "mask"),
        scheduler: Some("lcm".into()),
        ..picture.clone()
    };
    [noise, picture, repaint]
}

fn prompt(context: &Arc<Context>, by_hand: bool) -> Arc<Prompt> {
    Prompt::create(context, Texts::of("a blue fish, flat style, on a white background"), by_hand).unwrap()
}

fn start(prompt: &Arc<Prompt>, request: &Request, preview: &Preview) -> Arc<Generation> {
    let generation = Generation::create(prompt, request, preview).unwrap();
    generation.start().unwrap();
    generation
}

/// Each in a context of its own, that paints nothing else.
fn alone() -> Vec<(Vec<u32>, Vec<u8>)> {
    let paint = |request| bits(&start(&prompt(&context(), false), request, &NO_PREVIEW));
    requests().iter().map(paint).collect()
}

#[test]
fn whatever_is_painted_gives_the_same_bits() {
    let alone = alone();
    assert!(alone[0] != alone[1] && alone[1] != alone[2], "the requests do not differ");
    let context = context();

    let worker = prompt(&context, false);
    for (request, expected) in requests().iter().zip(&alone) {
        for preview in [PREVIEWS, DECODED] {
            assert!(bits(&start(&worker, request, &preview)) == *expected, "{preview:?}: {request:?}");
        }
    }

    let hand = prompt(&context, true);
    hand.encode().unwrap();
    for preview in [NO_PREVIEW, PREVIEWS, DECODED] {
        for (request, expected) in requests().iter().zip(&alone) {
            let generation = Generation::create(&hand, request, &preview).unwrap();
            paint_by_hand(&generation).unwrap();
            assert!(bits(&generation) == *expected, "by hand, {preview:?}: {request:?}");
        }
    }
}

/// All at once, some with previews, between others of another size that are cancelled on their way.
#[test]
fn in_any_company() {
    let alone = alone();
    let context = context();
    let prompt = prompt(&context, false);
    let other = Request { width: Some(32), height: Some(96), seed: Some(1), ..Request::default() };
    let mut company = Vec::new();
    let mut painted = Vec::new();
    for (i, request) in [requests(), requests()].concat().iter().enumerate() {
        company.push(start(&prompt, &other, &PREVIEWS));
        painted.push(start(&prompt, request, if i < 3 { &PREVIEWS } else { &NO_PREVIEW }));
    }
    for other in &company[1..] {
        other.cancel();
    }
    for (i, generation) in painted.iter().enumerate() {
        assert!(bits(generation) == alone[i % 3], "number {i}");
    }
    company[0].wait(None).unwrap();
    assert!(company[1..].iter().all(|other| other.poll().phase == Phase::Cancelled));
}

/// Seeds are unsigned, and none but one is random. `tests/random.rs` compares their noise with torch's.
#[test]
fn seeds_of_64_bits() {
    let prompt = c::prompt_by_hand(fake::context());
    let warnings = || std::iter::from_fn(log::next).filter(|entry| entry.text.contains("seed is ")).count();
    let seed = |seed| {
        let generation = c::generation(prompt, |desc| desc.seed = seed);
        let mut info: scumble_generation_info = c::output();
        ok(unsafe { scumble_generation_get_info(generation, &mut info) });
        info.seed
    };
    for given in [0, 7, (1 << 32) + 5, (1 << 63) - 1, 1 << 63, (1 << 63) + 5, u64::MAX - 1] {
        assert_eq!(seed(given), given);
    }
    assert_eq!(warnings(), 0);
    assert_eq!(seed(u64::MAX), u64::MAX);
    assert_eq!(warnings(), 1, "-1 is random elsewhere");

    assert_eq!(c::desc(scumble_generation_desc_init).seed, SCUMBLE_SEED_RANDOM);
    let drawn = [SCUMBLE_SEED_RANDOM, SCUMBLE_AUTO as u64].map(seed);
    assert!(drawn[0] != drawn[1] && drawn.iter().all(|seed| *seed <= u64::from(u32::MAX)), "{drawn:?}");

    // Only the low 32 bits count.
    let context = context();
    let [fifth, high, other] = [5, (1 << 63) + 5, 1 << 63].map(|seed| {
        let request = Request { seed: Some(seed), steps: Some(2), keep_latents: true, ..Request::default() };
        bits(&start(&self::prompt(&context, false), &request, &NO_PREVIEW))
    });
    assert!(fifth == high && fifth != other);
}
