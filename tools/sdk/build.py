#!/usr/bin/env python3
"""Builds the SDK: target/sdk/scumble-sdk-VERSION-PLATFORM.zip, and the same unpacked beside it.

    python3 tools/sdk/build.py                  Linux and Windows, both x64
    python3 tools/sdk/build.py linux-x64        one of them

It runs on Linux. What a platform's library needs to be built tells tools/linux/build.sh or tools/windows/build.sh; where
that is missing, it is said, with exit status 69.
"""
import argparse
import functools
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import licences
import unity

ROOT = Path(__file__).resolve().parents[2]
VERSION = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(encoding="utf-8"), re.M)[1]

UNREAL = "bindings/unreal/Scumble"
UNREAL_LIBRARY = f"{UNREAL}/Source/ThirdParty/ScumbleLibrary"

#: What every SDK holds as it is in the repository: from, to.
SHARED = {
    "include/scumble.h": "include/scumble.h",
    "bindings/cpp/include/scumble.hpp": "include/scumble.hpp",
    "bindings/cpp/include/scumble_desc.hpp": "include/scumble_desc.hpp",
    "bindings/cpp/cmake": "lib/cmake/scumble",
    "bindings/cpp/scumble.pc": "lib/pkgconfig/scumble.pc",
    "bindings/csharp/README.md": "bindings/csharp/README.md",
    "bindings/csharp/Scumble.csproj": "bindings/csharp/Scumble.csproj",
    "bindings/csharp/src": "bindings/csharp/src",
    "bindings/unreal/Scumble": UNREAL,
    "include": f"{UNREAL_LIBRARY}/include",
    "models/emblem": f"{UNREAL}/Models/emblem",
    "examples/c": "examples/c",
    "examples/cpp": "examples/cpp",
    "examples/csharp": "examples/csharp",
    "models": "models",
    "tools/sdk/README.md": "README.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "LICENSE-APACHE": "LICENSE-APACHE",
    "LICENSE-MIT": "LICENSE-MIT",
}


class Linux:
    title = "Linux x64"
    target = "x86_64-unknown-linux-gnu"
    onnxruntime_package = "linux-x64"
    built = ROOT / "target/linux/x64"
    library, onnxruntime = "libscumble.so", "scumble_onnxruntime.so"
    #: The folder of both, and the folders of their copies in packages.
    folder = "lib"
    copies = ["bindings/csharp/runtimes/linux-x64/native", f"{UNREAL_LIBRARY}/bin/Linux"]
    unity = "Linux/x86_64"
    #: What only those need who link or debug.
    others = {}
    shipping = """\
`lib/libscumble.so` and `lib/scumble_onnxruntime.so`; a program that is linked with `-Wl,-rpath,'$ORIGIN'` finds them
beside itself. They need glibc @GLIBC@ or newer."""


class Windows:
    title = "Windows x64"
    target = "x86_64-pc-windows-gnu"
    onnxruntime_package = "win32-x64"
    built = ROOT / "target/windows/x64"
    library, onnxruntime = "scumble.dll", "scumble_onnxruntime.dll"
    folder = "bin"
    copies = ["bindings/csharp/runtimes/win-x64/native", f"{UNREAL_LIBRARY}/bin/Win64"]
    unity = "Windows/x86_64"
    others = {
        "bin": ["scumble.pdb"],
        "lib": ["scumble.lib", "libscumble.dll.a", "scumble.def"],
        f"{UNREAL_LIBRARY}/lib/Win64": ["scumble.lib"],
    }
    shipping = """\
`bin/scumble.dll` and `bin/scumble_onnxruntime.dll`, beside the program. ONNX Runtime needs Microsoft's Visual C++ runtime,
as most games do. `lib/scumble.lib` is the import library for MSVC and clang-cl, `lib/libscumble.dll.a` the one for MinGW;
`bin/scumble.pdb` has the names of functions for debuggers and crash dumps, and is not for players."""


PLATFORMS = {"linux-x64": Linux, "windows-x64": Windows}


