//! Normal random numbers exactly as `torch.randn` draws them on the CPU, so that the same seed
//! paints the same picture as the reference implementation.
//!
//! Source: PyTorch, `aten/src/ATen/native/cpu/DistributionTemplates.h` (`normal_fill`) and
//! `aten/src/ATen/core/DistributionsHelper.h` (`normal_distribution`); MT19937 after Matsumoto
//! and Nishimura (1998).

use std::f32::consts::TAU as TAU32;
use std::f64::consts::TAU;

const STATE: usize = 624;
const SHIFT: usize = 397;
/// `torch.randn` draws blocks of this size, and small tensors in another way.
const BLOCK: usize = 16;

/// The stream of one generation: a `torch.Generator` on the CPU.
#[derive(Clone)]
pub struct Random {
    /// Apart, since what holds it is moved about on small stacks.
    state: Box<[u32; STATE]>,
    next: usize,
    /// The second number of a Box-Muller pair, kept from one small draw to the next.
    spare: Option<f64>,
}

impl Random {
    /// `torch.Generator("cpu").manual_seed(seed)`. Only the low 32 bits matter, as in torch.
    pub fn new(seed: u64) -> Self {
        let mut state = Box::new([0; STATE]);
        state[0] = seed as u32;
        for j in 1..STATE {
            let previous: u32 = state[j - 1];
            state[j] = 1_812_433_253u32.wrapping_mul(previous ^ (previous >> 30)).wrapping_add(j as u32);
        }
        Self { state, next: STATE, spare: None }
    }

    /// `torch.randn(count)`, in f32.
    pub fn normal(&mut self, count: usize) -> Vec<f32> {
        if count < BLOCK {
            return (0..count).map(|_| self.small_normal() as f32).collect();
        }
        let mut values: Vec<f32> = (0..count).map(|_| self.uniform()).collect();
        for block in values.chunks_exact_mut(BLOCK) {
            box_muller(block);
        }
        if !count.is_multiple_of(BLOCK) {
            let tail = &mut values[count - BLOCK..];
            for value in tail.iter_mut() {
                *value = self.uniform();
            }
            box_muller(tail);
        }
        values
    }

    fn uniform(&mut self) -> f32 {
        (self.next_u32() & 0x00FF_FFFF) as f32 * (1.0 / 16_777_216.0)
    }

    fn uniform_f64(&mut self) -> f64 {
        let high = u64::from(self.next_u32());
        let low = u64::from(self.next_u32());
        (((high << 32) | low) & ((1 << 53) - 1)) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    fn small_normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let u1 = self.uniform_f64();
        let u2 = self.uniform_f64();
        let radius = (-2.0 * (-u2).ln_1p()).sqrt();
        let angle = TAU * u1;
        self.spare = Some(radius * angle.sin());
        radius * angle.cos()
    }

    fn next_u32(&mut self) -> u32 {
        if self.next == STATE {
            self.twist();
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9D2C_5680;
        y ^= (y << 15) & 0xEFC6_0000;
        y ^ (y >> 18)
    }

    fn twist(&mut self) {
        for i in 0..STATE {
            let y = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % STATE] & 0x7FFF_FFFF);
            let odd = if y & 1 == 1 { 0x9908_B0DF } else { 0 };
            self.state[i] = self.state[(i + SHIFT) % STATE] ^ (y >> 1) ^ odd;
        }
        self.next = 0;
    }
}

/// Uniform numbers to normal ones, the first half of the block paired with the second.
fn box_muller(block: &mut [f32]) {
    let (first, second) = block.split_at_mut(BLOCK / 2);
    for (a, b) in first.iter_mut().zip(second) {
        let radius = (-2.0 * (1.0 - *a).ln()).sqrt();
        let angle = TAU32 * *b;
        *a = radius * angle.cos();
        *b = radius * angle.sin();
    }
}
