//! Where a model directory keeps its parts.
//!
//! Exporters agree on a folder for each part, with `model.onnx` and `config.json`. Some put a variant
//! between, `unet/fp16/model.onnx`, or into the name, `unet/model_fp16.onnx`.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::scan::{self, Scanned};
use super::session::Source;
use super::Places;
use crate::error::{bail, Result};
use crate::files::{self, Roots};
use crate::text::Tokenizer;

/// Variants that are taken where the caller names none, the most exact first.
const VARIANTS: [&str; 2] = ["fp32", "fp16"];
/// Parts that every model has.
const NEEDED: [&str; 3] = ["text_encoder", "unet", "vae_decoder"];
/// The most files that a message lists.
const LISTED: usize = 12;

/// A model directory.
pub struct Layout {
    root: PathBuf,
    roots: Roots,
    variant: Option<String>,
    /// The ONNX files that were scanned.
    scanned: HashMap<PathBuf, Scanned>,
    /// The folder of the UNet.
    pub unet: &'static str,
}

/// The parts that are ONNX files, where a model has them.
const PARTS: [&str; 6] = ["text_encoder", "text_encoder_2", "unet", "vae_decoder", "vae_decoder_tiny", "vae_encoder"];

impl Layout {
    /// A directory that is there.
    pub fn open(places: &Places) -> Result<Self> {
        let root = &places.model;
        let found = match fs::metadata(root) {
            Ok(data) if data.is_dir() => None,
            Ok(_) => Some("is a file"),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some("does not exist"),
            Err(error) => return Err(files::unreadable(root, error)),
        };
        if let Some(found) = found {
            bail!(
                ModelNotFound,
                "model directory \"{}\" {found}; expected a directory with text_encoder/, unet/, vae_decoder/ and tokenizer/",
                root.display()
            );
        }
        let roots = Roots::new(root, &places.roots);
        Ok(Self { root: root.clone(), roots, variant: places.variant.clone(), unet: "unet", scanned: HashMap::new() })
    }

    /// Refuses a directory without all that every model needs; names everything that is missing at once.
    pub fn check(&self) -> Result<()> {
        let mut missing: Vec<String> = NEEDED
            .into_iter()
            .filter(|part| self.find_model(part).is_none())
            .map(|part| format!("{part}/model.onnx"))
            .collect();
        if !files::exists(&self.path("tokenizer")) {
            missing.push("tokenizer/".into());
        }
        let root = self.root.display();
        if !missing.is_empty() {
            bail!(
                ModelIncomplete,
                "model directory \"{root}\" lacks {}; expected the layout of diffusers' ONNX exporter or optimum{}",
                missing.join(", "),
                self.beside()?
            );
        }
        match &self.variant {
            Some(variant) if !NEEDED.iter().any(|part| self.of_variant(part, variant).is_some()) => bail!(
                InvalidArgument,
                "variant is \"{variant}\"; expected that of a part of \"{root}\", such as unet/{variant}/model.onnx or unet/model_{variant}.onnx{}",
                self.beside()?
            ),
            _ => Ok(()),
        }
    }

    /// Scans the ONNX files of all parts, and those of ControlNets, before any of them is loaded.
    pub fn scan(&mut self, controlnets: &[PathBuf]) -> Result<()> {
        let parts: Vec<PathBuf> = PARTS.iter().filter_map(|part| self.find_model(part)).collect();
        for path in parts {
            let scanned = scan::check(&self.roots, &path)?;
            self.scanned.insert(path, scanned);
        }
        for path in controlnets {
            self.scanned.insert(path.clone(), scan::check(&self.roots_of(path), path)?);
        }
        Ok(())
    }

    /// The folders that the files of a ControlNet may lie in: the model's, or its own.
    pub fn roots_of(&self, controlnet: &Path) -> Roots {
        match controlnet.starts_with(&self.root) {
            true => self.roots.clone(),
            false => self.roots.of(folder_of(controlnet)),
        }
    }

    /// What the scan found in a file.
    pub fn scanned(&self, path: &Path) -> Scanned {
        self.scanned.get(path).cloned().unwrap_or_default()
    }

    /// The ONNX file of a part that must be there, to be loaded.
    pub fn source(&self, part: &'static str) -> Result<Source> {
        let path = self.model(part)?;
        let scanned = self.scanned(&path);
        Ok(Source::new(&path, part, scanned))
    }

    /// The ONNX file of a ControlNet, likewise. Its weights may be in others of its folder.
    pub fn controlnet(&self, path: &Path) -> Source {
        Source::new(path, "controlnet", self.scanned(path))
    }

