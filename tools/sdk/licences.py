"""The licences of what is compiled into the library: the crates that it is built from, and Rust's standard library."""
import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: A crate under none of these is not to be shipped before somebody has read its licence.
KNOWN = {"MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "ISC", "Unlicense", "Unicode-3.0", "Zlib"}


def told(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT).stdout


def crates(target):
    """Name, version, licence and folder of every crate that is in the library for a target."""
    options = ["--no-default-features", "--edges=normal,no-proc-macro", "--prefix=none", f"--target={target}"]
    used = {tuple(line.split()[:2]) for line in told("cargo", "tree", *options).splitlines()}
    for package in json.loads(told("cargo", "metadata", "--format-version=1"))["packages"]:
        if (package["name"], "v" + package["version"]) in used and package["name"] != "scumble":
            licence = package["license"].replace("/", " OR ")
            yield package["name"], package["version"], licence, Path(package["manifest_path"]).parent


def texts(licence, folder):
    """The texts that come with a crate, or else ours of the licence that it shares with us."""
    names = ("LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE")
    files = sorted(file for file in folder.iterdir() if file.name.upper().startswith(names))
    if not files and "Apache-2.0" in licence:
        files = [ROOT / "LICENSE-APACHE"]
    if not files:
        raise SystemExit(f"{folder.name} ({licence}) brings no text of its licence")
    return [file.read_text(encoding="utf-8").strip() for file in files]


def third_party(target):
    """One text: which crate is under which licence, and each text of a licence once, with those that it is of."""
    table, owners = [], {}
    for name, version, licence, folder in sorted(crates(target)):
        alternatives = [part.replace("(", " ").replace(")", " ").split() for part in licence.split(" AND ")]
        if not all(KNOWN.intersection(names) for names in alternatives):
            raise SystemExit(f"{name} {version} is under {licence}: not a licence that tools/sdk/licences.py knows")
        table.append(f"{name} {version}: {licence}")
        for text in texts(licence, folder):
            # The same but for how lines are broken is the same.
            owners.setdefault(" ".join(text.split()), (text, []))[1].append(name)
    sections = [f"{', '.join(names)}\n\n{text}" for text, names in owners.values()]
    rule = "\n\n" + "=" * 100 + "\n\n"
    opening = "Scumble's library contains these crates. The texts of their licences follow.\n\n" + "\n".join(table)
    return rule.join([opening, *sections]) + "\n"


def standard_library():
    """Where Rust tells the licences of its standard library."""
    file = Path(told("rustc", "--print=sysroot").strip(), "share/doc/rust/COPYRIGHT-library.html")
    if not file.is_file():
        raise SystemExit(f"the licences of Rust's standard library are not at {file}, where rustup puts them")
    return file
