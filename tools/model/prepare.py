"""Builds the data set: pictures of 64 x 64 pixels with transparency, their names, styles and synonyms.

The art comes from npm packages (package.json names them and their versions; their licences are in the card).
"""
import argparse
import io
import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import resvg_py
from PIL import Image

from concepts import chosen, plain, synonyms

SIZE = 64


def install(cache):
    """Brings the packages with npm, into the cache and not beside this file."""
    shutil.copy(Path(__file__).with_name("package.json"), cache)
    subprocess.run(["npm", "install", "--no-package-lock", "--ignore-scripts", "--no-audit"], cwd=cache, check=True)
    return cache / "node_modules"


class Drawings:
    """An icon set as Iconify packs it: the bodies of SVG files by name."""

    def __init__(self, path):
        self.set = json.loads(path.read_text())

    def picture(self, name):
        alias = self.set.get("aliases", {}).get(name)
        icon = self.set["icons"].get(alias["parent"] if alias else name)
        if icon is None:
            return None
        width, height = (icon.get(side, self.set[side]) for side in ("width", "height"))
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">{icon["body"]}</svg>'
        return Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg, width=SIZE * 2, height=SIZE * 2))))


def rendering(folder, emoji):
    """The picture of Fluent's 3D set, whose files have the code points as names."""
    code = "-".join(f"{ord(char):04x}" for char in emoji)
    for name in (code, code.replace("-fe0f", ""), code + "-fe0f"):
        if (folder / f"{name}.webp").exists():
            return Image.open(folder / f"{name}.webp")
    return None


def slug(name):
    """Iconify's form of a name."""
    return re.sub(r"[^a-z0-9]+", "-", re.sub("[’'“”]", "", name.lower())).strip("-")


def small(picture):
    """Scaled down with its colours multiplied by alpha, so that no fringe of hidden colour shows."""
    return picture.convert("RGBa").resize((SIZE, SIZE), Image.LANCZOS).convert("RGBA")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path("target/model"), help="folder for what is made")
    cache = parser.parse_args().cache
    cache.mkdir(parents=True, exist_ok=True)
    modules = install(cache)
    flat = Drawings(modules / "@iconify-json/fluent-emoji-flat/icons.json")
    cartoon = Drawings(modules / "@iconify-json/noto/icons.json")
    keywords = json.loads((modules / "emojibase-data/en/data.json").read_text())
    tags = {entry["emoji"]: entry.get("tags", []) for entry in keywords}

    names_to_tags = {}
    with zipfile.ZipFile(cache / "pictures.zip", "w") as archive:
        for emoji, entry in json.loads((modules / "unicode-emoji-json/data-by-emoji.json").read_text()).items():
            if not chosen(entry["name"], entry["group"]):
                continue
            styles = {
                "3d": rendering(modules / "@lobehub/fluent-emoji-3d/assets", emoji),
                "flat": flat.picture(slug(entry["name"])),
                "cartoon": cartoon.picture(slug(entry["name"])),
            }
            if None in styles.values():
                continue
            names_to_tags[plain(entry["name"])] = tags.get(emoji, [])
            for style, picture in styles.items():
                file = io.BytesIO()
                small(picture).save(file, "WEBP", lossless=True, exact=False)
                archive.writestr(f"{plain(entry['name'])}/{style}.webp", file.getvalue())
        archive.writestr("synonyms.json", json.dumps(synonyms(names_to_tags), indent=1))
    print(f"{len(names_to_tags)} concepts, {len(names_to_tags) * 3} pictures in {cache / 'pictures.zip'}")


if __name__ == "__main__":
    main()
