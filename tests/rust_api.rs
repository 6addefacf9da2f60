//! What the C API refuses, the Rust API refuses too: with the same status and words, before anything is begun.

mod common;

use std::path::PathBuf;
use std::sync::Arc;

use common::fake;
use scumble::model::Syntax;
use scumble::{
    Context, ControlRequest, Device, Format, Generation, Options, Pace, Pixels, Places, Preview, Prompt, Request,
    Result, Status, Texts,
};

#[track_caller]
fn refused<T>(answer: Result<T>, status: Status, words: &str) {
    match answer {
        Ok(_) => panic!("no refusal with \"{words}\""),
        Err(error) => assert!(error.status() == status && error.to_string().contains(words), "{error} ({status:?})"),
    }
}

fn context() -> Arc<Context> {
    let context = Context::with_loader(|_| Ok(fake::model(|_| Ok(())))).unwrap();
    context.wait(None).unwrap();
    context
}

fn options(options: &[(&str, &str)]) -> Vec<(String, String)> {
    options.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
}

#[test]
fn contexts() {
    use Status::*;
    let places = || Places::at("/there/is/no/such/model");
    let long = || "a".repeat(32 * 1024 + 1);
    let many = |count| vec![PathBuf::from("controlnet"); count];
    for (places, status, words) in [
        (Places::at(""), InvalidArgument, "model_path is empty"),
        (Places::at(long()), LimitExceeded, "model_path is longer than 32768 bytes"),
        (Places { variant: Some("a".repeat(257)), ..places() }, LimitExceeded, "variant is longer than 256 bytes"),
        (Places { controlnets: many(17), ..places() }, LimitExceeded, "controlnet_count is 17; expected 0 to 16"),
        (
            Places { controlnets: vec![long().into()], ..places() },
            LimitExceeded,
            "controlnet_paths is longer than 32768",
        ),
    ] {
        refused(Context::open(places, Device::default()), status, words);
    }

    let device = |threads| Device { threads, ..Device::default() };
    let on = |place: &str, settings| Device {
        place: place.parse().ok(),
        provider_options: options(settings),
        ..Device::default()
    };
    let value = "1".repeat(4096);
    for (device, status, words) in [
        (device(0), InvalidArgument, "threads is 0; expected 1 to 256"),
        (device(257), InvalidArgument, "threads is 257; expected 1 to 256"),
        (device(9999), InvalidArgument, "threads is 9999; expected 1 to 256"),
        (device(usize::MAX), InvalidArgument, "threads is 9223372036854775807; expected 1 to 256"),
        (on("auto", &[("a", "1")]), InvalidArgument, "device_options is given without a device"),
        (on("cpu", &[("a", "1")]), NotSupported, "device_options is given for \"cpu\""),
        (on("directml", &[("a", "1")]), NotSupported, "device_options is given for \"directml:0\""),
        (on("cuda:1", &[("", "1")]), InvalidArgument, "device_options has \"=1\""),
        (on("cuda:1", &[("a", "1\0")]), InvalidArgument, "expected a key, and no NUL"),
        (on("cuda:1", &[("a", &value)]), LimitExceeded, "device_options is longer than 4096 bytes"),
    ] {
        refused(Context::open(places(), device), status, words);
    }
    let no_memory = Options { memory_budget: Some(0), ..Options::default() };
    refused(Context::open(places(), no_memory), InvalidArgument, "memory_budget is 0");
    refused("npu".parse::<scumble::runtime::Place>(), DeviceNotFound, "device is \"npu\"");

    for share in [0.0, -0.5, 1.5, f32::NAN] {
        refused(Pace::new(share), InvalidArgument, "expected more than 0, up to 1");
    }
    for threads in [1, 256] {
        let loaded = Context::open(places(), device(threads)).unwrap().wait(None);
        refused(loaded, ModelNotFound, "/there/is/no/such/model");
    }
}

#[test]
fn prompts() {
    use Status::*;
    let context = context();
    let create = |texts| Prompt::create(&context, texts, false);
    let long = || "a".repeat(64 * 1024 + 1);
    let weighted = |text: &str| Texts { syntax: Syntax::Weighted, ..Texts::of(text) };
    for (texts, status, words) in [
        (Texts::of(long()), LimitExceeded, "text has 65537 bytes"),
        (Texts { negative: Some(long()), ..Texts::of("a") }, LimitExceeded, "negative_text has 65537 bytes"),
        (Texts { clip_skip: usize::MAX, ..Texts::of("a") }, InvalidArgument, "clip_skip is 18446744073709551615"),
        (weighted("a (cat:101)"), InvalidArgument, "101"),
        (Texts { negative: Some("(a:1e39)".into()), ..weighted("a") }, InvalidArgument, "negative_text: "),
        (weighted(&"(".repeat(65)), LimitExceeded, "byte 64"),
    ] {
        refused(create(texts), status, words);
    }
    let [first, second] = ["a", "b"].map(|text| create(Texts::of(text)).unwrap());
    for factor in [-0.1, 1.1, f32::NAN] {
        refused(Prompt::blend(&first, &second, factor), InvalidArgument, "factor is ");
    }
    let other = Prompt::create(&self::context(), Texts::of("a"), false).unwrap();
    refused(Prompt::blend(&first, &other, 0.5), InvalidArgument, "second belongs to another context");
}

