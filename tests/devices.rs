//! Devices: which there are, why others are not, and what becomes of a context whose device is lost.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod common;

use std::ffi::{c_char, CStr, CString};
use std::ptr;
use std::sync::Arc;

use common::c::{self, ok, output, refused};
use common::painting::bits;
use parking_lot::Mutex;
use scumble::ffi::*;
use scumble::runtime::{self, Place, Provider};
use scumble::{
    log, testing, Context, Device, Generation, Phase, Places, Preview, PreviewSource, Prompt, Request, Source, Status,
    Texts,
};

/// Failures are armed for whoever computes next.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn text(field: &[c_char]) -> String {
    unsafe { CStr::from_ptr(field.as_ptr()) }.to_str().unwrap().to_owned()
}

fn devices() -> Vec<scumble_device_info> {
    ok(unsafe { scumble_runtime_load(ptr::null()) });
    let mut count = 0;
    ok(unsafe { scumble_device_count(&mut count) });
    (0..count)
        .map(|index| {
            let mut info: scumble_device_info = output();
            ok(unsafe { scumble_device_get_info(index, &mut info) });
            info
        })
        .collect()
}

/// What a context on this device ends with.
fn load(device: Option<&str>) -> (Status, *mut scumble_context) {
    let model = CString::new(common::model().to_str().unwrap()).unwrap();
    let device = device.map(|name| CString::new(name).unwrap());
    let mut desc = c::desc(scumble_context_desc_init);
    desc.model_path = model.as_ptr();
    desc.device = device.as_ref().map_or(ptr::null(), |name| name.as_ptr());
    let mut context = ptr::null_mut();
    ok(unsafe { scumble_context_create(&desc, &mut context) });
    (unsafe { scumble_context_wait(context, -1) }, context)
}

/// Every provider that this system can have is listed, what works first, and the rest with its reason.
#[test]
fn what_there_is_and_why_not() {
    let devices = devices();
    let named = |info: &scumble_device_info| text(&info.device);
    let usable: Vec<bool> = devices.iter().map(|info| info.usable == 1).collect();
    assert!(usable.is_sorted_by(|a, b| a >= b), "what works comes first");
    let cpu = devices.iter().find(|info| named(info) == "cpu").unwrap();
    assert_eq!((cpu.usable, cpu.hardware, text(&cpu.reason)), (1, 1, String::new()));
    assert!(text(&cpu.name).ends_with(std::env::consts::ARCH));
    for info in &devices {
        assert_eq!(info.usable == 0, !text(&info.reason).is_empty(), "{}", named(info));
        println!("{} {:?} {:?} {}", named(info), text(&info.name), text(&info.vendor), text(&info.reason));
    }
    for provider in Provider::all().into_iter().filter(|provider| provider.exists_here()) {
        assert!(devices.iter().any(|info| named(info).starts_with(provider.name())), "{}", provider.name());
    }
}

/// What is named is taken or refused; nothing else is taken in its place.
#[test]
fn a_device_that_does_not_work_is_an_error() {
    for info in devices().iter().filter(|info| info.usable == 0) {
        let (device, reason) = (text(&info.device), text(&info.reason));
        let (answer, _) = load(Some(&device));
        refused(answer, Status::DeviceNotFound, &[&format!("\"{device}\", which cannot be used: {reason}")]);
    }
    let (answer, _) = load(Some("cuda:77"));
    refused(answer, Status::DeviceNotFound, &["device is \"cuda:77\", which is not there; found ", "cpu"]);
}

#[test]
fn the_context_says_where_it_runs_and_the_log_why() {
    while log::next().is_some() {}
    let (answer, context) = load(None);
    ok(answer);
    let mut info: scumble_context_info = output();
    ok(unsafe { scumble_context_get_info(context, &mut info) });
    let has_to_be_named = |info: &scumble_device_info| text(&info.device).starts_with("openvino");
    let suits = |info: &scumble_device_info| info.usable == 1 && info.hardware == 1 && !has_to_be_named(info);
    let best = devices().into_iter().find(suits).unwrap();
    assert_eq!((text(&info.device), text(&info.device_name)), (text(&best.device), text(&best.name)));
    let lines: Vec<String> = std::iter::from_fn(log::next).map(|entry| entry.text).collect();
    let line = lines.iter().find(|line| line.starts_with(&format!("device {} (", text(&info.device)))).unwrap();
    for reason in devices().iter().filter(|info| info.usable == 0 && text(&info.device).starts_with("cuda")) {
        assert!(line.contains(&text(&reason.reason)), "{line}");
    }
}

