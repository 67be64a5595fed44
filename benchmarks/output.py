"""4 children, each 250,000 lines of 80 bytes, with names, into a file: seconds from the first byte to the end.

The producers write blocks of 64 KiB of whole lines; run-jobs is measured with line-buffered `print`, too.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measuring import COMMAND, PROGRAMS, Bound, Contestant, compare, installed

CHILDREN = 4
LINES = 250_000
LINE = b"x" * 79 + b"\n"
PRODUCER = [sys.executable, str(PROGRAMS / "produce.py"), str(LINES)]
YAML = "jobs: [{{name: child, target: produce:{target}, args: [{lines}], replicas: {children}}}]"

OURS, PRINTED, CATS, HONCHO = "run-jobs", "run-jobs, print", "four cat", "honcho"
SLOW = (PRINTED, HONCHO)
"""Measured once each, and without a bound."""


def measure(rounds: int) -> None:
    """Seconds; run-jobs loses and tears no line, and how many others do is said."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        commands = _commands(folder)
        damaged: dict[str, int] = {}
        contestants = [_contestant(name, command, folder, damaged) for name, command in commands.items()]
        title = f"{CHILDREN} x {LINES:,} lines of 80 bytes"
        bounds = [
            Bound(CATS, OURS, 0.45, at_least=True),
            Bound("concurrently", OURS, 1.5, at_least=True),
            Bound("parallel", OURS, 2, at_least=True),
        ]
        compare(title, "s", [one for one in contestants if one.name not in SLOW], bounds, rounds)
        compare(f"{title}, once", "s", [one for one in contestants if one.name in SLOW], [], 1)
        for who, lines in damaged.items():
            print(f"  {who} loses or tears {lines:,} lines")
        assert OURS not in damaged
        assert PRINTED not in damaged


def _commands(folder: Path) -> dict[str, list[str]]:
    (folder / "produce.py").write_text((PROGRAMS / "produce.py").read_text())
    for target in ("produce", "print_lines"):
        text = YAML.format(target=target, lines=LINES, children=CHILDREN)
        (folder / f"{target}.yaml").write_text(text)
    one = shlex.join(PRODUCER)
    (folder / "Procfile").write_text("".join(f"c{number}: {one}\n" for number in range(CHILDREN)))
    commands = {
        OURS: [*COMMAND, str(folder / "produce.yaml"), "-q"],
        PRINTED: [*COMMAND, str(folder / "print_lines.yaml"), "-q"],
        # Blocks, not lines: it tears them, and is here for its speed alone.
        CATS: ["sh", "-c", f"{{ {' '.join(f'{one} | cat &' for _ in range(CHILDREN))} wait; }} | cat"],
    }
    if parallel := installed("parallel"):
        words = [parallel, "--line-buffer", "--tag", "-j", str(CHILDREN), f"{one} #{{}}", ":::"]
        commands["parallel"] = [*words, *map(str, range(CHILDREN))]
    if concurrently := installed("concurrently"):
        commands["concurrently"] = [concurrently, *([one] * CHILDREN)]
    if honcho := installed("honcho"):
        commands[HONCHO] = [honcho, "-d", str(folder), "start"]
    return commands


def _contestant(name: str, command: list[str], folder: Path, damaged: dict[str, int]) -> Contestant:
    def run() -> float:
        seconds, whole = _run(command, folder / "output")
        if whole != CHILDREN * LINES:
            damaged[name] = max(damaged.get(name, 0), CHILDREN * LINES - whole)
        return seconds

    return Contestant(name, run)


def _run(command: list[str], path: Path) -> tuple[float, int]:
    """Seconds from the first byte in the file to the command's end, and how many whole lines are in it."""
    with path.open("wb") as file, subprocess.Popen(command, stdout=file, stderr=subprocess.DEVNULL) as running:
        while not path.stat().st_size and running.poll() is None:
            time.sleep(0.0005)
        began = time.monotonic()
        running.wait()
        seconds = time.monotonic() - began
    return seconds, path.read_bytes().count(LINE)
