//! What the files of a model were when they were scanned, so that a file that was changed or replaced since is noticed.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::path::{self, Path, PathBuf};
use std::time::SystemTime;

use crate::error::{bail, Result};
use crate::files;

/// Length, time of the last change, and which file it is on its volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    number: u64,
}

impl Stamp {
    fn of(found: &Metadata) -> Self {
        #[cfg(unix)]
        let number = std::os::unix::fs::MetadataExt::ino(found);
        #[cfg(not(unix))]
        let number = 0;
        Self { length: found.len(), modified: found.modified().ok(), number }
    }
}

/// The stamps of all files that a graph and its weights are in.
#[derive(Clone, Debug, Default)]
pub struct Stamps(BTreeMap<PathBuf, Stamp>);

impl Stamps {
    pub(super) fn add(&mut self, path: &Path, found: &Metadata) {
        // They are looked at again, when the host may have gone to another folder.
        self.0.insert(path::absolute(path).unwrap_or_else(|_| path.to_owned()), Stamp::of(found));
    }

    /// How many bytes these files have.
    pub(super) fn bytes(&self) -> u64 {
        self.0.values().fold(0, |bytes, stamp| bytes.saturating_add(stamp.length))
    }

    /// Refuses files that are not those that were scanned.
    pub fn check(&self) -> Result<()> {
        for (path, stamp) in &self.0 {
            files::check(path)?;
            if !fs::metadata(path).is_ok_and(|found| Stamp::of(&found) == *stamp) {
                bail!(
                    ModelInvalid,
                    "{} was changed or replaced since it was scanned; create the context again",
                    path.display()
                );
            }
        }
        Ok(())
    }
}
