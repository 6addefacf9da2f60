//! Runs that a device records and plays again: the pictures are those of runs that are not, whatever comes between.
//! `tools/gpu/swiftshader.sh` and `run.sh` have such devices.

mod common;

use std::sync::Arc;

use common::golden;
use common::model::ModelCopy;
use ort::logging::LogLevel;
use parking_lot::Mutex;
use scumble::runtime::{self, Provider};
use scumble::{log, Context, Device, Generation, Places, Preview, Prompt, Request, Status, Texts};

/// The log is everybody's.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Of max |recorded − not recorded|: sizes that are fixed let ONNX Runtime fold some constants.
const TOLERANCE: f32 = 1e-4;

/// The device that the tests run on, told to record.
fn recording() -> Device {
    let device = common::device();
    let key = match device.place.unwrap().provider {
        Provider::Cuda => "enable_cuda_graph",
        Provider::WebGpu => "enableGraphCapture",
        _ => panic!("SCUMBLE_TEST_DEVICE names no device that records runs"),
    };
    Device { provider_options: vec![(key.into(), "1".into())], ..device }
}

fn open(model: &ModelCopy, device: Device) -> Arc<Context> {
    let context = Context::open(Places::at(model.path()), device).unwrap();
    context.wait(None).unwrap();
    context
}

fn start(context: &Arc<Context>, text: &str, (width, height): (i32, i32), guidance: f32) -> Arc<Generation> {
    let prompt = Prompt::create(context, Texts::of(text), false).unwrap();
    prompt.wait(None).unwrap();
    let request = Request {
        width: Some(width),
        height: Some(height),
        steps: Some(5),
        guidance_scale: Some(guidance),
        seed: Some(3),
        scheduler: Some("ddim".into()),
        keep_latents: true,
        ..Request::default()
    };
    let generation = Generation::create(&prompt, &request, &Preview::default()).unwrap();
    generation.start().unwrap();
    generation
}

fn latents(generation: &Generation) -> Vec<f32> {
    generation.wait(None).unwrap();
    generation.latents().unwrap().iter().copied().collect()
}

fn same(generation: &Generation, expected: &[f32]) {
    let error = golden::error(latents(generation).iter(), expected);
    assert!(error < TOLERANCE, "{error}");
}

/// How many runs were played since the last time, as ONNX Runtime tells.
fn played() -> usize {
    std::iter::from_fn(log::next).filter(|entry| entry.text.contains("Replaying the captured")).count()
}

#[test]
#[ignore = "needs a device that records runs: tools/gpu/swiftshader.sh, tools/gpu/run.sh"]
fn pictures_are_the_same() {
    let _alone = ONE_AT_A_TIME.lock();
    let device = recording();
    runtime::load(None).unwrap();
    let environment = runtime::environment().unwrap();
    // Exporters that name sizes, and that give as many timesteps as pictures.
    for model in ["sd1", "sd1-script", "sd1-timestep-int64"].map(ModelCopy::reference) {
        let plain = open(&model, common::device());
        let paint = |text: &str, size, guidance| latents(&start(&plain, text, size, guidance));
        let (square, wide) = ((64, 64), (96, 64));
        let (apple, pear) = (paint("a red apple", square, 7.5), paint("a green pear", square, 7.5));
        let (broad, alone) = (paint("a red apple", wide, 7.5), paint("a red apple", square, 1.0));
        assert!(golden::error(apple.iter(), &pear) > 100.0 * TOLERANCE);

        environment.set_log_level(LogLevel::Info);
        let context = open(&model, device.clone());
        played();
        same(&start(&context, "a red apple", square, 7.5), &apple);
        assert_eq!(played(), 4, "the first of five is recorded");
        same(&start(&context, "a green pear", square, 7.5), &pear);
        assert_eq!(played(), 5);
        // Other sizes, other numbers of pictures at once.
        same(&start(&context, "a red apple", wide, 7.5), &broad);
        assert_eq!(played(), 4);
        same(&start(&context, "a red apple", square, 1.0), &alone);
        assert_eq!(played(), 4);
        // What ends at any moment leaves nothing half recorded.
        for _ in 0..3 {
            start(&context, "a green pear", square, 7.5).cancel();
        }
        same(&start(&context, "a red apple", square, 7.5), &apple);
        context.trim().unwrap();
        same(&start(&context, "a red apple", square, 7.5), &apple);
        // In turns, one step each.
        let [first, second] = ["a red apple", "a green pear"].map(|text| start(&context, text, square, 7.5));
        same(&first, &apple);
        same(&second, &pear);
        environment.set_log_level(LogLevel::Warning);
    }
}

/// ControlNets add pictures of any size to the UNet.
#[test]
#[ignore = "needs a device that records runs: tools/gpu/swiftshader.sh, tools/gpu/run.sh"]
fn control_nets_are_not_recorded() {
    let _alone = ONE_AT_A_TIME.lock();
    let device = recording();
    while log::next().is_some() {}
    let copy = ModelCopy::reference("sd1-controlnet");
    let context = open(&copy, device);
    let told = std::iter::from_fn(log::next).any(|entry| entry.text.starts_with("unet: its runs are not recorded"));
    assert!(told);
    latents(&start(&context, "a red apple", (64, 64), 7.5));
}

/// This one computes in double precision here and there, which WebGPU leaves to the CPU, and otherwise in float16, which
/// not every adapter has.
#[test]
#[ignore = "needs a device that records runs: tools/gpu/swiftshader.sh, tools/gpu/run.sh"]
fn what_cannot_be_recorded() {
    let _alone = ONE_AT_A_TIME.lock();
    let device = recording();
    if device.place.unwrap().provider != Provider::WebGpu {
        return; // other devices compute all of this model
    }
    let copy = ModelCopy::reference("sd1-io16");
    let context = Context::open(Places::at(copy.path()), device).unwrap();
    let (error, why) = match context.wait(None) {
        Ok(_) => (start(&context, "a red apple", (64, 64), 7.5).wait(None).unwrap_err(), "ask for recorded runs"),
        Err(error) => (error, "the device does not compute in float16"),
    };
    assert_eq!(error.status(), Status::NotSupported, "{error}");
    assert!(error.to_string().contains(why), "{error}");
}
