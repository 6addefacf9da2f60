//! CUDA's devices that this process has lost. CUDA gives none back, and ONNX Runtime ends the process where it frees
//! what lies on one: it throws in destructors. So what was made before a loss is neither used again nor freed.

use parking_lot::Mutex;

use super::Place;

static LOST: Mutex<Vec<Place>> = Mutex::new(Vec::new());

impl Place {
    /// Notes that the device is lost.
    pub fn lose(self) {
        if self.provider.is_nvidia() {
            LOST.lock().push(self);
        }
    }

    /// How many times the device was lost.
    pub fn losses(self) -> usize {
        // All of NVIDIA's providers share an adapter's context.
        let same = |lost: &&Place| self.provider.is_nvidia() && lost.index == self.index;
        LOST.lock().iter().filter(same).count()
    }
}
