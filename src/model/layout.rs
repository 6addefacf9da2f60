//! Where a model directory keeps its parts.
//!
//! Exporters agree on a folder for each part, with `model.onnx` and `config.json`. Some put a variant
//! between: `unet/fp16/model.onnx`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::scan::{self, Scanned};
use super::session::Source;
use crate::error::{bail, Result};
use crate::files;

/// Variants that are taken where the caller names none, the most exact first.
const VARIANTS: [&str; 2] = ["fp32", "fp16"];

/// A model directory with all that every model needs.
pub struct Layout {
    root: PathBuf,
    variant: Option<String>,
    /// The ONNX files that were scanned.
    scanned: HashMap<PathBuf, Scanned>,
}

/// The parts that are ONNX files, where a model has them.
const PARTS: [&str; 6] = ["text_encoder", "text_encoder_2", "unet", "vae_decoder", "vae_decoder_tiny", "vae_encoder"];

impl Layout {
    /// Checks a directory; names everything that is missing at once, before anything is loaded.
    pub fn open(root: &Path, variant: Option<&str>) -> Result<Self> {
        if !root.is_dir() {
            let found = if root.exists() { "is a file" } else { "does not exist" };
            bail!(
                ModelNotFound,
                "model directory \"{}\" {found}; expected a directory with text_encoder/, unet/, vae_decoder/ and tokenizer/",
                root.display()
            );
        }
        let layout = Self { root: root.to_owned(), variant: variant.map(str::to_owned), scanned: HashMap::new() };
        let mut missing: Vec<String> = ["text_encoder", "unet", "vae_decoder"]
            .into_iter()
            .filter(|part| layout.find_model(part).is_none())
            .map(|part| format!("{part}/model.onnx"))
            .collect();
        if !layout.path("tokenizer").is_dir() {
            missing.push("tokenizer/".into());
        }
        if let (Some(variant), true) = (variant, missing.is_empty()) {
            if !["text_encoder", "unet", "vae_decoder"].iter().any(|part| layout.path(part).join(variant).is_dir()) {
                bail!(
                    InvalidArgument,
                    "variant is \"{variant}\"; expected a folder within the parts of \"{}\", such as unet/{variant}/",
                    root.display()
                );
            }
        }
        if !missing.is_empty() {
            bail!(
                ModelIncomplete,
                "model directory \"{}\" lacks {}; expected the layout of diffusers' ONNX exporter or optimum",
                root.display(),
                missing.join(", ")
            );
        }
        Ok(layout)
    }

    /// Scans the ONNX files of all parts, and those of ControlNets, before any of them is loaded.
    pub fn scan(&mut self, controlnets: &[PathBuf]) -> Result<()> {
        let parts: Vec<PathBuf> = PARTS.iter().filter_map(|part| self.find_model(part)).collect();
        for path in parts {
            let scanned = scan::check(&self.root, &path)?;
            self.scanned.insert(path, scanned);
        }
        for path in controlnets {
            self.scanned.insert(path.clone(), scan::check(folder_of(path), path)?);
        }
        Ok(())
    }

    /// What the scan found in a file.
    pub fn scanned(&self, path: &Path) -> Scanned {
        self.scanned.get(path).cloned().unwrap_or_default()
    }

    /// The ONNX file of a part that must be there, to be loaded.
    pub fn source(&self, part: &'static str) -> Result<Source> {
        let path = self.model(part)?;
        let scanned = self.scanned(&path);
        Ok(Source::new(&self.root, path, part, scanned))
    }

    /// The ONNX file of a ControlNet, likewise. Its weights may be in others of its folder.
    pub fn controlnet(&self, path: &Path) -> Source {
        Source::new(folder_of(path), path.to_owned(), "controlnet", self.scanned(path))
    }

    /// A file or folder of the directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Its name.
    pub fn name(&self) -> String {
        self.root.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// The ONNX file of a part that must be there.
    pub fn model(&self, part: &str) -> Result<PathBuf> {
        match self.find_model(part) {
            Some(path) => Ok(path),
            None => bail!(ModelIncomplete, "{} is missing", self.path(part).join("model.onnx").display()),
        }
    }

    /// The ONNX file of a part: that of the variant asked for, where the part has it.
    pub fn find_model(&self, part: &str) -> Option<PathBuf> {
        let folder = self.path(part);
        let asked = self.variant.iter().map(|variant| folder.join(variant).join("model.onnx"));
        let plain = [folder.join("model.onnx")];
        let others = VARIANTS.iter().map(|variant| folder.join(variant).join("model.onnx"));
        asked.chain(plain).chain(others).find(|path| path.is_file())
    }

    /// The configuration of the first of these parts that has one; its defaults where none has.
    pub fn config<T: DeserializeOwned + Default>(&self, parts: &[&str]) -> Result<T> {
        let beside = |part: &&str| self.find_model(part).map(|model| model.with_file_name("config.json"));
        let plain = |part: &&str| self.path(part).join("config.json");
        let found = parts.iter().map(plain).chain(parts.iter().filter_map(beside)).find(|path| path.exists());
        found.map_or_else(|| Ok(T::default()), |path| files::read_json(&path))
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