#[test]
fn generations() {
    use Status::*;
    let prompt = Prompt::create(&context(), Texts::of("a"), false).unwrap();
    let pixels = |side| {
        let bytes = vec![128; side * side * 3];
        Arc::new(Pixels::read(&bytes, Format::Rgb8, (side, side), side * 3, false, "picture").unwrap())
    };
    let control = |index, scale, start, end| ControlRequest { index, picture: pixels(8), scale, start, end };
    let controls = |controls| Request { controls, ..Request::default() };
    let name = |length| Some("a".repeat(length));
    let none = Request::default;
    let started = || Request { picture: Some(pixels(16)), ..Request::default() };
    for (request, status, words) in [
        (Request { width: Some(0), ..none() }, InvalidArgument, "width is 0"),
        (Request { width: Some(12), ..none() }, InvalidArgument, "width is 12"),
        (Request { height: Some(-8), ..none() }, InvalidArgument, "height is -8"),
        (Request { height: Some(8200), ..none() }, InvalidArgument, "height is 8200"),
        (Request { steps: Some(0), ..none() }, InvalidArgument, "steps is 0"),
        (Request { steps: Some(i32::MAX), ..none() }, InvalidArgument, "steps is 2147483647"),
        (Request { guidance_scale: Some(f32::NAN), ..none() }, InvalidArgument, "guidance_scale is NaN"),
        (Request { guidance_scale: Some(1000.5), ..none() }, InvalidArgument, "guidance_scale is 1000.5"),
        (Request { guidance_rescale: Some(-0.1), ..none() }, InvalidArgument, "guidance_rescale is -0.1"),
        (Request { scheduler: name(256), ..none() }, InvalidArgument, "scheduler is \"aaa"),
        (Request { scheduler: name(257), ..none() }, LimitExceeded, "scheduler is longer than 256 bytes"),
        (Request { sigmas: name(257), ..none() }, LimitExceeded, "sigmas is longer than 256 bytes"),
        (Request { strength: Some(1.1), ..started() }, InvalidArgument, "strength is 1.1"),
        (Request { strength: Some(f32::NAN), ..started() }, InvalidArgument, "strength is NaN"),
        (Request { strength: Some(0.5), ..none() }, InvalidArgument, "strength is given without a"),
        (Request { mask: Some(pixels(16)), ..none() }, InvalidArgument, "mask is given without a"),
        (Request { mask: Some(pixels(8)), ..started() }, InvalidArgument, "mask is 8 x 8"),
        (controls(vec![control(-1, 1.0, 0.0, 1.0)]), NotSupported, "controlnet is -1"),
        (controls(vec![control(1, 1.0, 0.0, 1.0)]), NotSupported, "controlnet is 1"),
        (controls(vec![control(0, 10.5, 0.0, 1.0)]), InvalidArgument, "scale is 10.5"),
        (controls(vec![control(0, f32::NAN, 0.0, 1.0)]), InvalidArgument, "scale is NaN"),
        (controls(vec![control(0, 1.0, 0.7, 0.35)]), InvalidArgument, "start is 0.7 and end 0.35"),
        (controls(vec![control(0, 1.0, f32::NAN, 1.0)]), InvalidArgument, "start is NaN"),
        (controls(vec![control(0, 1.0, 0.0, 1.0); 17]), LimitExceeded, "control_count is 17; expected 0 to 16"),
    ] {
        refused(Generation::create(&prompt, &request, &Preview::default()), status, words);
    }
    let every = || Preview { every: 1, ..Preview::default() };
    for (preview, words) in [
        (Preview { every: -1, ..Preview::default() }, "preview_every is -1"),
        (Preview { width: Some(0), ..every() }, "preview_width is 0"),
        (Preview { width: Some(8193), ..every() }, "preview_width is 8193"),
        (Preview { height: Some(-1), ..every() }, "preview_height is -1"),
    ] {
        refused(Generation::create(&prompt, &Request::default(), &preview), InvalidArgument, words);
    }
    let sixteen = controls(vec![control(0, 1.0, 0.0, 1.0); 16]);
    Generation::create(&prompt, &sixteen, &Preview { every: i32::MAX, ..Preview::default() }).unwrap();
}
