"""The committed models: each distinct file once, and a list of what every directory consists of."""

import hashlib
import json
import shutil

from short_names import shorten

# These stay as they were exported to the last byte; of the others the inner names go.
IN_FULL = {"sd1", "sdxl"}


def collect(directories, models, like):
    """Copies `directories` (name to folder) into `models`, and writes models.json there.

    An entry of it maps each file of a model's directory to where its bytes lie in `models`. The first model
    to have a file keeps it; those that follow refer to it. `like` names the model that another must paint as.
    """
    shutil.rmtree(models, ignore_errors=True)
    models.mkdir(parents=True)
    kept, entries = {}, []
    for name, folder in directories.items():
        files = {}
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            relative, content = path.relative_to(folder).as_posix(), path.read_bytes()
            place = kept.setdefault(hashlib.sha256(content).digest(), f"{name}/{relative}")
            if place == f"{name}/{relative}":
                (models / place).parent.mkdir(parents=True, exist_ok=True)
                (models / place).write_bytes(content)
                if path.suffix == ".onnx" and name not in IN_FULL:
                    shorten(models / place)
            files[relative] = place
        entries.append({"name": name, "like": like.get(name), "files": files})
    lines = ",\n".join(json.dumps(entry) for entry in entries)
    (models / "models.json").write_text(f"[\n{lines}\n]\n", encoding="ascii")
