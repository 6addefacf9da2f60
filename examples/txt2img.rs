//! Paints a picture of a prompt and tells where the time went.
//!
//! `cargo run --release --example txt2img -- "a red apple, 3d style, on a blue background"`

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use scumble::model::bytes_copied;
use scumble::model::Held;
use scumble::runtime::Place;
use scumble::scheduler::{Sampler, Sigmas};
use scumble::{
    runtime, Context, Device, Format, Generation, Options, Phase, Picture, Pixels, Places, Preview, Prompt, Request,
    Seamless, Source, Texts, Weights,
};

/// Paint a picture with Stable Diffusion.
#[derive(Parser)]
struct Arguments {
    /// What the picture shall show
    #[arg(required_unless_present = "list")]
    prompt: Option<String>,
    /// What it shall not show
    #[arg(long)]
    negative: Option<String>,
    /// Directory of the model
    #[arg(long, value_name = "DIR", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/models/emblem"))]
    model: PathBuf,
    /// Steps of the scheduler [default: the model's]
    #[arg(long, allow_negative_numbers = true)]
    steps: Option<i32>,
    /// Guidance scale [default: the model's]
    #[arg(long, allow_negative_numbers = true)]
    guidance: Option<f32>,
    /// Seed of the noise
    #[arg(long, default_value_t = 14)]
    seed: u64,
    /// Scheduler, as people type it: euler_a, "DPM++ 2M Karras" [default: the model's]
    #[arg(long, value_name = "NAME")]
    scheduler: Option<String>,
    /// Spacing of the sigmas: karras, exponential, ays, trailing ... [default: the model's]
    #[arg(long, value_name = "NAME")]
    sigmas: Option<String>,
    /// Width in pixels [default: the model's]
    #[arg(long, allow_negative_numbers = true)]
    width: Option<i32>,
    /// Height in pixels [default: the model's]
    #[arg(long, allow_negative_numbers = true)]
    height: Option<i32>,
    /// Picture to start from
    #[arg(long, value_name = "FILE")]
    init: Option<PathBuf>,
    /// How far to depart from it, 0 to 1 [default: 0.8, or 1 with a mask]
    #[arg(long, allow_negative_numbers = true)]
    strength: Option<f32>,
    /// What of it to repaint: where this picture of the same size is bright
    #[arg(long, value_name = "FILE")]
    mask: Option<PathBuf>,
    /// Make edges match, so that the picture tiles: x (left and right), y (top and bottom) or xy
    #[arg(long, value_name = "AXES", value_parser = ["x", "y", "xy"])]
    seamless: Option<String>,
    /// File to write
    #[arg(long, value_name = "FILE", default_value = "out.png")]
    out: PathBuf,
    /// ONNX Runtime library
    #[arg(long, value_name = "PATH")]
    runtime: Option<PathBuf>,
    /// Library of a further provider
    #[arg(long, value_name = "PATH")]
    provider: Option<PathBuf>,
    /// Device to run on, as --list names it [default: the best]
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// Settings of its provider: "key=value; key=value"
    #[arg(long, value_name = "LIST", default_value = "", hide_default_value = true)]
    device_options: String,
    /// Threads that compute [default: the machine's]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// The most memory that the model may take, in megabytes
    #[arg(long, value_name = "MB")]
    memory_budget: Option<u64>,
    /// How weights are kept: repacked or mapped [default: repacked, or mapped where that keeps the budget]
    #[arg(long, value_name = "HOW", value_parser = ["repacked", "mapped"])]
    weights: Option<String>,
    /// Directory for a preview of each step
    #[arg(long, value_name = "DIR")]
    previews: Option<PathBuf>,
    /// Paint it so often, to measure: the first time, memory and kernels are new
    #[arg(long, value_name = "N", default_value_t = 1, hide_default_value = true)]
    repeat: usize,
    /// List devices, schedulers and spacings
    #[arg(long)]
    list: bool,
}