#[test]
fn options_need_a_provider_that_has_some() {
    let model = CString::new(common::model().to_str().unwrap()).unwrap();
    let create = |device: Option<&'static CStr>, options: &'static CStr| {
        let mut desc = c::desc(scumble_context_desc_init);
        desc.model_path = model.as_ptr();
        desc.device = device.map_or(ptr::null(), CStr::as_ptr);
        desc.device_options = options.as_ptr();
        let mut context = ptr::null_mut();
        unsafe { scumble_context_create(&desc, &mut context) }
    };
    refused(create(None, c"use_tf32=1"), Status::InvalidArgument, &["without a device"]);
    refused(create(Some(c"cpu"), c"a=1"), Status::NotSupported, &["\"cpu\", which has none"]);
    let expected: &[&str] = &["device_options has \"fast\"; expected \"key=value; key=value\""];
    refused(create(Some(c"cuda"), c"a=1; fast"), Status::InvalidArgument, expected);
    ok(create(Some(c"cpu"), c" ; "));
}

#[test]
fn names_of_devices() {
    let place = |provider, index| Place { provider, index };
    assert_eq!("cpu".parse(), Ok(Place::cpu()));
    assert_eq!("cuda".parse(), Ok(place(Provider::Cuda, 0)));
    assert_eq!("tensorrt-rtx:3".parse(), Ok(place(Provider::TensorRtRtx, 3)));
    for name in ["", "CUDA", "cuda:", "cuda:x", "cuda:-1", "npu", "cpu "] {
        let error = name.parse::<Place>().unwrap_err();
        assert_eq!(error.status(), Status::DeviceNotFound);
        assert!(
            error.to_string().contains(&format!("device is \"{name}\"; expected auto, or one of cuda, ")),
            "{error}"
        );
    }
}

/// A library that is no provider's leaves everything as it was.
#[test]
fn a_library_that_is_no_providers() {
    let before = devices().len();
    let libscumble = CString::new(common::c_program::library().to_str().unwrap()).unwrap();
    for path in [c"/no/such/library.so", c"library.so", libscumble.as_c_str()] {
        let answer = unsafe { scumble_runtime_add_provider(path.as_ptr()) };
        refused(
            answer,
            Status::RuntimeInvalid,
            &[path.to_str().unwrap(), "cannot be added to this ONNX Runtime as a provider"],
        );
    }
    assert_eq!(devices().len(), before);
    ok(load(Some("cpu")).0);
}

/// The CPU that is named is ONNX Runtime's own provider, also where a library has another for it: that rounds otherwise.
#[test]
fn the_cpu_is_nobody_else() {
    if common::device().place.is_none_or(|place| place.provider != Provider::OpenVino) {
        return; // tools/gpu/openvino.sh has it
    }
    let _alone = ONE_AT_A_TIME.lock();
    let paint = |device: Device| {
        let generation = start(&open_on(device));
        generation.start().unwrap();
        bits(&generation)
    };
    let cpu = Device { place: Some(Place::cpu()), ..common::device() };
    let openvino = paint(common::device());
    assert!(openvino == paint(common::device()));
    assert!(openvino != paint(cpu));
}

fn open() -> Arc<Context> {
    open_on(common::device())
}

fn open_on(device: Device) -> Arc<Context> {
    let context = Context::open(Places::at(common::model()), device).unwrap();
    context.wait(None).unwrap();
    context
}

fn start(context: &Arc<Context>) -> Arc<Generation> {
    let prompt = Prompt::create(context, Texts::of("a red apple"), false).unwrap();
    prompt.wait(None).unwrap();
    let request = Request { seed: Some(14), steps: Some(4), keep_latents: true, ..Request::default() };
    Generation::create(&prompt, &request, &Preview::default()).unwrap()
}

/// Whatever is being computed when the device is lost or its memory runs out fails with a status of its own. The
/// context then paints as before, and others never notice.
#[test]
fn lost_devices_and_memory() {
    const LOST: &str = "CUDA failure 719: unspecified launch failure ; GPU=0 ; expr=cudaStreamSynchronize(stream)";
    const MEMORY: &str = "CUDA failure 2: out of memory ; GPU=0 ; expr=cudaMalloc((void**)&p, size)";
    let _alone = ONE_AT_A_TIME.lock();
    let (context, other) = (open(), open());
    let paint = |context: &Arc<Context>| {
        let generation = start(context);
        generation.start().unwrap();
        bits(&generation)
    };
    let picture = paint(&context);
    for (text, status) in [(LOST, Status::DeviceLost), (MEMORY, Status::OutOfDeviceMemory)] {
        // In the UNet, at once and late, and in the decoder, whatever it tries.
        for (after, times) in [(0, 1), (3, 1), (4, 100)] {
            let generation = start(&context);
            testing::arm_failures("component_run", after, times, text);
            generation.start().unwrap();
            let error = generation.wait(None).unwrap_err();
            assert_eq!(error.status(), status, "{error}");
            assert!(error.to_string().contains(text), "{error}");
            let unet = context.loaded().unwrap().info.memory.unet.bytes();
            let is_empty = status == Status::DeviceLost || times > 1;
            assert_eq!(unet == 0, is_empty, "a lost device holds nothing, and decoding again needs all there is");
            testing::arm_failures("component_run", 0, 0, "");
            assert!(paint(&other) == picture && paint(&context) == picture);
        }
    }
}

