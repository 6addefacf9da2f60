//! Reading the small files of a model directory, with errors that say which and why, and never without
//! a limit: the directory may come from anybody.

mod json;
mod roots;

use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::error::{bail, Error, Result, Status};
use crate::memory;

pub use roots::Roots;

/// The largest configuration: one with the betas of 1000 timesteps has 25 kB.
const MAX_CONFIG: u64 = 1 << 20;
/// The largest vocabulary: CLIP's `tokenizer.json` has 3.6 MB.
const MAX_VOCABULARY: u64 = 16 << 20;
const LFS_POINTER: &[u8] = b"version https://git-lfs";
/// What editors on Windows put before UTF-8.
const BYTE_ORDER_MARK: char = '\u{FEFF}';

/// The system's number for a link that leads to itself.
#[cfg(unix)]
const LINKS_IN_A_CIRCLE: i32 = libc::ELOOP;
#[cfg(windows)]
const LINKS_IN_A_CIRCLE: i32 = 1921; // ERROR_CANT_RESOLVE_FILENAME

/// Refuses a file that is missing, empty, or only points to where Git LFS would fetch it from.
pub fn check(path: &Path) -> Result<()> {
    match fs::metadata(path) {
        Ok(data) if data.is_file() => (),
        // Opening a pipe would wait for somebody to write to it.
        Ok(_) => bail!(ModelInvalid, "{} is not a file", path.display()),
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

/// Whether there is something of this name. What cannot be told, since a folder before it may not be read, counts as
/// there: whoever opens it learns why.
pub fn exists(path: &Path) -> bool {
    path.try_exists().unwrap_or(true)
}

/// Likewise, a file.
pub fn is_file(path: &Path) -> bool {
    match fs::metadata(path) {
        Ok(data) => data.is_file(),
        Err(error) => !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
    }
}

/// A text of the size of a vocabulary, without a byte order mark.
pub fn read_vocabulary(path: &Path) -> Result<String> {
    read_text(path, MAX_VOCABULARY)
}

/// A vocabulary in JSON.
pub fn read_vocabulary_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    parse(path, &read_vocabulary(path)?)
}

/// A configuration, as text.
pub fn read_config(path: &Path) -> Result<String> {
    read_text(path, MAX_CONFIG)
}

/// A configuration in JSON.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    parse(path, &read_text(path, MAX_CONFIG)?)
}

/// A configuration in JSON that a model directory may lack.
pub fn read_optional_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    exists(path).then(|| read_json(path)).transpose()
}

/// What a text in JSON says, as Python reads it too.
pub fn parse_json<T: DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    serde_json::from_str(&json::standard(text))
}

fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T> {
    parse_json(text).map_err(|error| Error::new(Status::ModelInvalid, format!("{}: {error}", path.display())))
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
    let Ok(mut text) = String::from_utf8(bytes) else { bail!(ModelInvalid, "{} is not UTF-8 text", path.display()) };
    if text.starts_with(BYTE_ORDER_MARK) {
        text.drain(..BYTE_ORDER_MARK.len_utf8());
    }
    Ok(text)
}

/// Why a file of a model cannot be read: it is missing, or the system does not let this process read it.
pub fn unreadable(path: &Path, error: io::Error) -> Error {
    let error = reading_failed(error);
    Error::new(error.status(), format!("{} {error}", path.display()))
}

/// Likewise, of a file that the caller names before it.
pub fn reading_failed(error: io::Error) -> Error {
    let invalid = |error| Error::new(Status::ModelInvalid, format!("cannot be read: {error}"));
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Error::new(Status::ModelIncomplete, "is missing"),
        ErrorKind::UnexpectedEof => Error::new(Status::ModelInvalid, "is cut off"),
        ErrorKind::OutOfMemory => Error::new(Status::OutOfMemory, format!("cannot be read: {error}")),
        ErrorKind::InvalidFilename | ErrorKind::InvalidInput => invalid(error),
        _ if error.raw_os_error() == Some(LINKS_IN_A_CIRCLE) => invalid(error),
        _ => Error::new(
            Status::ModelUnreadable,
            format!("cannot be read by this process, though it may be sound: {error}"),
        ),
    }
}
