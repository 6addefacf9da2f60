"""Makes the tiny models and their golden values. See ../README.md."""

import argparse
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
REFERENCE = HERE.parent


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--export-python", required=True, help="python with requirements-export.txt")
    parser.add_argument("--golden-python", required=True, help="python with requirements.txt")
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as scratch:
        export = [arguments.export_python, "export_all.py", "--models", str(REFERENCE / "models")]
        export += ["--golden", str(REFERENCE / "golden")]
        golden = [arguments.golden_python, "golden_all.py", "--out", str(REFERENCE / "golden" / "families")]
        for command in [export, golden]:
            subprocess.run([*command, "--scratch", scratch], cwd=HERE, check=True)


if __name__ == "__main__":
    main()
