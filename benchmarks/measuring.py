"""The core of all benchmarks: rounds in which the contestants take turns, medians, ratios, and the bound."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PROGRAMS = Path(__file__).parent / "programs"
COMMAND = (sys.executable, "-m", "runner")

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # modules compiled anew in each run are nobody's case


@dataclass(frozen=True, slots=True)
class Contestant:
    """Who takes part: `run` does one round, and gives its figure."""

    name: str
    run: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Bound:
    """What is to be reached: `who`'s median divided by `against`'s, at least or at most."""

    who: str
    against: str
    limit: float
    at_least: bool

    def is_met(self, ratio: float) -> bool:
        """Whether this ratio is good."""
        return ratio >= self.limit if self.at_least else ratio <= self.limit


def medians(contestants: Sequence[Contestant], rounds: int) -> dict[str, float]:
    """The median of each, from rounds in which they take turns, so that what disturbs one disturbs all."""
    figures: dict[str, list[float]] = {contestant.name: [] for contestant in contestants}
    for _ in range(rounds):
        for contestant in contestants:
            figures[contestant.name].append(contestant.run())
    return {name: statistics.median(each) for name, each in figures.items()}


def table(title: str, unit: str, found: dict[str, float], bounds: Sequence[Bound]) -> str:
    """What was found, as lines of text."""
    widest = max(map(len, found))
    lines = [title, *(f"  {name:<{widest}}  {figure:12.4g} {unit}" for name, figure in found.items())]
    for bound in bounds:
        if bound.who in found and bound.against in found:
            ratio = found[bound.who] / found[bound.against]
            limit = f"{'at least' if bound.at_least else 'at most'} {bound.limit:g}"
            verdict = "met" if bound.is_met(ratio) else "NOT met"
            lines.append(f"  {bound.who} / {bound.against} = {ratio:.2f}  ({limit}: {verdict})")
        else:
            lines.append(f"  {bound.who} / {bound.against}: skipped, not installed")
    return "\n".join(lines) + "\n"


def compare(title: str, unit: str, contestants: Sequence[Contestant], bounds: Sequence[Bound], rounds: int) -> None:
    """Measure and print."""
    print(table(title, unit, medians(contestants, rounds), bounds), flush=True)


def machine() -> str:
    """On what it was measured."""
    load = os.getloadavg()[0]
    return f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f}, {platform.system()}\n"


def program(name: str, *words: str) -> float:
    """The figure that a hand-written program prints."""
    return float(subprocess.check_output([sys.executable, str(PROGRAMS / f"{name}.py"), *words]))


def events_of(yaml: str, *options: str) -> list[dict[str, Any]]:
    """All events of a run of this file."""
    with tempfile.TemporaryDirectory() as folder:
        file, events = Path(folder, "jobs.yaml"), Path(folder, "events")
        file.write_text(yaml)
        command = [*COMMAND, str(file), "-q", "--events", str(events), *options]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return [json.loads(line) for line in events.read_text().splitlines()]


def installed(name: str) -> str | None:
    """The path of a program that may not be there: on PATH, or beside our Python."""
    return shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))


@contextlib.contextmanager
def plans_kept_apart() -> Iterator[None]:
    """Within this the command keeps its plans in a folder of ours, which is empty at first."""
    before = os.environ.get("XDG_CACHE_HOME")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ["XDG_CACHE_HOME"]
            else:
                os.environ["XDG_CACHE_HOME"] = before
