"""Every file of the gallery comes out as its `expect` says, and so does every edit that it proposes."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import runner
from runner.describe.plan.edits import edits_of
from runner.describe.plan.planning import describe
from tests.effort import EVERYTHING, START_METHODS

if TYPE_CHECKING:
    from collections.abc import Iterator

JOBS = Path(__file__).parents[2] / "jobs"
SCENARIOS = [path for path in sorted(JOBS.rglob("*.yaml")) if path.parent.name not in ("basics", "limits")]
"""Those of the basics are observed one by one in `tests/scenarios`, the limits in `tests/processes`."""
COUNTERS = [path for path in SCENARIOS if path.parent.name == "counter" or path.name == "counter.yaml"]
"""Their runs are observed in `tests/scenarios` and `tests/cli`, their edits here."""
CODE_OF_ITS_OWN = re.compile(r"^[^#\n]*(?:\b(?:class|preload|child): |target: ['\"]?\w+[.:])", re.MULTILINE)
"""Functions that a child must find and arguments that it must receive.

Kinds of things and steps are tested under each method in tests/processes.
"""
EDITS = [(path, number) for path in SCENARIOS for number in range(len(edits_of(path.read_bytes(), str(path))))]


def name_of(path: object) -> str:
    """The file's name without its folder and ending, in the name of a test."""
    if not isinstance(path, Path):
        return str(path)
    return path.relative_to(JOBS).with_suffix("").as_posix()


def methods_of(path: Path) -> tuple[str, ...]:
    """The start methods under which this file runs: where the method cannot matter, all of them in CI alone."""
    text = path.read_text()
    own = re.search(r"^start_method: (\w+)", text, re.MULTILINE)
    if own is not None:
        return (own[1],)
    return START_METHODS if EVERYTHING or CODE_OF_ITS_OWN.search(text) else START_METHODS[:1]


@contextlib.contextmanager
def refused_on_macos() -> Iterator[None]:
    """Within this a run may be refused for what macOS lacks, by that name, and on macOS alone."""
    try:
        yield
    except runner.RunJobsError as error:
        if sys.platform != "darwin" or "macOS" not in str(error):
            raise


def unexpected(result: runner.RunResult) -> str:
    """What did not come as declared, in the words of the notes."""
    notes = [str(event.fields["text"]) for event in result.events if event.event == "note"]
    return "\n".join([repr(result), *notes])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "start_method"),
    [(path, method) for path in SCENARIOS if path not in COUNTERS for method in methods_of(path)],
    ids=name_of,
)
def test_a_scenario_comes_out_as_it_says(path: Path, start_method: str) -> None:
    with refused_on_macos():
        result = runner.run(runner.load(path, start_method=start_method))

        assert result.exit_status == 0, unexpected(result)


@pytest.mark.slow
@pytest.mark.parametrize(("path", "number"), EDITS, ids=name_of)
def test_an_edit_comes_out_as_it_says(path: Path, number: int) -> None:
    text = path.read_bytes()
    edit = edits_of(text, str(path))[number]

    with refused_on_macos():
        result = runner.run(describe(text, file=str(path), overrides=edit.overrides, environ=os.environ).plan)

        assert result.exit_status == 0, f"{edit.title}: {unexpected(result)}"


@pytest.mark.parametrize("path", SCENARIOS, ids=name_of)
def test_a_scenario_says_what_it_shows(path: Path) -> None:
    text = path.read_text()

    assert text.startswith("# yaml-language-server: $schema=")
    assert re.search(r"^title: \S", text, re.MULTILINE)
    assert re.search(r"^# Shows: \S", text, re.MULTILINE)
    assert re.search(r"^# Change first: \S", text, re.MULTILINE)


def test_there_are_fifty_and_more() -> None:
    assert len(list(JOBS.rglob("*.yaml"))) >= 50
