//! Pictures to start from, masks and ControlNets that cannot be used: the answer is the documented
//! status, the text names which of them and why, and no generation is made.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod common;

use std::ptr;

use common::c::{self, last_error, ok, refused, Case};
use common::fake::{self, SIDE};
use scumble::ffi::*;
use scumble::Status::{self, *};

/// A grey picture, kept for ever.
fn picture(width: i32, height: i32) -> *const scumble_image {
    changed(width, height, |_| ())
}

/// A grey picture whose description is spoilt.
fn changed(width: i32, height: i32, change: impl FnOnce(&mut scumble_image)) -> *const scumble_image {
    let pixels = vec![128; (width * height * 4) as usize].leak();
    let mut image = c::image(pixels, 0, width, height);
    change(&mut image);
    Box::leak(Box::new(image))
}

/// A picture of one colour.
fn filled(rgba: [u8; 4]) -> *const scumble_image {
    Box::leak(Box::new(c::image(rgba.repeat(8 * 8).leak(), 0, 8, 8)))
}

/// A picture of floats, one of which is this.
fn with_value(value: f32) -> *const scumble_image {
    with(value, 0)
}

fn with_alpha(value: f32) -> *const scumble_image {
    with(value, 3)
}

fn with(value: f32, channel: usize) -> *const scumble_image {
    let mut values = vec![0.5f32; 8 * 8 * 4];
    values[4 * (3 * 8 + 2) + channel] = value;
    let pixels: Vec<u8> = values.iter().flat_map(|value| value.to_ne_bytes()).collect();
    Box::leak(Box::new(c::image(pixels.leak(), 3, 8, 8)))
}

fn control(change: impl FnOnce(&mut scumble_control)) -> *const scumble_control {
    let mut control = scumble_control {
        struct_size: size_of::<scumble_control>() as u32,
        controlnet: 0,
        scale: 1.0,
        start: 0.0,
        end: 1.0,
        reserved: 0,
        picture: picture(16, 16),
    };
    change(&mut control);
    Box::leak(Box::new(control))
}

fn controls(desc: &mut scumble_generation_desc, controls: &[*const scumble_control]) {
    (desc.controls, desc.control_count) = (controls.to_vec().leak().as_ptr(), controls.len() as u32);
}

fn create(prompt: *const scumble_prompt, change: fn(&mut scumble_generation_desc)) -> Status {
    let untouched = ptr::without_provenance_mut(0xA5A5);
    let (mut desc, mut generation) = (c::desc(scumble_generation_desc_init), untouched);
    change(&mut desc);
    let answer = unsafe { scumble_generation_create(prompt, &desc, &mut generation) };
    assert_eq!(generation != untouched, answer == Status::Ok, "{answer:?} {}", last_error());
    answer
}

