//! CUDA's provider on libraries that stand in for NVIDIA's and compute nothing (`tools/gpu/standin.sh`): what is copied,
//! what is kept, what is recorded, and what becomes of a device that is lost or full.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod common;

use std::env;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use common::model::ModelCopy;
use libloading::Library;
use parking_lot::Mutex;
use scumble::model::bytes_copied;
use scumble::runtime::Place;
use scumble::{
    Context, ControlRequest, Device, Format, Generation, Pixels, Places, Preview, Prompt, Request, Status, Texts,
};

/// There is one device, and all count on it.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// `standin.h` says what these are.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    held: u64,
    to_device: u64,
    to_host: u64,
    launches: u64,
    graphs: u64,
    replays: u64,
    captured_copies: u64,
}

/// The library that stands in for NVIDIA's runtime.
struct StandIn(Library);

impl StandIn {
    fn find() -> Self {
        let path = env::var_os("SCUMBLE_TEST_STANDIN").expect("SCUMBLE_TEST_STANDIN names it: tools/gpu/standin.sh");
        let standin = Self(unsafe { Library::new(path) }.unwrap());
        // Whatever another test left.
        standin.fail(0, 0);
        standin.limit(0);
        standin
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        unsafe { (self.0.get::<unsafe extern "C" fn(*mut Counts)>(b"standin_read").unwrap())(&mut counts) };
        counts
    }

    /// The launch after so many fails with this error of CUDA's, and so does all that follows; 0: nothing does.
    fn fail(&self, launches: i64, error: i32) {
        unsafe { (self.0.get::<unsafe extern "C" fn(i64, i32)>(b"standin_fail").unwrap())(launches, error) };
    }

    /// The memory that the device has; 0: all.
    fn limit(&self, bytes: u64) {
        unsafe { (self.0.get::<unsafe extern "C" fn(u64)>(b"standin_limit").unwrap())(bytes) };
    }
}

fn open(model: &ModelCopy, device: Device) -> Arc<Context> {
    let context = Context::open(Places::at(model.path()), device).unwrap();
    context.wait(None).unwrap();
    context
}

fn recorded() -> Device {
    Device { provider_options: vec![("enable_cuda_graph".into(), "1".into())], ..common::device() }
}

fn grey(size: usize) -> Arc<Pixels> {
    let bytes = vec![128; 3 * size * size];
    Arc::new(Pixels::read(&bytes, Format::Rgb8, (size, size), 3 * size, false, "grey").unwrap())
}

/// Of the first so many ControlNets.
fn controls(number: usize) -> Vec<ControlRequest> {
    let control = |index| ControlRequest { index, picture: grey(64), scale: 0.5, start: 0.0, end: 1.0 };
    (0..number as i32).map(control).collect()
}

fn start(context: &Arc<Context>, steps: i32, size: i32, controlnets: usize) -> Arc<Generation> {
    let prompt = Prompt::create(context, Texts::of("a red apple"), false).unwrap();
    let request = Request {
        width: Some(size),
        height: Some(size),
        steps: Some(steps),
        scheduler: Some("ddim".into()),
        controls: controls(controlnets),
        keep_latents: true,
        ..Request::default()
    };
    let generation = Generation::create(&prompt, &request, &Preview::default()).unwrap();
    generation.start().unwrap();
    generation
}

fn paint(context: &Arc<Context>, steps: i32, controlnets: usize) -> scumble::Result<()> {
    start(context, steps, 64, controlnets).wait(None)
}

/// Everything that the families' golden pictures need goes through the provider.
#[test]
#[ignore = "tools/gpu/standin.sh runs it"]
fn models_of_all_kinds() {
    let _alone = ONE_AT_A_TIME.lock();
    let _standin = StandIn::find();
    for model in ModelCopy::references() {
        let copy = ModelCopy::reference(&model);
        let context = open(&copy, common::device());
        let features = context.loaded().unwrap().info.features;
        let picture = features.images.then(|| grey(64));
        let mask = features.inpainting.then(|| grey(64));
        let prompt = Prompt::create(&context, Texts::of("a red apple"), false).unwrap();
        let steps = Some(4);
        let request = Request { picture, mask, steps, controls: controls(features.controlnets), ..Request::default() };
        let generation = Generation::create(&prompt, &request, &Preview::default()).unwrap();
        generation.start().unwrap();
        generation.wait(None).unwrap_or_else(|error| panic!("{model}: {error}"));
    }
}

