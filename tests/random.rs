//! Our `Random` against `torch.randn` on the CPU.

mod common;

use common::golden::{self, Tensors};
use scumble::random::Random;
use serde::Deserialize;

#[derive(Deserialize)]
struct Draws {
    name: String,
    seed: u64,
    /// How many numbers are drawn, in turn, from one generator.
    counts: Vec<usize>,
}

/// Draws of this size and more are made in blocks, in f32; smaller ones in f64.
const BLOCK: usize = 16;

#[test]
fn normal_numbers_are_those_of_torch() {
    let tensors = Tensors::open("random");
    for Draws { name, seed, counts } in golden::entries("random") {
        let mut random = Random::new(seed);
        for (i, count) in counts.into_iter().enumerate() {
            let name = format!("{name}.{i}");
            let ours = random.normal(count);
            let golden = tensors.floats(&name);
            assert_eq!(ours.len(), golden.len(), "{name}");
            for (at, (a, b)) in ours.iter().zip(&golden).enumerate() {
                let near = if count < BLOCK { ulps(*a, *b) <= 1 } else { (a - b).abs() <= 1e-6 };
                assert!(near, "{name}[{at}]: {a}, torch has {b}");
            }
        }
    }
}

/// How many floats lie between two of the same sign.
fn ulps(a: f32, b: f32) -> u32 {
    a.to_bits().abs_diff(b.to_bits())
}

/// A clone goes on as the original does, with the number that waits for the next small draw.
#[test]
fn a_clone_draws_the_same_numbers() {
    let mut random = Random::new(3);
    random.normal(7);
    let mut clone = random.clone();
    assert_eq!(clone.normal(20), random.normal(20));
    assert_eq!(clone.normal(5), random.normal(5));
}
