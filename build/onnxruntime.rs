//! Brings ONNX Runtime's library for a platform into a folder, out of a PyPI wheel or else an npm
//! package, both pinned by hash.

use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

const WHEEL_VERSION: &str = "1.32.0";
const NPM_VERSION: &str = "1.30.0";
const NPM_SHA256: &str = "6e3390d6b783e7be946fad629292799da28d0b42f84856e50d2c1b0383291e75";

/// Its name as npm has it, target OS and architecture, the wheel's platform and SHA-256.
type Platform = (&'static str, &'static str, &'static str, &'static str, &'static str);

/// Neither archive holds a library for macOS on x64.
#[rustfmt::skip]
const PLATFORMS: [Platform; 5] = [
    ("linux-x64", "linux", "x86_64", "manylinux_2_28_x86_64",
     "99e1074c4b2197accd5073052a465361be17b89c093b8ffb6e6bd8f986c52df8"),
    ("linux-arm64", "linux", "aarch64", "manylinux_2_28_aarch64",
     "e36c187006e7a7c8b8d6d57f1a209dd63f52430dca6c282b177718ad6b841054"),
    ("win32-x64", "windows", "x86_64", "win_amd64",
     "efe7456952c243a05a53d5b8732953625144642c2f3989094277f6217f0c0c40"),
    ("win32-arm64", "windows", "aarch64", "win_arm64",
     "64d394c69d561af3efd4d4f49dcac8f11d0ce135a20701c16d53b74056cd4cf8"),
    ("darwin-arm64", "macos", "aarch64", "macosx_14_0_arm64",
     "d52510bbbcc880c13b826f7d75cdf33ac5cf0bb864d960000fc29ce73f0cb83e"),
];

/// Target OS, the wheel's files, the npm package's files, and the library's official name, which
/// it is kept under. The library itself comes first.
#[rustfmt::skip]
const FILES: [(&str, &[&str], &[&str], &str); 3] = [
    ("linux", &["capi/libonnxruntime.so.1.32.0", "LICENSE", "ThirdPartyNotices.txt"],
     &["libonnxruntime.so.1"], "libonnxruntime.so"),
    ("macos", &["capi/libonnxruntime.1.32.0.dylib", "LICENSE", "ThirdPartyNotices.txt"],
     &["libonnxruntime.1.30.0.dylib"], "libonnxruntime.dylib"),
    ("windows", &["capi/onnxruntime.dll", "capi/onnxruntime_providers_shared.dll", "LICENSE", "ThirdPartyNotices.txt"],
     &["onnxruntime.dll", "DirectML.dll", "dxcompiler.dll", "dxil.dll"], "onnxruntime.dll"),
];

/// One pinned archive, and how to get at what it holds.
struct Archive {
    title: String,
    file_name: String,
    sha256: &'static str,
    /// The files wanted, with their folder in the archive; the library itself comes first.
    files: Vec<String>,
    /// Where the library is kept, under its official name without a version.
    library: PathBuf,
    route: Route,
}

enum Route {
    Pip(&'static str),
    Npm,
}

/// The platforms that it can be fetched for, as npm names them.
pub fn platforms() -> Vec<&'static str> {
    PLATFORMS.map(|known| known.0).to_vec()
}

/// The platform of a target, as cargo describes one.
pub fn platform(os: &str, arch: &str, abi: &str) -> Option<&'static str> {
    // The Linux libraries need glibc.
    let fits = |known: &Platform| known.1 == os && known.2 == arch && (os != "linux" || abi == "gnu");
    PLATFORMS.into_iter().find(fits).map(|known| known.0)
}

/// The library for this platform, in a folder of the cache with what belongs to it: PyPI's, or else npm's; npm's alone
/// where it shall know GPUs (DirectML under Windows, WebGPU). What was fetched once is there already.
pub fn fetch(platform: &str, gpu: bool, cache: &Path, warn: fn(&str)) -> Result<PathBuf, String> {
    let [wheel, package] = archives(platform, cache)?;
    let archives = if gpu { vec![package] } else { vec![wheel, package] };
    if let Some(archive) = archives.iter().find(|archive| archive.is_there()) {
        return Ok(archive.library.clone());
    }
    let mut failures = Vec::<String>::new();
    for archive in archives {
        match archive.fetch(cache) {
            Ok(()) => {
                for failure in failures {
                    let failure = failure.split_whitespace().collect::<Vec<_>>().join(" ");
                    warn(&format!("used {}, for lack of {failure}", archive.title));
                }
                return Ok(archive.library);
            }
            Err(failure) => failures.push(format!("{}: {failure}", archive.title)),
        }
    }
    Err(format!(
        "ONNX Runtime's library could not be fetched:\n  - {}\n\n\
         To fetch it, install Python 3 with pip, or Node.js with npm, and build again while online.",
        failures.join("\n  - ")
    ))
}

fn archives(platform: &str, cache: &Path) -> Result<[Archive; 2], String> {
    let known = PLATFORMS.into_iter().find(|known| known.0 == platform);
    let Some((platform, os, _, pip_platform, wheel_sha256)) = known else {
        return Err(format!("{platform} is not a platform of ONNX Runtime's: {}", platforms().join(", ")));
    };
    let (_, in_wheel, in_npm, library) =
        FILES.into_iter().find(|files| files.0 == os).expect("each platform's files are known");
    let within =
        |folder: &str, names: &[&str]| -> Vec<String> { names.iter().map(|name| format!("{folder}/{name}")).collect() };
    let npm_folder = format!("package/bin/napi-v6/{}", platform.replace('-', "/"));
    let wheel = Archive {
        title: format!("onnxruntime {WHEEL_VERSION} from PyPI"),
        file_name: format!("onnxruntime-{WHEEL_VERSION}-cp312-cp312-{pip_platform}.whl"),
        sha256: wheel_sha256,
        files: within("onnxruntime", in_wheel),
        library: cache.join(format!("{WHEEL_VERSION}-{platform}")).join(library),
        route: Route::Pip(pip_platform),
    };
    let package = Archive {
        title: format!("onnxruntime-node {NPM_VERSION} from npm"),
        file_name: format!("onnxruntime-node-{NPM_VERSION}.tgz"),
        sha256: NPM_SHA256,
        files: within(&npm_folder, in_npm),
        library: cache.join(format!("{NPM_VERSION}-{platform}")).join(library),
        route: Route::Npm,
    };
    Ok([wheel, package])
}

