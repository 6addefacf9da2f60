#!/usr/bin/env python3
"""Builds the SDK: target/sdk/scumble-sdk-VERSION-PLATFORM.zip, and the same unpacked beside it.

    python3 tools/sdk/build.py                  Linux and Windows, both x64
    python3 tools/sdk/build.py linux-x64        one of them

It runs on Linux. What a platform's library needs to be built tells tools/linux/build.sh or tools/windows/build.sh.
"""
import argparse
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import licences

ROOT = Path(__file__).resolve().parents[2]
VERSION = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(encoding="utf-8"), re.M)[1]

#: What every SDK holds as it is in the repository: from, to.
SHARED = {
    "include/scumble.h": "include/scumble.h",
    "bindings/cpp/include/scumble.hpp": "include/scumble.hpp",
    "bindings/cpp/cmake": "lib/cmake/scumble",
    "bindings/cpp/scumble.pc": "lib/pkgconfig/scumble.pc",
    "examples/c": "examples/c",
    "examples/cpp": "examples/cpp",
    "models": "models",
    "tools/sdk/README.md": "README.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "LICENSE-APACHE": "LICENSE-APACHE",
    "LICENSE-MIT": "LICENSE-MIT",
}


class Linux:
    title = "Linux x64"
    target = "x86_64-unknown-linux-gnu"
    built = ROOT / "target/linux/x64"
    onnxruntime_package = "linux-x64"
    #: The library and its ONNX Runtime, and where the SDK has them.
    library = ("libscumble.so", "lib/libscumble.so")
    onnxruntime = "lib/scumble_onnxruntime.so"
    #: What only those need who link.
    others = {}
    shipping = """\
`lib/libscumble.so` and `lib/scumble_onnxruntime.so`; a program that is linked with `-Wl,-rpath,'$ORIGIN'` finds them
beside itself. They need glibc @GLIBC@ or newer."""


class Windows:
    title = "Windows x64"
    target = "x86_64-pc-windows-gnu"
    built = ROOT / "target/windows/x64"
    onnxruntime_package = "win32-x64"
    library = ("scumble.dll", "bin/scumble.dll")
    onnxruntime = "bin/scumble_onnxruntime.dll"
    others = {name: f"lib/{name}" for name in ("scumble.lib", "libscumble.dll.a", "scumble.def")}
    shipping = """\
`bin/scumble.dll` and `bin/scumble_onnxruntime.dll`, beside the program. `lib/scumble.lib` is the import library for MSVC
and clang-cl, `lib/libscumble.dll.a` the one for MinGW. ONNX Runtime needs Microsoft's Visual C++ runtime, as most games
do."""


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
    onnxruntime = fetch_onnxruntime(platform.onnxruntime_package)
    name, library = platform.library
    files = {ROOT / source: target for source, target in SHARED.items()}
    files |= {platform.built / name: library, onnxruntime: platform.onnxruntime}
    files |= {platform.built / name: target for name, target in platform.others.items()}
    files |= {onnxruntime.with_name(name): f"licences/onnxruntime/{name}" for name in ("LICENSE", "ThirdPartyNotices.txt")}
    files[licences.standard_library()] = "licences/rust-standard-library.html"

    shutil.rmtree(sdk, ignore_errors=True)
    for source, target in files.items():
        (sdk / target).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if source.is_dir() else shutil.copyfile
        copy(source, sdk / target)
    (sdk / "licences/rust-crates.txt").write_text(licences.third_party(platform.target), encoding="utf-8")
    glibc = newest_glibc([sdk / library, sdk / platform.onnxruntime])
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
        assemble(PLATFORMS[name], sdk)
        archive = sdk.with_name(sdk.name + ".zip")
        pack(sdk, archive)
        print(f"{archive}: {archive.stat().st_size / 1e6:.1f} MB")


main()
