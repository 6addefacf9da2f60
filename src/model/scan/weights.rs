//! The weights of a model, copied from its files into memory.
//!
//! What stays in a file that is mapped changes with the file, and ends the process where the file is cut off. A copy
//! does neither. What was read is known by its checksums, so that a part that is loaded again is the same or is refused.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use memmap2::MmapMut;
use twox_hash::XxHash3_64;

use crate::cancel::Cancel;
use crate::error::{bail, Error, Result};
use crate::files;
use crate::memory;

/// What external data in memory calls its file. No file of a model has this name.
pub const IN_MEMORY: &str = "scumble.weights";
/// Tensors begin at multiples of this, the size of a cache line.
const ALIGNMENT: usize = 64;

/// Where the data of a tensor lies.
pub struct Extent {
    /// The file's name, beside the graph.
    pub file: PathBuf,
    pub offset: u64,
    pub length: u64,
}

/// The data of all tensors, in the order in which they will lie in memory.
#[derive(Default)]
pub struct Extents {
    list: Vec<Extent>,
    end: usize,
}

impl Extents {
    /// Adds one. Gives where it will begin.
    pub fn add(&mut self, extent: Extent) -> usize {
        let start = self.end;
        let length = usize::try_from(extent.length).unwrap_or(usize::MAX);
        self.end = start.saturating_add(length).checked_next_multiple_of(ALIGNMENT).unwrap_or(usize::MAX);
        self.list.push(extent);
        start
    }

    /// Reads them all. `graph` is the file that they belong to.
    pub fn read(&self, graph: &Path, checksums: &mut Checksums, cancel: &Cancel) -> Result<MmapMut> {
        let mut bytes = memory::pages(self.end)?;
        let mut start = 0;
        let mut files = BTreeMap::new();
        for Extent { file, offset, length } in &self.list {
            cancel.check()?;
            let path = graph.with_file_name(file);
            let within = |error: Error| error.within(path.display());
            if !files.contains_key(&path) {
                files.insert(path.clone(), files::open(&path)?);
            }
            let file: &mut File = files.get_mut(&path).expect("just opened");
            let target = &mut bytes[start..start + *length as usize];
            let read = file.seek(SeekFrom::Start(*offset)).and_then(|_| fill(file, target));
            let read = read.map_err(|error| within(files::reading_failed(error)))?;
            if read < target.len() {
                let end = offset.saturating_add(read as u64);
                bail!(ModelInvalid, "{} ends at byte {end}, and did not a moment ago", path.display());
            }
            checksums.add(&path, target);
            start = (start + target.len()).next_multiple_of(ALIGNMENT);
        }
        Ok(bytes)
    }
}

/// Reads until the target is full or the file ends. Gives how much was read.
fn fill(file: &mut File, target: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < target.len() {
        match file.read(&mut target[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => (),
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Checksums (XXH3) of what was read from each file.
#[derive(Default)]
pub struct Checksums(BTreeMap<PathBuf, Vec<u64>>);

impl Checksums {
    pub fn add(&mut self, path: &Path, bytes: &[u8]) {
        self.0.entry(path.to_owned()).or_default().push(XxHash3_64::oneshot(bytes));
    }

    /// Refuses files of which something else was read before.
    pub fn check(&self, before: &Self) -> Result<()> {
        match before.0.iter().find(|(path, sums)| self.0.get(*path) != Some(*sums)) {
            None => Ok(()),
            Some((path, _)) => bail!(
                ModelInvalid,
                "{} is not what it was when the context was created; create the context again",
                path.display()
            ),
        }
    }
}
