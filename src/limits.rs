//! The limits of what a caller may give, the same for C and for Rust.

use crate::error::{bail, Result};

/// The longest path, in bytes.
pub(crate) const MAX_PATH: usize = 32 * 1024;
/// The longest name of a device, a variant, a scheduler or a spacing, in bytes.
pub(crate) const MAX_NAME: usize = 256;
/// The longest list of a provider's settings, in bytes.
pub(crate) const MAX_OPTIONS: usize = 4096;
/// The most ControlNets of a context, and of a generation.
pub(crate) const MAX_CONTROLNETS: usize = 16;
/// The most threads of a context.
pub(crate) const MAX_THREADS: usize = 256;

/// Refuses a text or a path of more bytes than the most.
pub(crate) fn length(name: &str, bytes: usize, most: usize) -> Result<()> {
    if bytes > most {
        bail!(LimitExceeded, "{name} is longer than {most} bytes, which is the most that is taken");
    }
    Ok(())
}

/// Refuses more items than the most.
pub(crate) fn count(name: &str, items: usize, most: usize) -> Result<()> {
    if items > most {
        bail!(LimitExceeded, "{name} is {items}; expected 0 to {most}");
    }
    Ok(())
}

/// A number of threads, as a caller of C or of Rust may give it.
pub(crate) fn threads(threads: i64) -> Result<usize> {
    match usize::try_from(threads) {
        Ok(threads @ 1..=MAX_THREADS) => Ok(threads),
        _ => bail!(InvalidArgument, "threads is {threads}; expected 1 to {MAX_THREADS}, or SCUMBLE_AUTO"),
    }
}
