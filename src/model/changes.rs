//! What is changed in a graph between its file and ONNX Runtime.

use std::fs::File;
use std::path::Path;

use super::proto;
use super::scan::unreadable;
use super::seamless::{self, Seamless};
use super::Options;
use crate::error::{Error, Result};
use crate::files;

/// Changes of a graph. None by default: then the file is loaded as it is.
#[derive(Clone, Copy, Default)]
pub struct Changes<'a> {
    /// Along which axes it wraps around.
    pub seamless: Seamless,
    /// Tensors within it that become outputs too.
    pub outputs: &'a [&'a str],
}

impl Changes<'_> {
    /// Those of every part that makes a picture.
    pub fn of(options: &Options) -> Self {
        Self { seamless: options.seamless, outputs: &[] }
    }

    pub fn is_none(&self) -> bool {
        self.seamless == Seamless::default() && self.outputs.is_empty()
    }

    /// The bytes of a file that the scan let through, changed.
    pub fn apply(&self, path: &Path) -> Result<Vec<u8>> {
        let mut model = match self.seamless {
            Seamless { x: false, y: false } => files::read(path)?,
            seamless => {
                let rewrite = || {
                    let file = File::open(path).map_err(unreadable)?;
                    let length = file.metadata().map_err(unreadable)?.len();
                    seamless::rewrite(file, length, seamless)
                };
                rewrite().map_err(|error: Error| error.within(path.display()))?
            }
        };
        // Protobuf merges a message that is given twice: this is a graph of nothing but outputs.
        let output = |name: &&str| proto::bytes(12, proto::bytes(1, name));
        let outputs: Vec<u8> = self.outputs.iter().flat_map(output).collect();
        if !outputs.is_empty() {
            model.extend(proto::bytes(7, outputs));
        }
        Ok(model)
    }
}
