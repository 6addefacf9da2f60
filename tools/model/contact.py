"""Paints the README's sheet of 64 pictures with Scumble itself.

    python tools/model/contact.py docs/images/emblem.png
"""
import argparse
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

from captions import article
from pictures import BACKGROUNDS, STYLES

ROOT = Path(__file__).resolve().parents[2]
THINGS = (
    "red apple|castle|dragon|crossed swords|fox|hamburger|skull|old key|mushroom|rocket|pizza|ghost|trophy|sailboat|"
    "strawberry|robot|anchor|axe|banana|bear|butterfly|cactus|cherries|christmas tree|coin|crown|dog face|doughnut|fire|"
    "fish|frog|gem stone|grapes|guitar|honeybee|hourglass|house|ice cream|jack o lantern|lemon|lion|meat on bone|"
    "money bag|octopus|padlock|panda|penguin|planet earth|potted plant|rainbow|red heart|rose|scroll|shark|shield|"
    "snowflake|star|sun|tent|top hat|turtle|umbrella|volcano|watermelon"
).split("|")


def prompt(number):
    """Styles and backgrounds in turn; every second names no background, which means white."""
    thing, style = THINGS[number], STYLES[number % 3]
    text = f"{thing if thing.endswith('s') else article(thing)}, {style} style"
    if number % 2 == 0:
        text += f", on {article(list(BACKGROUNDS)[(number * 5 + 4) % len(BACKGROUNDS)])} background"
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sheet", type=Path)
    parser.add_argument("--model", type=Path, default=ROOT / "models/emblem")
    parser.add_argument("--columns", type=int, default=8)
    options = parser.parse_args()
    subprocess.run(["cargo", "build", "--release", "--example", "txt2img"], cwd=ROOT, check=True)
    pictures = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(len(THINGS)):
            file = Path(folder) / f"{number}.png"
            command = [ROOT / "target/release/examples/txt2img", prompt(number), "--out", file, "--seed", str(number)]
            subprocess.run([*command, "--model", options.model.resolve()], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
            pictures.append(Image.open(file).convert("RGB"))
    width, height = pictures[0].size
    sheet = Image.new("RGB", (options.columns * width, -(-len(pictures) // options.columns) * height))
    for number, picture in enumerate(pictures):
        row, column = divmod(number, options.columns)
        sheet.paste(picture, (column * width, row * height))
    sheet.save(options.sheet, optimize=True)


if __name__ == "__main__":
    main()