#[test]
fn pictures_and_masks() {
    let prompt = c::prompt(fake::context(), 0);
    let cases: &[Case<scumble_generation_desc>] = &[
        (|desc| desc.picture = changed(8, 8, |i| i.struct_size = 4), InvalidStructSize, "scumble_image is 4"),
        (|desc| desc.picture = changed(8, 8, |i| i.format = 9), InvalidArgument, "format of the picture is 9"),
        (|desc| desc.picture = changed(8, 8, |i| i.flags = 4), InvalidArgument, "flags of the picture is 0x4"),
        (|desc| desc.picture = changed(8, 8, |i| i.width = 0), InvalidArgument, "width of the picture is 0"),
        (|desc| desc.picture = changed(8, 8, |i| i.height = -1), InvalidArgument, "height of the picture is -1"),
        (|desc| desc.picture = changed(8, 8, |i| i.width = 8193), InvalidArgument, "width of the picture is 8193"),
        (|desc| desc.picture = changed(8, 8, |i| i.row_pitch = 31), InvalidArgument, "row_pitch of the picture is 31"),
        (|desc| desc.picture = changed(8, 8, |i| i.pixels_size = 255), BufferTooSmall, "is 255; expected at least 256"),
        (|desc| desc.picture = changed(8, 8, |i| i.pixels = ptr::null_mut()), InvalidArgument, "pixels of the picture"),
        (|desc| desc.mask = picture(8, 8), InvalidArgument, "mask is given without a picture"),
        (
            |desc| (desc.picture, desc.mask) = (picture(16, 16), picture(8, 16)),
            InvalidArgument,
            "mask is 8 x 16; expected 16 x 16",
        ),
        (
            |desc| (desc.picture, desc.mask) = (picture(8, 8), changed(8, 8, |i| i.format = -1)),
            InvalidArgument,
            "format of the mask is -1",
        ),
        (
            |desc| (desc.picture, desc.strength) = (picture(8, 8), 1.1),
            InvalidArgument,
            "strength is 1.1; expected 0 to 1",
        ),
        (|desc| (desc.picture, desc.strength) = (picture(8, 8), -0.1), InvalidArgument, "strength is -0.1"),
        (|desc| (desc.picture, desc.strength) = (picture(8, 8), f32::NAN), InvalidArgument, "strength is NaN"),
    ];
    for (change, status, words) in cases.iter().copied() {
        refused(create(prompt, change), status, &["scumble_generation_create", words]);
    }
    let fine: &[fn(&mut scumble_generation_desc)] = &[
        |desc| desc.picture = picture(SIDE as i32, SIDE as i32),
        |desc| desc.picture = picture(1, 300),
        |desc| (desc.picture, desc.mask) = (picture(33, 9), picture(33, 9)),
        |desc| (desc.picture, desc.strength) = (picture(8, 8), 1.0),
        |desc| desc.picture = with_value(0.0),
        |desc| desc.picture = changed(8, 8, |i| i.flags = SCUMBLE_IMAGE_BOTTOM_UP | SCUMBLE_IMAGE_OPAQUE),
        |desc| (desc.picture, desc.mask, desc.mask_feather) = (picture(8, 8), picture(8, 8), 0),
        |desc| (desc.picture, desc.flags) = (picture(8, 8), SCUMBLE_GENERATION_MASK_FROM_ALPHA),
    ];
    for change in fine {
        ok(create(prompt, *change));
    }
}

