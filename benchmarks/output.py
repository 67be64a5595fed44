"""4 children, each 250,000 lines of 80 bytes, with names, into a file: seconds from the first byte to the end."""

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
PRODUCER = [sys.executable, str(PROGRAMS / "produce.py"), str(LINES)]
YAML = f"jobs: [{{name: child, target: produce:produce, args: [{LINES}], replicas: {CHILDREN}}}]"


def measure(rounds: int) -> None:
    """Seconds; no line is lost or torn."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        one = shlex.join(PRODUCER)
        (folder / "jobs.yaml").write_text(YAML)
        (folder / "produce.py").write_text((PROGRAMS / "produce.py").read_text())
        (folder / "Procfile").write_text("".join(f"c{number}: {one}\n" for number in range(CHILDREN)))
        commands = {
            "run-jobs": [*COMMAND, str(folder / "jobs.yaml"), "-q"],
            "four cat": ["sh", "-c", "".join(f"{one} | cat & " for _ in range(CHILDREN)) + "wait"],
        }
        if parallel := installed("parallel"):
            words = [parallel, "--line-buffer", "--tag", "-j", str(CHILDREN), f"{one} #{{}}", ":::"]
            commands["parallel"] = [*words, *map(str, range(CHILDREN))]
        if concurrently := installed("concurrently"):
            commands["concurrently"] = [concurrently, *([one] * CHILDREN)]
        if honcho := installed("honcho"):
            commands["honcho"] = [honcho, "-d", name, "start"]
        slow = {"honcho"}
        contestants = [_contestant(name, command, folder) for name, command in commands.items() if name not in slow]
        others = [name for name in commands if name not in {"run-jobs", "four cat"} | slow]
        bounds = [Bound(other, "run-jobs", 2, at_least=True) for other in others]
        bounds.append(Bound("four cat", "run-jobs", 0.25, at_least=True))
        title = f"{CHILDREN} x {LINES:,} lines of 80 bytes"
        compare(title, "s", contestants, bounds, rounds)
        late = [_contestant(name, commands[name], folder) for name in slow & set(commands)]
        if late:
            compare(f"{title}, once", "s", late, [], 1)


def _contestant(name: str, command: list[str], folder: Path) -> Contestant:
    # What `cat` passes on are blocks, not lines: it tears them, and is here for its speed alone.
    return Contestant(name, lambda: _seconds(command, folder, is_whole=name != "four cat"))


def _seconds(command: list[str], folder: Path, *, is_whole: bool) -> float:
    """From the first byte in the file to the command's end."""
    path = folder / "output"
    with path.open("wb") as file, subprocess.Popen(command, stdout=file, stderr=subprocess.DEVNULL) as running:
        while not path.stat().st_size and running.poll() is None:
            time.sleep(0.0005)
        began = time.monotonic()
        running.wait()
        lasted = time.monotonic() - began
    line = b"x" * 79 + b"\n"
    found = path.read_bytes().count(line) if is_whole else CHILDREN * LINES
    assert found == CHILDREN * LINES, f"{command[0]} lost or tore lines"
    return lasted
