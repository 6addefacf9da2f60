"""What a game at 60 frames a second feels of Scumble: frame_times.cpp, a scene with some milliseconds of work a
frame, without Scumble and with pictures that grow at each priority, on two cores, with one thread that computes.

    python tools/bench/frame_times.py [--real DIR/onnx] [--rounds 5] [--seconds 15]

DIR is what real_size.py made. The parts of a round follow each other in one window that nobody sees, and the
rounds too, so that all of them see the same moods of the machine. A value is the median of the rounds. What
the calls compute is told beside how long they take, in which the system may give their core to others. Needs
what the render loop needs (SDL2, CMake, stb, Xvfb). Priorities that the system refuses are marked.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "target" / "render_loop"
PRIORITIES = {"background": -1, "normal": 0, "high": 1}
CORES = {0, 1}


def build():
    for command in [
        ["cargo", "build", "--release"],
        ["cmake", "-S", ROOT / "examples" / "cpp" / "render_loop", "-B", BUILD],
        ["cmake", "--build", BUILD, "--target", "frame_times"],
    ]:
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def round_of(model, side, steps, seconds):
    """The parts of a round by their names."""
    command = ["xvfb-run", "-a", "-s", "-screen 0 800x600x24", BUILD / "frame_times", model, side, steps, seconds]
    lines = subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE, text=True).stdout
    return {part["part"]: part for part in map(json.loads, lines.splitlines())}


def report(name, rounds):
    def median(part, key):
        return statistics.median(round[part][key] for round in rounds)

    def spread(part, key):
        values = [round[part][key] for round in rounds]
        return f"{min(values):.1f} to {max(values):.1f}"

    print(f"\n{name}: {len(rounds)} rounds, {rounds[0]['without']['frames']} frames a part")
    print("| | frame p50 | p99 | max | work p99 (of the rounds) | missed | calls p99 (of it computed) | a picture takes |")
    print("|---|---|---|---|---|---|---|---|")
    for part in ["without", "without again", *PRIORITIES]:
        values = [f"{median(part, key):.2f} ms" for key in ("p50", "p99", "max", "work_p99")]
        values[3] += f" ({spread(part, 'work_p99')})"
        values.append(f"{100 * sum(r[part]['missed'] for r in rounds) / sum(r[part]['frames'] for r in rounds):.2f} %")
        refused = part in PRIORITIES and any(round[part]["in_force"] != PRIORITIES[part] for round in rounds)
        calls = f"{median(part, 'calls_p99'):.3f} ms ({median(part, 'own_p99'):.3f})"
        with_it = [calls, f"{median(part, 'picture'):.2f} s"]
        values += with_it if part in PRIORITIES else ["", ""]
        print(f"| {part}{' (refused)' if refused else ''} | {' | '.join(values)} |")
    print(f"| no game | | | | | | | {median('no game', 'picture'):.2f} s |")

    for key, what in [("p99", "frame"), ("work_p99", "work")]:
        growth = []
        for part in PRIORITIES:
            shares = [2 * r[part][key] / (r["without"][key] + r["without again"][key]) - 1 for r in rounds]
            growth.append(f"{part} {100 * statistics.median(shares):+.1f} %")
        print(f"growth of the {what} p99: {', '.join(growth)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", type=pathlib.Path, help="a model of the true size, as real_size.py makes it")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=15, help="of a part")
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, CORES & os.sched_getaffinity(0) or os.sched_getaffinity(0))
    build()
    # As many steps as make a picture last a second or more: one is begun in less than one frame of a hundred.
    models = [("emblem-64", ROOT / "tests" / "reference" / "models" / "emblem-64", 64, 100)]
    if arguments.real:
        models.append(("true size", arguments.real, 512, 1))
    for name, model, side, steps in models:
        rounds = []
        for number in range(arguments.rounds):
            print(f"{name}, round {number + 1}", file=sys.stderr)
            rounds.append(round_of(model, side, steps, arguments.seconds))
        report(name, rounds)


if __name__ == "__main__":
    main()
