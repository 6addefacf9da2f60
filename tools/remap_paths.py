"""Prints the flags of rustc that keep the folders of this machine out of what is built, and those that it is given, as
CARGO_ENCODED_RUSTFLAGS takes them.

Panics name the source files of every crate; with these flags as "crates/NAME-VERSION/…".
"""
import json
import os
import subprocess
import sys
from pathlib import Path


def told(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def main():
    packages = json.loads(told("cargo", "metadata", "--format-version=1"))["packages"]
    root = Path(__file__).resolve().parent.parent
    folders = {
        os.environ.get("CARGO_HOME") or Path.home() / ".cargo": "cargo",
        told("rustc", "--print=sysroot").strip(): "rust",
        root: "scumble",
    }
    # The last that fits counts.
    for package in packages:
        crate = Path(package["manifest_path"]).parent
        if crate != root:
            folders[crate.parent] = "crates"
    remaps = [f"--remap-path-prefix={folder}={name}" for folder, name in folders.items()]
    print(end="\x1f".join(remaps + sys.argv[1:]))


main()
