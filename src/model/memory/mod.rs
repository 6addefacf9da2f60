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
}
