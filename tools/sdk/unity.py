#!/usr/bin/env python3
"""Puts the Unity package together: bindings/unity, the sources of the C# binding, and the libraries that are at hand.

    python3 tools/sdk/unity.py OUT [PLUGIN=FILE …]
    python3 tools/sdk/unity.py OUT Linux/x86_64/libscumble.so=target/release/libscumble.so
    python3 tools/sdk/unity.py --metas

OUT becomes the package. Unity knows an asset by the GUID in the .meta file beside it and makes none in a package from an
archive. Those of bindings/unity are in the repository; those of what is copied here come from its path, so that they
are the same in every version. --metas writes those that are missing in the repository, for new files there.
"""
import argparse
import hashlib
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "bindings/unity/com.scumble.unity"
#: What is copied into the package: to, from.
COPIED = {
    **{f"Runtime/Binding/{file.name}": file for file in (ROOT / "bindings/csharp/src").glob("*.cs")},
    "LICENSE-APACHE": ROOT / "LICENSE-APACHE",
    "LICENSE-MIT": ROOT / "LICENSE-MIT",
}
#: How Unity imports a file, by its name or its extension.
IMPORTERS = {
    "": "DefaultImporter:\n  externalObjects: {}\n",
    ".asmdef": "AssemblyDefinitionImporter:\n  externalObjects: {}\n",
    ".cs": "MonoImporter:\n  externalObjects: {}\n  serializedVersion: 2\n  defaultReferences: []\n  executionOrder: 0\n"
    "  icon: {instanceID: 0}\n",
    ".md": "TextScriptImporter:\n  externalObjects: {}\n",
    "package.json": "PackageManifestImporter:\n  externalObjects: {}\n",
}


def meta(asset, path):
    """The .meta file of an asset at a path in the package."""
    guid = hashlib.md5(f"com.scumble.unity/{path}".encode()).hexdigest()
    importer = IMPORTERS.get(asset.name) or IMPORTERS[asset.suffix]
    folder = "folderAsset: yes\n" if asset.is_dir() else ""
    ending = "  userData: \n  assetBundleName: \n  assetBundleVariant: \n"
    return f"fileFormatVersion: 2\nguid: {guid}\n{folder}{importer}{ending}"


def assets(package):
    """What Unity imports of a package, and what lies in its samples: folders before what is in them."""
    return sorted(asset for asset in package.rglob("*") if asset.suffix != ".meta" and asset.name != "Samples~")


def complete(package):
    """Writes the .meta files that are missing."""
    for asset in assets(package):
        file = asset.with_name(asset.name + ".meta")
        if not file.exists():
            file.write_text(meta(asset, asset.relative_to(package).as_posix()), encoding="utf-8", newline="\n")


def remove_orphans(package):
    """Removes the .meta files of libraries that are not there, and the folders that have nothing else."""
    for file in sorted(package.rglob("*.meta"), key=lambda file: -len(file.parts)):
        asset = file.with_suffix("")
        if asset.is_dir() and not any(asset.iterdir()):
            asset.rmdir()
        if not asset.exists():
            file.unlink()


def assemble(package, plugins):
    """Makes the package. `plugins`: libraries, by their paths in its folder Plugins."""
    shutil.rmtree(package, ignore_errors=True)
    shutil.copytree(SOURCE, package)
    for path in plugins:
        if not (SOURCE / "Plugins" / f"{path}.meta").exists():
            raise SystemExit(f"{path} is no library of the Unity package: Plugins/{path}.meta tells how Unity uses it")
    files = COPIED | {f"Plugins/{path}": file for path, file in plugins.items()}
    for target, source in files.items():
        (package / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, package / target)
    remove_orphans(package)
    complete(package)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("out", nargs="?", type=Path, metavar="OUT", help="folder of the package, which is replaced")
    what.add_argument("--metas", action="store_true", help="complete the repository's .meta files instead")
    parser.add_argument("plugins", nargs="*", metavar="PLUGIN=FILE", help="a library and its place in Plugins/")
    arguments = parser.parse_args()
    if arguments.metas:
        complete(SOURCE)
        return
    pairs = [plugin.partition("=") for plugin in arguments.plugins]
    assemble(arguments.out, {path: Path(file) for path, _, file in pairs})


if __name__ == "__main__":
    main()