    /// A file or folder of the directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The folders that files may lie in.
    pub fn roots(&self) -> &Roots {
        &self.roots
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
        let folder = self.folder(part);
        let asked = self.variant.as_ref().and_then(|variant| self.of_variant(part, variant));
        let plain = [folder.join("model.onnx")];
        let others = VARIANTS.iter().map(|variant| folder.join(variant).join("model.onnx"));
        asked.into_iter().chain(plain).chain(others).find(|path| files::is_file(path))
    }

    /// The directory of a tokenizer, of which no file leads out of the model directory.
    pub fn tokenizer(&self, name: &str) -> Result<PathBuf> {
        let folder = self.path(name);
        let paths = Tokenizer::FILES.iter().map(|file| folder.join(file)).filter(|path| files::exists(path));
        paths.into_iter().try_for_each(|path| self.roots.check(&path))?;
        Ok(folder)
    }

    /// The configuration of the first of these parts that has one; its defaults where none has.
    pub fn config<T: DeserializeOwned + Default>(&self, parts: &[&str]) -> Result<T> {
        let beside = |part: &&str| self.find_model(part).map(|model| model.with_file_name("config.json"));
        let plain = |part: &&str| self.path(part).join("config.json");
        let found = parts.iter().map(plain).chain(parts.iter().filter_map(beside)).find(|path| files::exists(path));
        found.map_or_else(|| Ok(T::default()), |path| self.read(&path))
    }

    /// A configuration that the directory may lack.
    pub fn optional<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let path = self.path(name);
        files::exists(&path).then(|| self.read(&path)).transpose()
    }

    /// The same, as text.
    pub fn optional_text(&self, name: &str) -> Result<Option<String>> {
        let path = self.path(name);
        if !files::exists(&path) {
            return Ok(None);
        }
        self.roots.check(&path)?;
        files::read_config(&path).map(Some)
    }

    fn read<T: DeserializeOwned>(&self, path: &Path) -> Result<T> {
        self.roots.check(path)?;
        files::read_json(path)
    }

    fn folder(&self, part: &str) -> PathBuf {
        self.path(if part == "unet" { self.unet } else { part })
    }

    /// The file of a part that a variant names: its folder, what its name ends with, or the file itself.
    fn of_variant(&self, part: &str, variant: &str) -> Option<PathBuf> {
        let folder = self.folder(part);
        let names = [
            format!("{variant}/model.onnx"),
            format!("model_{variant}.onnx"),
            format!("model.{variant}.onnx"),
            format!("{variant}.onnx"),
            variant.to_owned(),
        ];
        let is_model = |name: &&String| name.ends_with(".onnx") && files::is_file(&folder.join(name));
        names.iter().find(is_model).map(|name| folder.join(name))
    }

    /// The ONNX files that lie where none is looked for, as the end of a sentence.
    fn beside(&self) -> Result<String> {
        let mut found = Vec::new();
        for folder in [""].into_iter().chain(NEEDED) {
            onnx_files(&self.root, Path::new(folder), 1, &mut found)?;
        }
        found.retain(|name| !NEEDED.iter().any(|part| *name == format!("{part}/model.onnx")));
        let (nested, flat): (Vec<&str>, _) = found.iter().map(String::as_str).partition(|name| name.contains('/'));
        let mut text = String::new();
        if !nested.is_empty() {
            let list = listed(&nested);
            text += &format!(". There are {list}: variant names one by its folder or by what follows model_");
        }
        if !flat.is_empty() {
            text += &format!(". There are {}: each part needs a folder of its own", listed(&flat));
        }
        if files::exists(&self.path("transformer")) {
            text += ". There is transformer/, as Stable Diffusion 3 and FLUX have it, which Scumble does not run";
        }
        Ok(text)
    }
}

/// The ONNX files in a folder of the root, and so many levels below it; those of the root itself alone.
fn onnx_files(root: &Path, folder: &Path, deeper: usize, found: &mut Vec<String>) -> Result<()> {
    let path = root.join(folder);
    let entries = match fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(_) if !folder.as_os_str().is_empty() => return Ok(()), // it is not there
        Err(error) => return Err(files::unreadable(&path, error)),
    };
    let mut names: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.file_name())).collect();
    names.sort();
    for name in names {
        let inner = folder.join(&name);
        if Path::new(&name).extension().is_some_and(|extension| extension == "onnx") {
            found.push(inner.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/"));
        } else if deeper > 0 && !folder.as_os_str().is_empty() && root.join(&inner).is_dir() {
            onnx_files(root, &inner, deeper - 1, found)?;
        }
    }
    Ok(())
}

fn listed(names: &[&str]) -> String {
    let more = names.len().saturating_sub(LISTED);
    let shown = names[..names.len() - more].join(", ");
    if more > 0 {
        format!("{shown} and {more} more")
    } else {
        shown
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