impl Archive {
    fn is_there(&self) -> bool {
        self.files.iter().skip(1).all(|file| self.place_of(file).is_file()) && self.library.is_file()
    }

    /// Where a file that accompanies the library is kept: beside it.
    fn place_of(&self, file: &str) -> PathBuf {
        self.library.with_file_name(Path::new(file).file_name().unwrap_or_default())
    }

    /// Works in a folder of this process alone, beside the cache so that a rename finishes it.
    fn fetch(&self, cache: &Path) -> Result<(), String> {
        let now = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_nanos());
        let scratch = cache.join(format!("fetching-{}-{now}", std::process::id()));
        fs::create_dir_all(&scratch).map_err(|e| format!("{}: {e}", scratch.display()))?;
        let unpacked = match self.route {
            Route::Pip(platform) => self.unpack_with_pip(platform, &scratch),
            Route::Npm => self.unpack_with_npm(&scratch),
        };
        let placed =
            unpacked.and_then(|()| self.place(&scratch).map_err(|e| format!("{}: {e}", self.library.display())));
        // What cannot be removed goes with `cargo clean`.
        let _ = fs::remove_dir_all(&scratch);
        placed
    }

    fn unpack_with_pip(&self, platform: &str, folder: &Path) -> Result<(), String> {
        let python = python_with_pip(folder).ok_or("none of python3, python and py -3 runs pip")?;
        // The options name one wheel, whichever Python runs them and on whichever platform.
        let download = "-m pip download --quiet --no-input --disable-pip-version-check \
            --no-cache-dir --retries 2 --no-deps --only-binary=:all: --implementation cp --abi cp312 \
            --python-version 3.12 --dest . --platform";
        run(command(python, folder)
            // Such a setting of the user's guards installing; nothing is installed here.
            .env("PIP_REQUIRE_VIRTUALENV", "0")
            .args(download.split_whitespace())
            .args([platform, &format!("onnxruntime=={WHEEL_VERSION}")]))?;
        self.verify(folder)?;
        let unpack = "import sys, zipfile as z; z.ZipFile(sys.argv[1]).extractall('.', sys.argv[2:])";
        run(command(python, folder).args(["-c", unpack, &self.file_name]).args(&self.files))
    }

    fn unpack_with_npm(&self, folder: &Path) -> Result<(), String> {
        let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
        let download = "pack --ignore-scripts --loglevel=error --no-update-notifier \
            --cache=npm-cache --logs-max=0 --fetch-retries=1";
        run(command(&[npm], folder).args(download.split_whitespace()).arg(format!("onnxruntime-node@{NPM_VERSION}")))?;
        self.verify(folder)?;
        run(command(&["tar", "-xzf", &self.file_name], folder).args(&self.files))
    }

    fn verify(&self, folder: &Path) -> Result<(), String> {
        let (name, expected) = (&self.file_name, self.sha256);
        let mut hasher = Sha256::new();
        File::open(folder.join(name))
            .and_then(|mut file| io::copy(&mut file, &mut hasher))
            .map_err(|e| format!("could not read the downloaded {name}: {e}"))?;
        let found = format!("{:x}", hasher.finalize());
        if found == expected {
            return Ok(());
        }
        let hashes = format!("expected SHA-256 {expected}\n      found SHA-256    {found}");
        Err(format!("{name} is not the pinned file:\n      {hashes}"))
    }

    /// Renames the unpacked files into the cache. The library goes last, so that its presence
    /// means that all files are there.
    fn place(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(self.library.parent().expect("the library lies in the cache"))?;
        let (library, others) = self.files.split_first().expect("the library is listed first");
        for file in others {
            rename_unless_there(&folder.join(file), &self.place_of(file))?;
        }
        let library = folder.join(library);
        // Cargo would run this script again for a watched file newer than the script's start.
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        File::options().write(true).open(&library)?.set_modified(long_ago)?;
        rename_unless_there(&library, &self.library)
    }
}

/// Another build may have been faster, and on Windows its file, the same one, may be in use.
fn rename_unless_there(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to).or_else(|error| if to.is_file() { Ok(()) } else { Err(error) })
}

fn python_with_pip(folder: &Path) -> Option<&'static [&'static str]> {
    let pythons: [&[&str]; 3] = [&["python3"], &["python"], &["py", "-3"]];
    let has_pip = |python: &&[&str]| run(command(python, folder).args(["-m", "pip", "--version"])).is_ok();
    pythons.into_iter().find(has_pip)
}

fn command(words: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).current_dir(folder);
    command
}

/// Runs a command without input; a failure carries the gist of what it said.
fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|e| format!("{program} could not be started: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let mut lines: Vec<_> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    if lines.len() > 9 {
        lines.splice(4..lines.len() - 4, ["…"]);
    }
    Err(format!("{program} ended with {}:\n      {}", output.status, lines.join("\n      ")))
}
