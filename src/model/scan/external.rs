//! External data: tensors in files beside the ONNX file, which its writer names.

use std::collections::HashMap;
use std::io::{Read, Seek};
use std::path::{Component, Path, PathBuf};

use super::stamps::Stamps;
use super::weights;
use super::wire::{Message, Wire};
use super::{once, MAX_NAME};
use crate::error::{bail, Result};
use crate::files::{self, Roots};

/// ONNX Runtime reads a location that begins so as an address in its own memory.
const MEMORY_MARKER: &str = "*/";

/// `external_data` of a tensor.
#[derive(Default)]
pub struct External {
    location: Option<String>,
    offset: Option<u64>,
    length: Option<u64>,
}

/// The bytes that a tensor takes, and whether it takes them from a file.
pub struct Extent {
    pub bytes: u64,
    pub needed: bool,
}

impl External {
    /// Where the data of a tensor of so many bytes is, if it is in a file.
    pub fn extent(&self, bytes: u64) -> Result<Option<weights::Extent>> {
        let Some(location) = &self.location else { return Ok(None) };
        let length = self.length.filter(|length| *length > 0).unwrap_or(bytes);
        Ok(Some(weights::Extent { file: relative(location)?, offset: self.offset.unwrap_or(0), length }))
    }

    /// Reads one of its keys and values.
    pub fn entry<R: Read + Seek>(&mut self, wire: &mut Wire<R>, mut message: Message) -> Result<()> {
        let (mut key, mut value) = (None, None);
        while let Some(field) = wire.field(&mut message)? {
            match field {
                (1, text) => once(&mut key, wire.text(wire.bytes(text)?, MAX_NAME)?, "key of external data")?,
                (2, text) => once(&mut value, wire.text(wire.bytes(text)?, MAX_NAME)?, "value of external data")?,
                _ => (),
            }
        }
        let (key, value) = (key.unwrap_or_default(), value.unwrap_or_default());
        match key.as_str() {
            "location" => once(&mut self.location, value, "location of external data"),
            "offset" => once(&mut self.offset, count(&key, &value)?, "offset of external data"),
            "length" => once(&mut self.length, count(&key, &value)?, "length of external data"),
            "checksum" => Ok(()),
            // ONNX Runtime's own, for weights that it has packed, say where in the file to read more.
            _ => bail!(ModelUnsupported, "external data has the key {key:?}; expected location, offset and length"),
        }
    }
}

/// Plain digits. Readers in C would take a sign, spaces and what follows.
fn count(key: &str, value: &str) -> Result<u64> {
    match value.parse::<u64>() {
        Ok(count) if count <= i64::MAX as u64 && !value.starts_with('+') => Ok(count),
        _ => bail!(ModelInvalid, "the {key} of external data is {value:?}; expected a whole number"),
    }
}

/// The folder of the ONNX file, and the sizes of the data files that were found in it.
pub struct Folder {
    roots: Roots,
    folder: PathBuf,
    sizes: HashMap<PathBuf, u64>,
    stamps: Stamps,
    /// Bytes of all tensors that are external data.
    bytes: u64,
}

impl Folder {
    pub fn new(roots: &Roots, folder: &Path) -> Self {
        let (sizes, stamps) = (HashMap::new(), Stamps::default());
        Self { roots: roots.clone(), folder: folder.to_owned(), sizes, stamps, bytes: 0 }
    }

    /// The data files as they were found. Refuses tensors that are, together, far more than these files hold: each
    /// is copied.
    pub fn stamps(self) -> Result<Stamps> {
        let most = self.stamps.bytes().saturating_mul(2);
        if self.bytes > most {
            bail!(
                ModelInvalid,
                "its external data is {} bytes in all; expected at most {most}, twice the size of its files",
                self.bytes
            );
        }
        Ok(self.stamps)
    }

    /// Refuses external data that is not all in a file of the model directory. What a tensor says of
    /// external data is checked also where it says that it has none: the one may be edited, the other not.
    pub fn check(&mut self, external: &External, tensor: Extent) -> Result<()> {
        let Some(location) = &external.location else {
            if tensor.needed {
                bail!(ModelInvalid, "its data is external, but no location is given");
            }
            return Ok(());
        };
        let file = relative(location)?;
        let size = match self.sizes.get(&file) {
            Some(size) => *size,
            None => {
                let size = self.size(&file)?;
                self.sizes.insert(file, size);
                size
            }
        };
        let offset = external.offset.unwrap_or(0);
        let length = external.length.filter(|length| *length > 0).unwrap_or(tensor.bytes);
        if tensor.needed && length != tensor.bytes {
            bail!(
                ModelInvalid,
                "its external data has the length {length}; expected {}, by its dimensions",
                tensor.bytes
            );
        }
        if offset.checked_add(length).is_none_or(|end| end > size) {
            bail!(
                ModelInvalid,
                "its external data is {length} bytes from byte {offset} of {location:?}, which has {size} bytes"
            );
        }
        self.bytes = self.bytes.saturating_add(length);
        Ok(())
    }

    fn size(&mut self, file: &Path) -> Result<u64> {
        let path = self.folder.join(file);
        self.roots.check(&path)?;
        files::check(&path)?;
        match path.metadata() {
            Ok(data) => {
                self.stamps.add(&path, &data);
                Ok(data.len())
            }
            Err(error) => Err(files::unreadable(&path, error)),
        }
    }
}

/// A location as a path that cannot leave the folder: the same answer on every system.
fn relative(location: &str) -> Result<PathBuf> {
    if location.starts_with(MEMORY_MARKER) {
        bail!(ModelInvalid, "its external data is at {location:?}: an address in memory, not a file");
    }
    let drive = location.as_bytes().get(1) == Some(&b':') || (cfg!(windows) && location.contains(':'));
    let within = |part: &Component| matches!(part, Component::Normal(_) | Component::CurDir);
    let plain = !drive && !location.contains(|c: char| c == '\\' || c.is_control());
    if location.is_empty() || !plain || !Path::new(location).components().all(|part| within(&part)) {
        bail!(
            ModelInvalid,
            "its external data is at {location:?}; expected a file beside the model, as a relative path with / and without .."
        );
    }
    Ok(Path::new(location).components().filter(|part| *part != Component::CurDir).collect())
}
