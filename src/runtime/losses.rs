//! CUDA's devices that this process has lost. CUDA gives none back, and ONNX Runtime ends the process where it frees
//! what lies on one: it throws in destructors. So what was made before a loss is neither used again nor freed.

use std::collections::BTreeMap;

use parking_lot::Mutex;

use super::Place;

/// How many times each of NVIDIA's adapters was lost: all its providers share an adapter's context.
static LOSSES: Mutex<BTreeMap<u32, usize>> = Mutex::new(BTreeMap::new());

impl Place {
    /// Notes that the device is lost.
    pub fn lose(self) {
        if self.provider.is_nvidia() {
            *LOSSES.lock().entry(self.index).or_default() += 1;
        }
    }

    /// How many times the device was lost.
    pub fn losses(self) -> usize {
        match self.provider.is_nvidia() {
            true => LOSSES.lock().get(&self.index).copied().unwrap_or(0),
            false => 0,
        }
    }
}