/// What was sampled is decoded in another way where the first fails: in tiles, and again when the host asks for it.
#[test]
fn images_that_were_sampled_are_not_lost() {
    const MEMORY: &str = "Failed to allocate memory for requested buffer of size 1048576";
    let _alone = ONE_AT_A_TIME.lock();
    let context = open();
    let prompt = Prompt::create(&context, Texts::of("a red apple"), false).unwrap();
    prompt.wait(None).unwrap();
    let request = Request { width: Some(256), height: Some(128), seed: Some(14), steps: Some(2), ..Request::default() };
    // Of runs of the model: the UNet's two come first.
    let generate = |failures| {
        let generation = Generation::create(&prompt, &request, &Preview::default()).unwrap();
        testing::arm_failures("component_run", 2, failures, MEMORY);
        generation.start().unwrap();
        let answer = generation.wait(None);
        testing::arm_failures("component_run", 0, 0, "");
        (generation, answer)
    };
    let pixels = |generation: &Generation| generation.picture(Source::Final).unwrap().rgba().to_vec();
    let (whole, answer) = generate(0);
    answer.unwrap();
    let (tiled, answer) = generate(1);
    answer.unwrap();
    let squares = pixels(&whole).iter().zip(pixels(&tiled)).map(|(a, b)| f64::from(a.abs_diff(b)).powi(2)).sum::<f64>();
    let psnr = 20.0 * 255f64.log10() - 10.0 * (squares / pixels(&whole).len() as f64).log10();
    println!("in tiles: {psnr:.1} dB");
    assert!(psnr.is_finite() && psnr > 25.0, "{psnr} dB");

    let (failed, answer) = generate(100);
    assert_eq!(answer.unwrap_err().status(), Status::OutOfMemory);
    assert_eq!(failed.poll().phase, Phase::Failed);
    let latents = failed.latents().unwrap();
    assert!(latents.dim() == (1, 4, 32, 64) && latents.iter().any(|x| *x != 0.0), "{:?}", latents.dim());
    // Once more in vain, then for good.
    testing::arm_failures("component_run", 0, 100, MEMORY);
    assert_eq!(failed.decode().unwrap_err().status(), Status::OutOfMemory);
    assert_eq!((failed.poll().phase, failed.poll().status), (Phase::Failed, Status::OutOfMemory));
    testing::arm_failures("component_run", 0, 0, "");
    assert!(failed.latents().unwrap() == latents);
    failed.decode().unwrap();
    assert_eq!((failed.poll().phase, failed.poll().status), (Phase::Done, Status::Ok));
    assert!(failed.error().is_none() && pixels(&failed) == pixels(&whole));
    assert_eq!(failed.decode().unwrap_err().status(), Status::WrongState);
    assert_eq!(failed.latents().unwrap_err().status(), Status::WrongState, "they were not asked for");
}

/// A preview that fails for want of memory is left out, and the log tells.
#[test]
fn previews_that_fail_are_left_out() {
    let _alone = ONE_AT_A_TIME.lock();
    let context = open();
    let prompt = Prompt::create(&context, Texts::of("a red apple"), false).unwrap();
    prompt.wait(None).unwrap();
    let request = Request { seed: Some(14), steps: Some(3), ..Request::default() };
    let preview = Preview { every: 1, source: PreviewSource::Full, ..Preview::default() };
    let generation = Generation::create(&prompt, &request, &preview).unwrap();
    while log::next().is_some() {}
    testing::arm_failures("component_run", 1, 2, "bad_alloc"); // at once, and after it was trimmed
    generation.start().unwrap();
    generation.wait(None).unwrap();
    assert_eq!(generation.poll().previews, 1, "two are due, and one is left out");
    let lines: Vec<String> = std::iter::from_fn(log::next).map(|entry| entry.text).collect();
    assert!(lines.iter().any(|line| line.starts_with("the preview after evaluation 1 is left out")), "{lines:?}");
}

/// The providers of NVIDIA say what is missing of the driver, where this ONNX Runtime was built with them.
#[test]
fn nvidia_says_why_there_is_no_driver() {
    runtime::load(None).unwrap();
    for device in runtime::look().unwrap().iter().filter(|device| device.place.provider.is_nvidia()) {
        let reason = device.unusable.as_deref().unwrap_or_default();
        let of_driver = reason.contains("libcuda") || reason.contains("nvcuda") || reason.contains("the NVIDIA driver");
        assert_eq!(reason.contains("was built without it"), !device.place.provider.is_built_in(), "{reason}");
        assert!(
            device.unusable.is_none() || !device.place.provider.is_built_in() || of_driver || !device.name.is_empty()
        );
    }
}
