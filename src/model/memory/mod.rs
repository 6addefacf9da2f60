//! What the parts of a model hold of memory at present.

pub mod budget;
mod room;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

/// Bytes that a part holds. Any thread may read it while another computes.
#[derive(Clone, Debug, Default)]
pub struct Held(Arc<AtomicU64>);

impl Held {
    /// How many bytes that is.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Relaxed);
    }
}

/// Bytes that the generations of a context hold, all together: what they were given, and what they keep.
#[derive(Clone, Debug, Default)]
pub struct Images(Arc<AtomicU64>);

/// What one generation holds of them.
#[derive(Debug)]
pub struct Share {
    all: Images,
    own: AtomicU64,
}

impl Images {
    /// How many bytes that is.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// One more generation, which holds so many.
    pub fn share(&self, bytes: usize) -> Share {
        let share = Share { all: self.clone(), own: AtomicU64::new(0) };
        share.set(bytes);
        share
    }
}

impl Share {
    /// It holds so many bytes from now on.
    pub fn set(&self, bytes: usize) {
        let before = self.own.swap(bytes as u64, Ordering::Relaxed);
        // Modulo 2^64, as atomics count: less is a large number more.
        self.all.0.fetch_add((bytes as u64).wrapping_sub(before), Ordering::Relaxed);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.set(0);
    }
}

/// What the parts hold: weights, and what they compute in.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    #[allow(missing_docs)]
    pub text_encoders: Vec<Held>,
    #[allow(missing_docs)]
    pub unet: Held,
    /// Both halves of the autoencoder, and a tiny decoder.
    pub vae: Vec<Held>,
    #[allow(missing_docs)]
    pub controlnets: Vec<Held>,
    /// Besides the parts.
    pub images: Images,
}
