//! What a model takes of memory, each way of keeping its weights in a process of its own.
//!
//! `cargo bench --bench memory -- [DIR [SIDE]]`: the model directory, and the side of its pictures in pixels.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use scumble::model::Held;
use scumble::{Context, Generation, Options, Places, Preview, Prompt, Request, Texts, Weights};

/// Tells a process which row of the table it is.
const ROW: &str = "SCUMBLE_BENCH_ROW";
/// Budgets as shares of what the weights take.
const SHARES: [f64; 3] = [1.6, 1.2, 1.0];
const MB: f64 = 1e6;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1).filter(|argument| argument != "--bench");
    let model = arguments
        .next()
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/models/emblem-64"), PathBuf::from);
    let side = arguments.next().map(|side| side.parse()).transpose()?;
    if let Ok(row) = env::var(ROW) {
        return paint(&model, side, &row);
    }
    println!("{:34} {:>8} {:>10} {:>9} {:>14}", "", "load, s", "picture, s", "peak, MB", "2nd context, MB");
    let weights = run("repacked")?;
    run("mapped")?;
    for share in SHARES {
        run(&format!("{:.0}", weights * share))?;
    }
    Ok(())
}

/// Runs a row in a fresh process. Gives the megabytes that the model's weights take.
fn run(row: &str) -> Result<f64, Box<dyn Error>> {
    let output = Command::new(env::current_exe()?).args(env::args().skip(1)).env(ROW, row).output()?;
    let text = String::from_utf8(output.stdout)?;
    let (line, weights) = text.trim_end().rsplit_once('\n').unwrap_or((&text, "0"));
    println!("{line}{}", String::from_utf8_lossy(&output.stderr));
    Ok(weights.parse().unwrap_or(0.0))
}

fn paint(model: &Path, side: Option<i32>, row: &str) -> Result<(), Box<dyn Error>> {
    let (name, options) = match row {
        "repacked" => (row.to_owned(), Options { weights: Weights::Repacked, ..Options::default() }),
        "mapped" => (row.to_owned(), Options { weights: Weights::Mapped, ..Options::default() }),
        megabytes => {
            let budget = megabytes.parse::<f64>()?;
            let options = Options { memory_budget: Some((budget * MB) as u64), ..Options::default() };
            (format!("a budget of {budget} MB"), options)
        }
    };
    let before = status("VmRSS");
    let start = Instant::now();
    let context = Context::open(Places::at(model), options.clone())?;
    let refused = |error: scumble::Error| {
        println!("{name:34} {error}\n0");
        Ok(())
    };
    if let Err(error) = context.wait(None) {
        return refused(error);
    }
    let (load, weights) = (start.elapsed(), held(&context)?);
    let start = Instant::now();
    if let Err(error) = one_step(&context, side) {
        return refused(error);
    }
    let (picture, peak) = (start.elapsed(), status("VmHWM") - before);
    // Pages that two share count half for each.
    let one = shared();
    let second = Context::open(Places::at(model), options)?;
    second.wait(None)?;
    one_step(&second, side)?;
    let (load, picture) = (load.as_secs_f64(), picture.as_secs_f64());
    println!("{name:34} {load:8.1} {picture:10.1} {:9.0} {:14.0}\n{weights}", peak / MB, (shared() - one) / MB);
    Ok(())
}

/// A picture of one step, and thus two evaluations in one batch.
fn one_step(context: &Arc<Context>, side: Option<i32>) -> scumble::Result<()> {
    let prompt = Prompt::create(context, Texts::of("a red apple"), false)?;
    let request = Request { width: side, height: side, steps: Some(1), seed: Some(1), ..Request::default() };
    let generation = Generation::create(&prompt, &request, &Preview::default())?;
    generation.start()?;
    generation.wait(None)
}

/// Megabytes that the parts of a context hold.
fn held(context: &Context) -> scumble::Result<f64> {
    let memory = context.loaded()?.info.memory.clone();
    let parts = memory.text_encoders.iter().chain([&memory.unet]).chain(&memory.vae).chain(&memory.controlnets);
    Ok(parts.map(Held::bytes).sum::<u64>() as f64 / MB)
}

/// Bytes that `/proc` tells of this process.
fn status(key: &str) -> f64 {
    kilobytes("/proc/self/status", key)
}

fn shared() -> f64 {
    kilobytes("/proc/self/smaps_rollup", "Pss:")
}

fn kilobytes(file: &str, key: &str) -> f64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse::<f64>().ok()).unwrap_or(f64::NAN) * 1024.0
}
