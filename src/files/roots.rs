//! Where the files of a model may lie.

use std::path::{Path, PathBuf};

use super::unreadable;
use crate::error::{bail, Result};

/// The folders that the files of a model may lie in: its directory, and those that the host allows besides.
#[derive(Clone, Debug, Default)]
pub struct Roots {
    folders: Vec<PathBuf>,
}

impl Roots {
    /// A model directory, and further folders that links within it may lead to.
    pub fn new(directory: &Path, more: &[PathBuf]) -> Self {
        // Files may be opened again when the host has gone to another working directory.
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Self { folders: [directory].into_iter().chain(more.iter().map(PathBuf::as_path)).map(absolute).collect() }
    }

    /// The same, with another directory in the place of the model's.
    pub fn of(&self, directory: &Path) -> Self {
        Self::new(directory, self.folders.get(1..).unwrap_or_default())
    }

    /// Refuses a file that a link takes out of these folders. What a link leads to counts, not where it is.
    ///
    /// The links of Hugging Face's cache are let in: `<repository>/snapshots/<revision>/` has links to
    /// `<repository>/blobs/`, of which a model directory below `snapshots` can name no other.
    pub fn check(&self, path: &Path) -> Result<()> {
        let real = |path: &Path| path.canonicalize().map_err(|error| unreadable(path, error));
        let file = real(path)?;
        for (i, folder) in self.folders.iter().enumerate() {
            let folder = real(folder)?;
            let snapshots = folder.ancestors().find(|folder| i == 0 && folder.ends_with("snapshots"));
            let blobs = snapshots.map(|snapshots| snapshots.with_file_name("blobs"));
            if file.starts_with(&folder) || (blobs.is_some() && file.parent() == blobs.as_deref()) {
                return Ok(());
            }
        }
        bail!(
            ModelInvalid,
            "{} leads to {}, out of the model directory; expected the file itself, or its folder among model_roots",
            path.display(),
            file.display()
        )
    }
}
