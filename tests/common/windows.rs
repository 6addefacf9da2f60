//! Scumble for Windows as `tools/windows/build.sh` makes it, and C programs that run with it under Wine.

use std::fs;
use std::io::{Read, Seek};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

use super::c_program::{can_build, run, ROOT};

const GCC: &str = "x86_64-w64-mingw32-gcc";

/// What ONNX Runtime is named beside the library.
pub const ONNXRUNTIME: &str = "onnxruntime.dll";

/// The folder of what the script builds. None where a tool for it is missing, which is said.
pub fn built() -> Option<&'static Path> {
    static BUILT: OnceLock<Option<PathBuf>> = OnceLock::new();
    let built = || {
        let script = Path::new(ROOT).join("tools/windows/build.sh");
        can_build(&mut Command::new(script)).then(|| Path::new(ROOT).join("target/windows/x64"))
    };
    BUILT.get_or_init(built).as_deref()
}

/// Wine, ready to run programs.
pub struct Wine {
    program: &'static str,
    /// Words in front of it.
    launcher: &'static [&'static str],
    prefix: PathBuf,
    /// Waits for input until this process ends. Wine's services, which are slow to start, then stay.
    shell: Option<Child>,
}

impl Wine {
    /// None where Wine, or a tool for the library, is missing, which is said.
    pub fn get() -> Option<&'static Self> {
        static WINE: OnceLock<Option<Wine>> = OnceLock::new();
        built()?;
        let wine = WINE.get_or_init(Self::find).as_ref();
        if wine.is_none() {
            super::skip("wine64 is not installed; the Windows library was not tried");
        }
        wine
    }

    fn find() -> Option<Self> {
        // Debian's wine64 is not in the path without the package for 32 bits.
        let there = |program: &&str| Command::new(program).arg("--version").output().is_ok();
        // A heap at a random address is, once in a thousand times, where Wine must have something else.
        let fixed = Command::new("setarch").args(["-R", "true"]).status().is_ok_and(|status| status.success());
        let launcher: &[&str] = if fixed { &["timeout", "600", "setarch", "-R"] } else { &["timeout", "600"] };
        let program = ["wine64", "/usr/lib/wine/wine64", "wine"].into_iter().find(there)?;
        let mut wine = Self { program, launcher, prefix: Path::new(ROOT).join("target/windows/wine"), shell: None };
        // The last to be set up.
        let shim = wine.system32().join("bcryptprimitives.dll");
        if !shim.exists() {
            fs::create_dir_all(&wine.prefix).unwrap();
            wine.set_up(&["wineboot", "--init"]);
            // ONNX Runtime asks for the machine's graphics cards, and complains on stderr where that is refused.
            wine.set_up(&["reg", "add", r"HKCU\Software\Wine\Direct3D", "/v", "renderer", "/d", "no3d", "/f"]);
            // Windows brings an old ONNX Runtime of its own.
            let old = "static const void *get_api(unsigned version) { return (void)version, (void *)0; }
                static const char *get_version(void) { return \"1.16.3\"; }
                static const struct { const void *(*api)(unsigned); const char *(*version)(void); }
                    base = { get_api, get_version };
                __declspec(dllexport) const void *OrtGetApiBase(void) { return &base; }";
            dll(old, &[], &wine.system32().join(ONNXRUNTIME));
            // Wine 8 lacks this library, with the one function that Rust takes from it.
            let source = "#include <windows.h>
                BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
                __declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size) {
                    return SystemFunction036(data, (ULONG)size);
                }";
            dll(source, &["-ladvapi32"], &shim);
        }
        let quiet = wine.command().arg("cmd").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        wine.shell = Some(quiet.unwrap());
        Some(wine)
    }

    fn set_up(&self, arguments: &[&str]) {
        told(self.command().args(arguments));
    }

    /// Windows' own folder of libraries.
    pub fn system32(&self) -> PathBuf {
        self.prefix.join("drive_c/windows/system32")
    }

    /// Runs what follows, in the repository's root.
    pub fn command(&self) -> Command {
        let mut command = Command::new(self.launcher[0]);
        command.args(&self.launcher[1..]).arg(self.program);
        command.current_dir(ROOT).env_remove("LD_LIBRARY_PATH").env_remove("DISPLAY").env_remove("SCUMBLE_ONNXRUNTIME");
        command.env("WINEPREFIX", &self.prefix).env("WINEDEBUG", "-all").env("LC_ALL", "C.UTF-8");
        command.env("WINEDLLOVERRIDES", "mscoree,mshtml,winemenubuilder.exe=");
        // Wine's own Direct3D would set them.
        command.env("VKD3D_DEBUG", "none").env("VKD3D_SHADER_DEBUG", "none");
        command
    }
}

/// A compiled program in a folder of its own, the path of which is not in ASCII. The library and ONNX Runtime lie beside
/// it.
pub struct Program {
    wine: &'static Wine,
    folder: TempDir,
}

impl Program {
    /// Compiles a file of the repository. Every warning is an error.
    pub fn new(wine: &'static Wine, source: &str) -> Self {
        Self::with(wine, source, &[])
    }

    /// Likewise, with these words for the linker.
    pub fn with(wine: &'static Wine, source: &str, libraries: &[&str]) -> Self {
        let program = Self::alone(wine);
        run(Command::new(GCC)
            .args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O1", "-Iinclude"])
            .current_dir(ROOT)
            .arg(source)
            .arg("-L")
            .arg(built().unwrap())
            .arg("-lscumble")
            .args(libraries)
            .arg("-o")
            .arg(program.path("program.exe")));
        program
    }

    /// A folder that has no program yet: that will be `program.exe`.
    pub fn alone(wine: &'static Wine) -> Self {
        let folder = tempfile::Builder::new().prefix("Spiel 遊戲 ").tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        for name in ["scumble.dll", ONNXRUNTIME] {
            symlink(built().unwrap().join(name), folder.path().join(name)).unwrap();
        }
        Self { wine, folder }
    }

    /// A file of its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command that runs it in the repository's root.
    pub fn command(&self) -> Command {
        let mut command = self.wine.command();
        command.arg(self.path("program.exe"));
        command
    }
}

/// How a command ended and what it wrote. Not through a pipe: what it starts of Wine's would go on to hold its end.
pub fn output(command: &mut Command) -> Output {
    let [mut out, mut err] = [(); 2].map(|()| tempfile::tempfile().unwrap());
    let status = command.stdout(out.try_clone().unwrap()).stderr(err.try_clone().unwrap()).status().unwrap();
    let [stdout, stderr] = [&mut out, &mut err].map(|file| {
        let mut bytes = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut bytes).unwrap();
        bytes
    });
    Output { status, stdout, stderr }
}

/// Runs a command that must succeed; what it wrote to stdout.
pub fn told(command: &mut Command) -> String {
    let output = output(command);
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A path as Windows' programs see it.
pub fn windows(path: &Path) -> String {
    format!("Z:{}", path.to_str().unwrap().replace('/', "\\"))
}

/// Compiles a DLL out of some lines of C.
pub fn dll(source: &str, libraries: &[&str], path: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("source.c");
    fs::write(&file, source).unwrap();
    run(Command::new(GCC).args(["-shared", "-o"]).args([path, &file]).args(libraries));
}