def run(*command):
    return subprocess.run([str(word) for word in command], check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout


def fetch_onnxruntime(package):
    """The official library of a platform; its licence lies beside it."""
    manifest = ["--manifest-path", "tools/runtime/Cargo.toml", "--target-dir", "target/tools"]
    return Path(run("cargo", "run", "--quiet", *manifest, "--", package, ROOT / "target/onnxruntime").strip())


def fill(file, **values):
    """Puts values where a file asks for them: @VERSION@."""
    text = file.read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    file.write_text(text, encoding="utf-8")


def newest_glibc(libraries):
    """The newest version of glibc of which libraries for Linux use something."""
    versions = [version for library in libraries for version in re.findall(rb"\0GLIBC_2\.(\d+)", library.read_bytes())]
    return f"2.{max(map(int, versions), default=0)}"


def assemble(platform, sdk):
    run(f"tools/{platform.__name__.lower()}/build.sh", platform.built)
    library, onnxruntime = platform.built / platform.library, fetch_onnxruntime(platform.onnxruntime_package)

    files = [(ROOT / source, target) for source, target in SHARED.items()]
    for folder in [platform.folder, *platform.copies]:
        files += [(library, f"{folder}/{platform.library}"), (onnxruntime, f"{folder}/{platform.onnxruntime}")]
    for folder, names in platform.others.items():
        files += [(platform.built / name, f"{folder}/{name}") for name in names]
    for name in ("LICENSE", "ThirdPartyNotices.txt"):
        files.append((onnxruntime.with_name(name), f"licences/onnxruntime/{name}"))
    files.append((licences.standard_library(), "licences/rust-standard-library.html"))

    shutil.rmtree(sdk, ignore_errors=True)
    for source, target in files:
        (sdk / target).parent.mkdir(parents=True, exist_ok=True)
        copy = functools.partial(shutil.copytree, dirs_exist_ok=True) if source.is_dir() else shutil.copyfile
        copy(source, sdk / target)
    plugins = {platform.library: library, platform.onnxruntime: onnxruntime}
    unity.assemble(
        sdk / "bindings/unity/com.scumble.unity", {f"{platform.unity}/{name}": file for name, file in plugins.items()}
    )
    (sdk / "licences/rust-crates.txt").write_text(licences.third_party(platform.target), encoding="utf-8")
    glibc = newest_glibc([library, onnxruntime])
    fill(sdk / "README.md", SHIPPING=platform.shipping, GLIBC=glibc, VERSION=VERSION, PLATFORM=platform.title)
    fill(sdk / "lib/cmake/scumble/scumbleConfigVersion.cmake", VERSION=VERSION, MAJOR=VERSION.split(".")[0])
    fill(sdk / "lib/pkgconfig/scumble.pc", VERSION=VERSION)


def pack(sdk, archive):
    """The same bytes of the same files: sorted, and without times."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(file for file in sdk.rglob("*") if file.is_file()):
            entry = zipfile.ZipInfo(file.relative_to(sdk.parent).as_posix())
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, file.read_bytes())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("platforms", nargs="*", metavar="PLATFORM", help=" or ".join(PLATFORMS) + "; default: both")
    parser.add_argument("--out", type=Path, default=ROOT / "target/sdk", help="default: target/sdk")
    arguments = parser.parse_args()
    for name in arguments.platforms or PLATFORMS:
        if name not in PLATFORMS:
            parser.error(f"{name} is no platform of the SDK; expected {' or '.join(PLATFORMS)}")
        sdk = arguments.out.resolve() / f"scumble-sdk-{VERSION}-{name}"
        try:
            assemble(PLATFORMS[name], sdk)
        except subprocess.CalledProcessError as failure:
            sys.exit(failure.returncode)  # what failed has said why
        archive = sdk.with_name(sdk.name + ".zip")
        pack(sdk, archive)
        print(f"{archive}: {archive.stat().st_size / 1e6:.1f} MB")


main()