/// What only a look at every pixel shows is found by the first evaluation: the generation fails, and says what of what is
/// wrong where. Nothing of it is looked at before.
#[test]
fn values_of_pixels_masks_and_latents() {
    let prompt = c::prompt_by_hand(fake::context());
    let nan: &[f32] = &[&[0.5; 13][..], &[f32::NAN], &[0.5; 2]].concat().leak()[..];
    let latents = |desc: &mut scumble_generation_desc, numbers: &'static [f32]| {
        (desc.latents, desc.latents_count) = (numbers.as_ptr(), numbers.len() as u64);
    };
    type Change<'a> = Box<dyn Fn(&mut scumble_generation_desc) + 'a>;
    let cases: Vec<(Change, &str)> = vec![
        (Box::new(|desc| desc.picture = with_value(1.5)), "picture has the value 1.5 at x 2, y 3; expected 0 to 1"),
        (Box::new(|desc| desc.picture = with_value(-0.3)), "picture has the value -0.3 at x 2, y 3"),
        (Box::new(|desc| desc.picture = with_value(255.0)), "picture has the value 255 at x 2, y 3"),
        (Box::new(|desc| desc.picture = with_value(f32::NAN)), "picture has the value NaN at x 2, y 3"),
        (Box::new(|desc| desc.picture = with_value(f32::INFINITY)), "picture has the value inf at x 2, y 3"),
        (Box::new(|desc| desc.picture = with_alpha(f32::NAN)), "picture has the value NaN at x 2, y 3"),
        (
            Box::new(|desc| (desc.picture, desc.mask) = (picture(8, 8), with_value(f32::NAN))),
            "mask has the value NaN at x 2, y 3",
        ),
        (
            Box::new(|desc| controls(desc, &[control(|c| c.picture = with_value(f32::NEG_INFINITY))])),
            "picture of controls[0] has the value -inf at x 2, y 3",
        ),
        (Box::new(|desc| (desc.picture, desc.mask) = (picture(8, 8), filled([0, 0, 0, 255]))), "mask selects nothing"),
        (Box::new(|desc| (desc.picture, desc.mask) = (picture(8, 8), filled([7, 7, 7, 255]))), "mask selects nothing"),
        (
            Box::new(|desc| (desc.picture, desc.mask) = (picture(8, 8), filled([255, 255, 255, 0]))),
            "mask selects nothing",
        ),
        (
            Box::new(|desc| (desc.picture, desc.flags) = (filled([9, 9, 9, 255]), SCUMBLE_GENERATION_MASK_FROM_ALPHA)),
            "mask selects nothing",
        ),
        (
            Box::new(|desc| {
                (desc.picture, desc.mask) = (picture(8, 8), filled([127, 127, 127, 255]));
                desc.flags = SCUMBLE_GENERATION_MASK_AS_DIFFUSERS;
            }),
            "mask selects nothing",
        ),
        (Box::new(|desc| latents(desc, nan)), "latents has the value NaN at 13; expected finite numbers"),
    ];
    for (change, words) in &cases {
        let generation = c::generation(prompt, change);
        refused(unsafe { scumble_generation_step(generation, ptr::null_mut()) }, InvalidArgument, &[words]);
        refused(unsafe { scumble_generation_error(generation) }, InvalidArgument, &[words]);
        assert_eq!(c::progress(generation).phase, 5);
        let by_worker = c::generation(prompt, change);
        ok(unsafe { scumble_generation_start(by_worker) });
        refused(unsafe { scumble_generation_wait(by_worker, -1) }, InvalidArgument, &[words]);
    }
    let fine: &[fn(&mut scumble_generation_desc)] = &[
        |desc| desc.picture = with_value(1.000_000_1),
        |desc| desc.picture = with_value(-1e-9),
        |desc| desc.picture = with_value(1.25),
        |desc| (desc.picture, desc.mask) = (picture(8, 8), filled([8, 8, 8, 255])),
        |desc| (desc.picture, desc.mask) = (picture(8, 8), with_value(1.1)),
    ];
    for change in fine {
        ok(unsafe { scumble_generation_step(c::generation(prompt, change), ptr::null_mut()) });
    }
}

#[test]
fn control_nets() {
    let prompt = c::prompt(fake::context(), 0);
    let cases: &[Case<scumble_generation_desc>] = &[
        (|desc| desc.control_count = 17, LimitExceeded, "control_count is 17; expected 0 to 16"),
        (|desc| desc.control_count = 1, InvalidArgument, "controls is NULL"),
        (|desc| controls(desc, &[control(|_| ()), ptr::null()]), InvalidArgument, "controls[1] is NULL"),
        (|desc| controls(desc, &[control(|c| c.struct_size = 8)]), InvalidStructSize, "scumble_control is 8"),
        (|desc| controls(desc, &[control(|c| c.controlnet = 1)]), NotSupported, "controlnet is 1; the context has 1"),
        (|desc| controls(desc, &[control(|c| c.controlnet = -1)]), NotSupported, "controlnet is -1; the context has 1"),
        (|desc| controls(desc, &[control(|c| c.scale = f32::NAN)]), InvalidArgument, "controls[0]: scale is NaN"),
        (|desc| controls(desc, &[control(|c| c.scale = -1.0)]), InvalidArgument, "controls[0]: scale is -1"),
        (|desc| controls(desc, &[control(|c| c.start = -0.1)]), InvalidArgument, "start is -0.1 and end 1"),
        (|desc| controls(desc, &[control(|c| c.end = 1.1)]), InvalidArgument, "start is 0 and end 1.1"),
        (
            |desc| controls(desc, &[control(|c| (c.start, c.end) = (0.5, 0.5))]),
            InvalidArgument,
            "start is 0.5 and end 0.5",
        ),
        (|desc| controls(desc, &[control(|c| c.reserved = 7)]), UnsupportedField, "reserved of controls[0] is 7"),
        (
            |desc| controls(desc, &[control(|c| c.picture = ptr::null())]),
            InvalidArgument,
            "picture of controls[0] is NULL",
        ),
        (
            |desc| controls(desc, &[control(|c| c.picture = changed(8, 8, |i| i.format = 4))]),
            InvalidArgument,
            "format of the picture of controls[0] is 4",
        ),
    ];
    for (change, status, words) in cases.iter().copied() {
        refused(create(prompt, change), status, &["scumble_generation_create", words]);
    }
    ok(create(prompt, |desc| controls(desc, &[control(|_| ()), control(|c| c.scale = 0.5)])));
}

