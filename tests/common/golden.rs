//! The golden values of `tests/reference/golden`, and how far ours are from them.

use std::path::Path;
use std::sync::Arc;

use safetensors::{Dtype, SafeTensors};
use scumble::{Format, Pixels};
use serde::de::DeserializeOwned;

/// The entries of `<name>.json`.
pub fn entries<T: DeserializeOwned>(name: &str) -> Vec<T> {
    serde_json::from_slice(&read(&format!("{name}.json"))).unwrap()
}

/// A golden file, whole.
pub fn read(file: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/golden").join(file);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The tensors of `<name>.safetensors`.
pub struct Tensors(SafeTensors<'static>);

impl Tensors {
    pub fn open(name: &str) -> Self {
        let bytes = read(&format!("{name}.safetensors"));
        Self(SafeTensors::deserialize(bytes.leak()).unwrap()) // kept until the test ends
    }

    pub fn floats(&self, name: &str) -> Vec<f32> {
        let bytes = self.bytes(name, Dtype::F32);
        bytes.chunks_exact(4).map(|x| f32::from_le_bytes(x.try_into().unwrap())).collect()
    }

    /// A picture `[height, width, 3]` or a grey one `[height, width]`, if it is there.
    pub fn pixels(&self, name: &str) -> Option<Arc<Pixels>> {
        let tensor = self.0.tensor(name).ok()?;
        let (height, width) = (tensor.shape()[0], tensor.shape()[1]);
        let bytes = self.bytes(name, Dtype::U8);
        let rgb = match tensor.shape().len() {
            2 => bytes.iter().flat_map(|grey| [*grey; 3]).collect(),
            _ => bytes.to_vec(),
        };
        Some(Arc::new(Pixels::read(&rgb, Format::Rgb8, (width, height), width * 3, false, name).unwrap()))
    }

    pub fn bytes(&self, name: &str, of: Dtype) -> &'static [u8] {
        let tensor = self.0.tensor(name).unwrap();
        assert_eq!(tensor.dtype(), of, "{name}");
        tensor.data()
    }
}

/// max |ours − golden| / max |golden|; NaN where either has one.
pub fn error<'a>(ours: impl ExactSizeIterator<Item = &'a f32>, golden: &[f32]) -> f32 {
    assert_eq!(ours.len(), golden.len());
    let difference = largest(ours.zip(golden).map(|(a, b)| a - b));
    difference / largest(golden.iter().copied())
}

/// The largest magnitude; NaN counts as larger than all numbers.
fn largest(values: impl Iterator<Item = f32>) -> f32 {
    values.map(f32::abs).max_by(f32::total_cmp).unwrap_or(0.0)
}
