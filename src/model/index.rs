//! `model_index.json`, of which little counts: what a model is shows in its parts.

use serde::Deserialize;

use super::layout::Layout;
use crate::error::{Error, Result, Status};
use crate::log::{self, LogLevel};

/// Beginnings of the names of pipelines whose models have the parts of Stable Diffusion 1, 2 or XL, after what
/// exporters put before them.
const PIPELINES: [&str; 3] = ["StableDiffusion", "LatentConsistencyModel", "DiffusionPipeline"];
/// Those among them that have not.
const OTHERS: [&str; 9] = [
    "StableDiffusion3",
    "StableDiffusionUpscale",
    "StableDiffusionLatentUpscale",
    "StableDiffusionInstructPix2Pix",
    "StableDiffusionXLInstructPix2Pix",
    "StableDiffusionDepth2Img",
    "StableDiffusionImageVariation",
    "StableDiffusionGLIGEN",
    "StableDiffusionLDM3D",
];
const EXPORTERS: [&str; 3] = ["ORT", "Onnx", "OV"];

/// What the file says.
#[derive(Deserialize)]
#[serde(default)]
pub struct Index {
    #[serde(rename = "_class_name")]
    class_name: Option<String>,
    /// SDXL: whether a negative text that is not given is zeros instead of an empty text.
    pub force_zeros_for_empty_prompt: bool,
    /// Library and class, or two nulls.
    scheduler: Option<(Option<String>, Option<String>)>,
    pub _name_or_path: Option<String>,
}

impl Default for Index {
    fn default() -> Self {
        Self { class_name: None, force_zeros_for_empty_prompt: true, scheduler: None, _name_or_path: None }
    }
}

impl Index {
    /// The class of the scheduler.
    pub fn scheduler(&self) -> Option<String> {
        self.scheduler.clone().and_then(|(_, class)| class)
    }

    /// Refuses a directory that lacks parts. Where it is of another pipeline, that is why.
    pub fn check(&self, layout: &Layout) -> Result<()> {
        let complete = layout.check();
        let Some(class) = self.other() else { return complete };
        if let Err(error) = complete {
            return Err(Error::new(Status::ModelUnsupported, error.within(named(class)).to_string()));
        }
        log::push(LogLevel::Warning, format!("{}. It has their parts, and is loaded as one of them", named(class)));
        Ok(())
    }

    /// An error of loading, with the pipeline where that is another.
    pub fn explain(&self, error: Error) -> Error {
        match self.other() {
            Some(class) if error.status() == Status::ModelUnsupported => error.within(named(class)),
            _ => error,
        }
    }

    /// The pipeline, if it is another than those of Stable Diffusion 1, 2 and XL.
    fn other(&self) -> Option<&str> {
        let class = self.class_name.as_deref()?;
        let bare = EXPORTERS.iter().find_map(|exporter| class.strip_prefix(exporter)).unwrap_or(class);
        let begins = |names: &[&str]| names.iter().any(|name| bare.starts_with(name));
        (!begins(&PIPELINES) || begins(&OTHERS)).then_some(class)
    }
}

/// A name may be as long as a file.
fn named(class: &str) -> String {
    let class: String = class.chars().take(80).collect();
    format!("model_index.json names the pipeline {class:?}; expected one of Stable Diffusion 1, 2 or XL")
}
