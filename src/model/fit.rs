//! Whether the parts of a model go together: each input and output against what the others fix. What does not is
//! refused while the model is loaded, and not after all steps.

use std::fmt;

use super::session::port::Port;
use crate::error::{bail, Result};

/// A size that several parts share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// Of one run of the UNet.
    Batch,
    /// Of the latents.
    Channels,
    Height,
    Width,
    /// Of a text.
    Tokens,
    Embedding,
    /// Of a text in one vector.
    Pooled,
}

/// What one axis of an input or output is.
#[derive(Clone, Copy, Debug)]
pub enum Axis {
    /// One of these sizes.
    Is(Dimension),
    /// So many pixels for each latent of the height or width.
    Pixels(Dimension),
    /// Exactly so many.
    Exactly(usize),
    /// As many as are asked for: it may not be fixed.
    Free,
}

/// The sizes that were found up to now.
pub struct Fit {
    /// Pixels for each latent.
    factor: usize,
    found: Vec<(Dimension, usize, String)>,
}

impl Fit {
    pub fn new(factor: usize) -> Self {
        Self { factor, found: Vec::new() }
    }

    /// An input or output of a part has these axes. Refuses one of another rank, or that fixes another size.
    pub fn port(&mut self, part: &str, port: &Port, axes: &[Axis]) -> Result<()> {
        let whose = format!("{part}: {}", port.describe());
        // A port that tells no shape has no axes to check.
        if port.shape.is_empty() {
            return Ok(());
        }
        if port.shape.len() != axes.len() {
            bail!(ModelUnsupported, "{whose} has {} dimensions; expected {}", port.shape.len(), axes.len());
        }
        for (i, axis) in axes.iter().enumerate() {
            if port.shape[i] == 0 {
                bail!(ModelUnsupported, "{whose} is empty");
            }
            let Some(size) = port.fixed(i) else { continue };
            match *axis {
                Axis::Is(dimension) => self.note(dimension, size, &whose)?,
                Axis::Pixels(dimension) if size % self.factor == 0 => {
                    self.note(dimension, size / self.factor, &whose)?
                }
                Axis::Pixels(_) => bail!(
                    ModelUnsupported,
                    "{whose} has {size} pixels along one side; expected a multiple of {}, the pixels for each latent",
                    self.factor
                ),
                Axis::Exactly(expected) if size == expected => {}
                Axis::Exactly(expected) => {
                    bail!(ModelUnsupported, "{whose} has a size of {size} in dimension {i}; expected {expected}")
                }
                Axis::Free => {
                    bail!(ModelUnsupported, "{whose} has a size of {size} in dimension {i}; expected one that is free")
                }
            }
        }
        Ok(())
    }

    /// A size that is known. Refuses one that differs from what another part has.
    pub fn note(&mut self, dimension: Dimension, size: usize, whose: impl fmt::Display) -> Result<()> {
        match self.found.iter().find(|(found, ..)| *found == dimension) {
            Some((_, other, first)) if *other != size => {
                bail!(ModelUnsupported, "{whose} has a {dimension} of {size}, but {first} one of {other}")
            }
            Some(_) => Ok(()),
            None => {
                self.found.push((dimension, size, whose.to_string()));
                Ok(())
            }
        }
    }

    /// A size, if some part fixes it, and which does.
    pub fn get(&self, dimension: Dimension) -> Option<(usize, &str)> {
        let found = self.found.iter().find(|(found, ..)| *found == dimension);
        found.map(|(_, size, whose)| (*size, whose.as_str()))
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Dimension::Batch => "batch",
            Dimension::Channels => "number of latent channels",
            Dimension::Height => "height in latents",
            Dimension::Width => "width in latents",
            Dimension::Tokens => "number of tokens",
            Dimension::Embedding => "width of the embeddings",
            Dimension::Pooled => "width of the pooled text",
        })
    }
}