/// What the model cannot do is said when it is asked for.
#[test]
fn pictures_for_a_model_without_an_encoder() {
    let without = common::model::ModelCopy::new();
    without.remove("vae_encoder");
    let path = std::ffi::CString::new(without.path().to_str().unwrap()).unwrap();
    let mut desc = c::desc(scumble_context_desc_init);
    desc.model_path = path.as_ptr();
    let mut context = ptr::null_mut();
    ok(unsafe { scumble_context_create(&desc, &mut context) });
    ok(unsafe { scumble_context_wait(context, -1) });
    let mut info: scumble_context_info = c::output();
    ok(unsafe { scumble_context_get_info(context, &mut info) });
    assert_eq!((info.features, info.controlnets), (SCUMBLE_FEATURE_CLIP_SKIP, 0));
    let prompt = c::prompt(context, 0);
    refused(create(prompt, |desc| desc.picture = picture(64, 64)), NotSupported, &["has no vae_encoder"]);
    refused(
        create(prompt, |desc| controls(desc, &[control(|_| ())])),
        NotSupported,
        &["the context has 0 ControlNets"],
    );

    // Its text encoder has three layers.
    let mut desc = c::desc(scumble_prompt_desc_init);
    (desc.text, desc.clip_skip) = (c"a red apple".as_ptr(), 3);
    let mut prompt = ptr::null_mut();
    let answer = unsafe { scumble_prompt_create(context, &desc, &mut prompt) };
    refused(answer, InvalidArgument, &["clip_skip is 3; expected at most 2"]);
    desc.clip_skip = 2;
    ok(unsafe { scumble_prompt_create(context, &desc, &mut prompt) });
    ok(unsafe { scumble_prompt_wait(prompt, -1) });
}

#[test]
fn blends() {
    let context = fake::context();
    let (first, second) = (c::prompt_by_hand(context), c::prompt_by_hand(context));
    let elsewhere = c::prompt_by_hand(fake::context());
    let unready = c::prompt(context, SCUMBLE_PROMPT_BY_HAND);
    let blend = |second, factor| {
        let mut blended = ptr::null_mut();
        let answer = unsafe { scumble_prompt_blend(first, second, factor, &mut blended) };
        assert_eq!(blended.is_null(), answer != Status::Ok);
        answer
    };
    for factor in [f32::NAN, -0.1, 1.1, f32::INFINITY] {
        refused(blend(second, factor), InvalidArgument, &[&format!("factor is {factor}; expected 0 to 1")]);
    }
    refused(blend(elsewhere, 0.5), InvalidArgument, &["second belongs to another context"]);
    refused(blend(unready, 0.5), NotReady, &["not encoded yet"]);
    ok(blend(second, 0.5));
    ok(blend(first, 0.0));
}
