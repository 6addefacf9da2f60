//! The SDK as it is given away: built by its one command, and unpacked where nothing else is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use tempfile::TempDir;

use super::c_program::{can_build, run, ROOT};

pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// An unpacked SDK, in a folder that goes with it.
pub struct Sdk {
    folder: TempDir,
    name: String,
}

impl Sdk {
    /// The SDK of a platform. None where a tool for it is missing, which is said.
    pub fn new(platform: &str) -> Option<Self> {
        let name = format!("scumble-sdk-{VERSION}-{platform}");
        let archive = archive(platform, &name)?;
        let folder = tempfile::tempdir().unwrap();
        run(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(archive).arg(folder.path()));
        Some(Self { folder, name })
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }

    /// A command that runs in a folder of the SDK and knows nothing of this machine but its tools.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.current_dir(self.path()).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        command.env("HOME", self.folder.path());
        command
    }
}

/// Tests run side by side; the archive is built once.
fn archive(platform: &str, name: &str) -> Option<PathBuf> {
    static BUILT: Mutex<BTreeMap<String, Option<PathBuf>>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().unwrap();
    let build = || {
        can_build(Command::new("python3").args(["tools/sdk/build.py", platform]))
            .then(|| Path::new(ROOT).join(format!("target/sdk/{name}.zip")))
    };
    built.entry(platform.into()).or_insert_with(build).clone()
}
