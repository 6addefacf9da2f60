//! Reading the small files of a model directory, with errors that say which and why, and never without
//! a limit: the directory may come from anybody.

use std::fs;
use std::io::{ErrorKind, Read};
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::error::{bail, Error, Result, Status};
use crate::memory;

/// The largest configuration: one with the betas of 1000 timesteps has 25 kB.
const MAX_CONFIG: u64 = 1 << 20;
/// The largest vocabulary: CLIP's `tokenizer.json` has 3.6 MB.
const MAX_VOCABULARY: u64 = 16 << 20;
const LFS_POINTER: &[u8] = b"version https://git-lfs";

/// Refuses a file that is missing, empty, or only points to where Git LFS would fetch it from.
pub fn check(path: &Path) -> Result<()> {
    match fs::metadata(path) {
        Ok(data) if data.is_file() => (),
        // Opening a pipe would wait for somebody to write to it.
        Ok(_) => bail!(ModelInvalid, "{} is not a file", path.display()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!(ModelIncomplete, "{} is missing", path.display())
        }
        Err(error) => return Err(unreadable(path, error)),
    }
    let mut file = fs::File::open(path).map_err(|error| unreadable(path, error))?;
    let mut start = Vec::new();
    let read = file.by_ref().take(LFS_POINTER.len() as u64).read_to_end(&mut start);
    read.map_err(|error| unreadable(path, error))?;
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

/// Opens a file that was checked. A pipe that has taken its place since does not open, where it would wait.
pub fn open(path: &Path) -> Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    let file = options.open(path).map_err(|error| unreadable(path, error))?;
    match file.metadata() {
        Ok(found) if found.is_file() => Ok(file),
        Ok(_) => bail!(ModelInvalid, "{} is not a file", path.display()),
        Err(error) => Err(unreadable(path, error)),
    }
}

/// Refuses a file that a link takes out of the model directory `root`.
///
/// The links of Hugging Face's cache are let in: `<repository>/snapshots/<revision>/` has links to
/// `<repository>/blobs/`, of which a model directory below `snapshots` can name no other.
pub fn check_inside(root: &Path, path: &Path) -> Result<()> {
    let real = |path: &Path| match path.canonicalize() {
        Ok(real) => Ok(real),
        Err(error) if error.kind() == ErrorKind::NotFound => bail!(ModelIncomplete, "{} is missing", path.display()),
        Err(error) => Err(unreadable(path, error)),
    };
    let (root, file) = (real(root)?, real(path)?);
    let snapshots = root.ancestors().find(|folder| folder.ends_with("snapshots"));
    let blobs = snapshots.map(|snapshots| snapshots.with_file_name("blobs"));
    if file.starts_with(&root) || (blobs.is_some() && file.parent() == blobs.as_deref()) {
        return Ok(());
    }
    bail!(
        ModelInvalid,
        "{} leads to {}, out of the model directory; expected the file itself",
        path.display(),
        file.display()
    )
}

/// Refuses a model directory with links that lead out of it, as deep as loading looks for files. (What
/// external data names is checked one by one.)
pub fn check_links(root: &Path) -> Result<()> {
    links_within(root, root, 2)
}

fn links_within(root: &Path, folder: &Path, deeper: usize) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, error))? {
        let entry = entry.map_err(|error| unreadable(folder, error))?;
        let kind = entry.file_type().map_err(|error| unreadable(folder, error))?;
        // A link to nothing is as good as no file.
        if kind.is_symlink() && entry.path().exists() {
            check_inside(root, &entry.path())?;
        } else if kind.is_dir() && deeper > 0 {
            links_within(root, &entry.path(), deeper - 1)?;
        }
    }
    Ok(())
}

/// A vocabulary, whole.
pub fn read_vocabulary(path: &Path) -> Result<String> {
    read_text(path, MAX_VOCABULARY)
}

/// A configuration, as text.
pub fn read_config(path: &Path) -> Result<String> {
    read_text(path, MAX_CONFIG)
}

/// A configuration in JSON.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    parse_json(path, &read_config(path)?)
}

/// A configuration in JSON that a model directory may lack.
pub fn read_optional_json<T: DeserializeOwned + Default>(path: &Path) -> Result<T> {
    if path.exists() {
        read_json(path)
    } else {
        Ok(T::default())
    }
}

/// What a JSON file says.
pub fn parse_json<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| Error::new(Status::ModelInvalid, format!("{}: {error}", path.display())))
}

fn read_text(path: &Path, most: u64) -> Result<String> {
    check(path)?;
    let file = fs::File::open(path).map_err(|error| unreadable(path, error))?;
    let length = file.metadata().map_err(|error| unreadable(path, error))?.len();
    let mut bytes = memory::vector(length.min(most) as usize + 1)?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, error))?;
    if bytes.len() as u64 > most {
        bail!(ModelInvalid, "{} is larger than {most} bytes, which it cannot be", path.display());
    }
    String::from_utf8(bytes).or_else(|_| bail!(ModelInvalid, "{} is not UTF-8 text", path.display()))
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    Error::new(Status::ModelInvalid, format!("{} cannot be read: {error}", path.display()))
}