fn main() {
    if let Err(error) = run(&Arguments::parse()) {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    runtime::load(arguments.runtime.as_deref())?;
    if let Some(path) = &arguments.provider {
        runtime::add_provider(path)?;
    }
    if arguments.list {
        return list();
    }
    // The whole machine: nothing else runs beside an example.
    let threads = arguments.threads.unwrap_or(thread::available_parallelism().map_or(1, |n| n.get()));
    let weights = match arguments.weights.as_deref() {
        Some("repacked") => Weights::Repacked,
        Some("mapped") => Weights::Mapped,
        _ => Weights::Auto,
    };
    let memory_budget = arguments.memory_budget.map(|megabytes| megabytes.saturating_mul(1_000_000));
    let wraps = |axis| arguments.seamless.as_ref().is_some_and(|axes| axes.contains(axis));
    let options = Options {
        device: Device {
            threads,
            place: arguments.device.as_deref().map(str::parse).transpose()?,
            provider_options: runtime::parse_options(&arguments.device_options)?,
            ..Device::default()
        },
        weights,
        memory_budget,
        seamless: Seamless { x: wraps('x'), y: wraps('y') },
    };
    let context = Context::open(Places::at(&arguments.model), options)?;
    let loaded = context.wait(None)?;

    let text = arguments.prompt.as_deref().unwrap_or_default();
    let texts = Texts { negative: arguments.negative.clone(), ..Texts::of(text) };
    let prompt = Prompt::create(&context, texts, false)?;
    let encoded = prompt.wait(None)?;
    let positive = &encoded.conditioning.positive;
    if positive.truncated {
        println!("note: the prompt has {} tokens; the model reads {}", positive.tokens, loaded.info.token_limit - 2);
    }

    let request = Request {
        width: arguments.width,
        height: arguments.height,
        steps: arguments.steps,
        guidance_scale: arguments.guidance,
        seed: Some(arguments.seed),
        scheduler: arguments.scheduler.clone(),
        sigmas: arguments.sigmas.clone(),
        picture: arguments.init.as_deref().map(read_picture).transpose()?,
        mask: arguments.mask.as_deref().map(read_picture).transpose()?,
        strength: arguments.strength,
        ..Request::default()
    };
    let preview = Preview { every: i32::from(arguments.previews.is_some()), ..Preview::default() };
    for _ in 1..arguments.repeat {
        let (copied, begin) = (bytes_copied(), Instant::now());
        let generation = Generation::create(&prompt, &request, &Preview::default())?;
        generation.start()?;
        generation.wait(None)?;
        generation.picture(Source::Final)?;
        let took = milliseconds(begin.elapsed());
        println!("picture   {took}, {}, {} bytes copied", times(&generation), bytes_copied() - copied);
    }
    let generation = Generation::create(&prompt, &request, &preview)?;
    let copied = bytes_copied();
    generation.start()?;
    watch(&generation, arguments.previews.as_deref())?;
    generation.wait(None)?;

    let picture = generation.picture(Source::Final)?;
    write_png(&arguments.out, &picture)?;

    let plan = generation.plan();
    println!("model     {} ({} x {} pixels)", loaded.info.name, plan.width, plan.height);
    let device = &loaded.info.device;
    println!("device    {} ({}), {threads} threads", device.place, device.name);
    println!("seed      {}", plan.seed);
    println!("steps     {}, guidance {}", plan.steps, plan.guidance_scale);
    println!("scheduler {}", plan.sampler.name());
    println!(
        "time      load {}, encode {}, {}",
        milliseconds(loaded.time),
        milliseconds(encoded.time),
        times(&generation)
    );
    let memory = &loaded.info.memory;
    let megabytes = |parts: &[Held]| format!("{} MB", parts.iter().map(Held::bytes).sum::<u64>() / 1_000_000);
    println!(
        "memory    text {}, UNet {}, VAE {}",
        megabytes(&memory.text_encoders),
        megabytes(std::slice::from_ref(&memory.unet)),
        megabytes(&memory.vae)
    );
    if device.place != Place::cpu() {
        println!("copied    {} KB between host and device", (bytes_copied() - copied) / 1000);
    }
    println!("wrote     {}", arguments.out.display());
    Ok(())
}

/// Shows a bar that grows, as a game would: by polling.
fn watch(generation: &Generation, previews: Option<&Path>) -> Result<(), Box<dyn Error>> {
    if let Some(directory) = previews {
        std::fs::create_dir_all(directory)?;
    }
    let style = ProgressStyle::with_template("{msg:10} [{bar:40}] {pos}/{len}")?.progress_chars("=> ");
    let bar = ProgressBar::new(generation.evaluations() as u64).with_style(style);
    let mut seen = 0;
    let begin = Instant::now();
    loop {
        let snapshot = generation.poll();
        bar.set_position(snapshot.evaluation as u64);
        bar.set_message(format!("{:?}", snapshot.phase).to_lowercase());
        if let (Some(directory), true) = (previews, snapshot.previews > seen) {
            seen = snapshot.previews;
            write_png(&directory.join(format!("{seen:03}.png")), &*generation.picture(Source::Preview)?)?;
        }
        if snapshot.phase.is_final() {
            break;
        }
        // A frame of a game; less at first, since a small model is done in a few.
        thread::sleep(if begin.elapsed() < Duration::from_secs(1) {
            Duration::from_millis(1)
        } else {
            Duration::from_millis(16)
        });
    }
    if generation.poll().phase == Phase::Done {
        bar.finish();
    }
    Ok(())
}

fn list() -> Result<(), Box<dyn Error>> {
    for device in runtime::look()?.iter() {
        let about = device.unusable.as_ref().map_or(device.name.clone(), |reason| format!("not usable: {reason}"));
        println!("device     {} ({about})", device.place);
    }
    println!("schedulers {}", Sampler::names().collect::<Vec<_>>().join(", "));
    println!("sigmas     {}", Sigmas::names().collect::<Vec<_>>().join(", "));
    Ok(())
}

fn read_picture(path: &Path) -> Result<Arc<Pixels>, Box<dyn Error>> {
    let picture = image::open(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?.to_rgb8();
    let size = (picture.width() as usize, picture.height() as usize);
    Ok(Arc::new(Pixels::read(&picture, Format::Rgb8, size, size.0 * 3, false, &path.display().to_string())?))
}

fn write_png(path: &Path, picture: &Picture) -> Result<(), Box<dyn Error>> {
    let (width, height) = (picture.width() as u32, picture.height() as u32);
    image::save_buffer(path, picture.rgba(), width, height, image::ColorType::Rgba8)
        .map_err(|error| format!("{} cannot be written: {error}", path.display()).into())
}

fn times(generation: &Generation) -> String {
    let snapshot = generation.poll();
    format!("denoise {}, decode {}", milliseconds(snapshot.denoise), milliseconds(snapshot.decode))
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
