//! Copies of the tests' model, to be damaged.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tempfile::TempDir;

use super::onnx::{bytes, encoder, raw, tensor, weights, ENCODER};

#[derive(Deserialize)]
struct Entry {
    name: String,
    files: BTreeMap<PathBuf, PathBuf>,
}

fn references() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/models")
}

fn list() -> Vec<Entry> {
    serde_json::from_slice(&fs::read(references().join("models.json")).unwrap()).unwrap()
}

/// A model directory that costs nothing: its files are links until they are replaced.
pub struct ModelCopy(TempDir);

impl ModelCopy {
    pub fn new() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        link_all(&original(""), folder.path());
        Self(folder)
    }

    /// One whose decoder ends too early.
    pub fn damaged() -> Self {
        let copy = Self::new();
        copy.write("vae_decoder/model.onnx", &fs::read(original("vae_decoder/model.onnx")).unwrap()[..100_000]);
        copy
    }

    /// One that loads with a warning of ONNX Runtime's, for a weight that nothing uses, and cannot encode: it knows four
    /// tokens.
    pub fn noisy() -> Self {
        let copy = Self::new();
        let unused = bytes(5, tensor("unused", &[1], &[raw(4)]));
        copy.write(ENCODER, encoder(weights(raw(128)), &[unused], &[]));
        copy
    }

    /// The names of the models of `tests/reference/models`.
    pub fn references() -> Vec<String> {
        list().into_iter().map(|entry| entry.name).collect()
    }

    /// One of them, put together as their list says.
    pub fn reference(name: &str) -> Self {
        let entry = list().into_iter().find(|entry| entry.name == name).unwrap_or_else(|| panic!("no model {name}"));
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        for (file, source) in entry.files {
            let file = folder.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            link(&references().join(source), &file);
        }
        Self(folder)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The same with files of its own in the place of links, to be changed in place.
    pub fn unlinked(self) -> Self {
        unlink_all(self.path());
        self
    }

    /// Takes a file or a folder away.
    pub fn remove(&self, name: &str) -> &Self {
        let path = self.path().join(name);
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
        self
    }

    /// Replaces a file, or adds one.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&path); // the link, not what it leads to
        fs::write(path, content).unwrap();
        self
    }

    /// Replaces a text within a file, which must be there.
    pub fn replace(&self, name: &str, from: &str, to: &str) -> &Self {
        let text = fs::read_to_string(original(name)).unwrap();
        assert!(text.contains(from), "{name} has no {from}");
        self.write(name, text.replace(from, to))
    }
}

/// A file of the undamaged model.
pub fn original(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/models/emblem-64").join(name)
}

fn link_all(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if from.is_dir() {
            fs::create_dir(&to).unwrap();
            link_all(&from, &to);
        } else {
            link(&from, &to);
        }
    }
}

fn unlink_all(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            unlink_all(&path);
        } else {
            let content = fs::read(&path).unwrap();
            fs::remove_file(&path).unwrap();
            fs::write(path, content).unwrap();
        }
    }
}

fn link(from: &Path, to: &Path) {
    fs::hard_link(from, to).or_else(|_| fs::copy(from, to).map(drop)).unwrap();
}
