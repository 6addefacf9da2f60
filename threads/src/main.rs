//! Many threads call everything at once, on the same few objects, with a scripted model: to be run under ThreadSanitizer
//! (`tools/tsan.sh`).
//!
//! `stress SECONDS`; `stress SECONDS race` has a race planted in its model, which has to be found.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

use std::cell::UnsafeCell;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, ptr, thread};

use scumble::ffi::*;
use scumble::Status;

#[path = "../../tests/common/c.rs"]
#[allow(dead_code)]
mod c;
#[path = "../../tests/common/fake.rs"]
#[allow(dead_code)]
mod fake;

const THREADS: u64 = 4;
const CALLS: usize = 60;

/// What several threads write without a lock.
struct Planted(UnsafeCell<u64>);
// Not so: this is the race.
unsafe impl Sync for Planted {}

/// The handles of one round, as numbers: every thread has them all.
#[derive(Clone, Copy)]
struct Objects {
    context: usize,
    prompt: usize,
    generations: [usize; 3],
}

impl Objects {
    fn new(planted: Option<Arc<Planted>>) -> Self {
        let context = fake::scripted(move |_| {
            if let Some(planted) = &planted {
                unsafe { *planted.0.get() += 1 };
            }
            thread::yield_now();
            Ok(())
        });
        let prompt = c::prompt(context, 0);
        let generation = || c::generation(prompt, |desc| desc.preview_every = 1) as usize;
        let generations = [generation(), generation(), generation()];
        Self { context: context as usize, prompt: prompt as usize, generations }
    }
}

/// Numbers that look random, the same for the same seed (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

/// A call of some kind. Most end the way they should in the state that the others have made; none may panic.
fn call(dice: &mut Dice, objects: Objects) -> Status {
    let Objects { context, prompt, generations } = objects;
    let (context, prompt) = (context as *mut scumble_context, prompt as *mut scumble_prompt);
    let generation = generations[dice.below(generations.len())] as *mut scumble_generation;
    unsafe {
        match dice.below(40) {
            0..=3 => scumble_generation_start(generation),
            4..=12 => scumble_generation_poll(generation, &mut c::output()),
            13 => scumble_generation_cancel(generation),
            14..=16 => scumble_generation_pause(generation),
            17..=19 => scumble_generation_resume(generation),
            20..=21 => scumble_generation_wait(generation, 1),
            22..=25 => {
                let side = fake::SIDE as i32;
                let mut pixels = vec![0; fake::SIDE * fake::SIDE * 4];
                scumble_generation_read_image(generation, dice.below(2) as i32, &c::image(&mut pixels, 0, side, side))
            }
            26..=27 => scumble_generation_step(generation, &mut 0),
            28 => scumble_generation_decode(generation),
            29 => scumble_generation_get_info(generation, &mut c::output()),
            30 => scumble_generation_error(generation),
            31 => scumble_prompt_poll(prompt),
            32 => scumble_prompt_wait(prompt, 1),
            33 => scumble_context_set_pace(context, [0.3, 1.0][dice.below(2)]),
            34 => scumble_context_get_info(context, &mut c::output()),
            35 => scumble_log_next(&mut c::output()),
            // Objects go seldom, or nothing else would happen.
            36 if dice.below(8) == 0 => scumble_generation_destroy(generation),
            37 if dice.below(8) == 0 => scumble_prompt_destroy(prompt),
            38 if dice.below(8) == 0 => scumble_context_destroy(context),
            39 if dice.below(16) == 0 => scumble_shutdown(0),
            _ => {
                let mut other = ptr::null_mut();
                let desc = c::desc(scumble_generation_desc_init);
                let status = scumble_generation_create(prompt, &desc, &mut other);
                if status == Status::Ok {
                    scumble_generation_start(other);
                    scumble_generation_destroy(other);
                }
                status
            }
        }
    }
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let seconds = arguments.get(1).and_then(|text| text.parse().ok()).expect("stress SECONDS [race]");
    let planted = (arguments.get(2).map(String::as_str) == Some("race")).then(|| Arc::new(Planted(UnsafeCell::new(0))));
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut rounds = 0;
    while Instant::now() < end {
        // Two contexts, each with a thread of its own.
        let objects = [Objects::new(planted.clone()), Objects::new(planted.clone())];
        rounds += 1;
        let callers: Vec<_> = (0..THREADS)
            .map(|nth| {
                thread::spawn(move || {
                    let mut dice = Dice(rounds * THREADS + nth);
                    for _ in 0..CALLS {
                        let which = dice.below(2);
                        assert_ne!(call(&mut dice, objects[which]), Status::Panic, "{}", c::last_error());
                    }
                })
            })
            .collect();
        for caller in callers {
            caller.join().unwrap();
        }
        assert_eq!(scumble_shutdown(-1), Status::Ok);
    }
    println!("{rounds} rounds of {THREADS} threads with {CALLS} calls each");
}