/// Weights, embeddings and what ControlNets add stay on the device: of a step, its latents cross, and back.
#[test]
#[ignore = "tools/gpu/standin.sh runs it"]
fn only_latents_cross() {
    let _alone = ONE_AT_A_TIME.lock();
    let standin = StandIn::find();
    for (model, device, controlnets, element) in [
        ("sd1", common::device(), 0, 4),
        ("sd1", recorded(), 0, 4),
        ("sdxl", common::device(), 0, 4),
        ("sd1-io16", common::device(), 0, 2),
        ("sd1-controlnets", common::device(), 2, 4),
    ] {
        let copy = ModelCopy::reference(model);
        let context = open(&copy, device);
        let generation = start(&context, 2, 64, controlnets);
        generation.wait(None).unwrap();
        let latents = 2 * generation.latents().unwrap().len() as u64 * element; // guidance has two of them
        let count = |steps| {
            let (before, said) = (standin.counts(), bytes_copied());
            paint(&context, steps, controlnets).unwrap();
            let after = standin.counts();
            [after.to_device - before.to_device, after.to_host - before.to_host, bytes_copied() - said]
        };
        let (few, many) = (count(3), count(13));
        let [there, back, said] = [0, 1, 2].map(|i| (many[i] - few[i]) / 10);
        println!("{model}: {there} bytes there, {back} back, {said} as Scumble counts");
        assert_eq!(back, latents, "{model}");
        // Besides them, numbers such as the timestep.
        let needed = latents * (1 + controlnets as u64);
        assert!((needed..needed + 512).contains(&there), "{model}: {there}");
        assert!(said.abs_diff(there + back) < 512, "{model}: {said}");
    }
}

#[test]
#[ignore = "tools/gpu/standin.sh runs it"]
fn recorded_runs_are_played() {
    let _alone = ONE_AT_A_TIME.lock();
    let standin = StandIn::find();
    let copy = ModelCopy::reference("sd1");
    let context = open(&copy, recorded());
    let before = standin.counts();
    paint(&context, 5, 0).unwrap();
    let recorded = standin.counts();
    paint(&context, 5, 0).unwrap();
    let played = standin.counts();
    assert_eq!(recorded.graphs - before.graphs, 1);
    assert_eq!(played.graphs, recorded.graphs);
    assert_eq!(played.replays - recorded.replays, 5);
    assert_eq!(played.captured_copies, 0, "what comes from the host is copied before a graph, not in it");
}

/// A kernel that crashes, or that a watchdog ends, takes the device from the whole process, but not the CPU.
#[test]
#[ignore = "tools/gpu/standin.sh runs it"]
fn lost_devices() {
    const ERRORS: [i32; 2] = [700, 702];
    let _alone = ONE_AT_A_TIME.lock();
    let standin = StandIn::find();
    let copy = ModelCopy::reference("sd1");
    let on_cpu = open(&copy, Device { place: Some(Place::cpu()), ..Device::default() });
    for device in [common::device(), recorded()] {
        let context = open(&copy, device);
        paint(&context, 3, 0).unwrap();
        let before = standin.counts().launches;
        paint(&context, 3, 0).unwrap();
        let launches = (standin.counts().launches - before) as i64;
        for error in ERRORS {
            // In the text encoder, in the UNet, in the decoder.
            for at in [1, launches / 2, launches - 2] {
                let (other, unused) = (open(&copy, common::device()), open(&copy, common::device()));
                paint(&other, 2, 0).unwrap();
                standin.fail(at, error);
                match paint(&context, 3, 0) {
                    Ok(()) => assert_eq!(at, launches - 2, "what was sampled is decoded on the CPU"),
                    Err(lost) => assert_eq!(lost.status(), Status::DeviceLost, "{lost}"),
                }
                for context in [&context, &other] {
                    let still = paint(context, 3, 0).unwrap_err();
                    assert_eq!(still.status(), Status::DeviceLost, "{still}");
                }
                drop(unused);
                paint(&on_cpu, 2, 0).unwrap();
                standin.fail(0, 0);
                paint(&context, 3, 0).unwrap();
                paint(&other, 3, 0).unwrap();
            }
        }
    }
}

/// Memory that runs out says so, while a model is loaded and while it runs. All of it comes back.
#[test]
#[ignore = "tools/gpu/standin.sh runs it"]
fn full_devices() {
    let _alone = ONE_AT_A_TIME.lock();
    let standin = StandIn::find();
    let copy = ModelCopy::reference("sd1");
    let none = standin.counts().held;
    let context = open(&copy, common::device());
    paint(&context, 2, 0).unwrap();
    let held = standin.counts().held;
    standin.limit(held + (1 << 20));
    let full = start(&context, 2, 512, 0).wait(None).unwrap_err();
    assert_eq!(full.status(), Status::OutOfDeviceMemory, "{full}");
    let other = Context::open(Places::at(copy.path()), common::device()).unwrap();
    let full = other.wait(None).map(drop).unwrap_err();
    assert_eq!(full.status(), Status::OutOfDeviceMemory, "{full}");
    drop(other);
    standin.limit(0);
    start(&context, 2, 512, 0).wait(None).unwrap();
    let more = standin.counts().held;
    context.trim().unwrap();
    paint(&context, 2, 0).unwrap(); // after the trim, in its turn
    assert!(standin.counts().held < more);
    drop(context); // its thread lets go of the model
    let end = Instant::now() + Duration::from_secs(20);
    while standin.counts().held != none {
        assert!(Instant::now() < end, "{} bytes are still held", standin.counts().held);
        thread::sleep(Duration::from_millis(10));
    }
}
