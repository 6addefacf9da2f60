//! Reading the small files of a model directory, with errors that say which and why.

use std::fs;
use std::io::{ErrorKind, Read};
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::error::{bail, Error, Result, Status};

/// Configurations and vocabularies are far smaller; a larger file is not one.
const MAX_TEXT_FILE: u64 = 64 << 20;
const LFS_POINTER: &[u8] = b"version https://git-lfs";

/// Refuses a file that is missing, empty, or only points to where Git LFS would fetch it from.
pub fn check(path: &Path) -> Result<()> {
    let mut file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!(ModelIncomplete, "{} is missing", path.display())
        }
        Err(error) => bail!(ModelInvalid, "{} cannot be read: {error}", path.display()),
    };
    let mut start = Vec::new();
    let read = file.by_ref().take(LFS_POINTER.len() as u64).read_to_end(&mut start);
    if let Err(error) = read {
        bail!(ModelInvalid, "{} cannot be read: {error}", path.display());
    }
    if start.is_empty() {
        bail!(ModelInvalid, "{} is empty", path.display());
    }
    if start == LFS_POINTER {
        bail!(
            ModelIsPointer,
            "{} is a Git LFS pointer, not the file itself: run `git lfs pull` in the repository it came from",
            path.display()
        );
    }
    Ok(())
}

/// A text file, whole.
pub fn read_text(path: &Path) -> Result<String> {
    check(path)?;
    let length = fs::metadata(path).map_or(0, |data| data.len());
    if length > MAX_TEXT_FILE {
        bail!(ModelInvalid, "{} has {length} bytes; expected at most {MAX_TEXT_FILE}", path.display());
    }
    fs::read_to_string(path)
        .map_err(|error| Error::new(Status::ModelInvalid, format!("{} cannot be read: {error}", path.display())))
}

/// A JSON file.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    serde_json::from_str(&read_text(path)?)
        .map_err(|error| Error::new(Status::ModelInvalid, format!("{}: {error}", path.display())))
}

/// A JSON file that a model directory may lack.
pub fn read_optional_json<T: DeserializeOwned + Default>(path: &Path) -> Result<T> {
    if path.exists() {
        read_json(path)
    } else {
        Ok(T::default())
    }
}
