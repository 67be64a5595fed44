"""What is said of an exception that nobody foresaw."""

from __future__ import annotations

import gc
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import runner
from runner import cli
from runner.model import plan_json
from runner.model.errors import InvalidFile, Problem, fault_message

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _the_garbage_collector_goes_on() -> Iterator[None]:
    """A command that fails has switched it off, as its process is about to end."""
    yield
    gc.enable()


def test_a_fault_is_told_with_its_place_in_the_package() -> None:
    with pytest.raises(KeyError) as caught:
        plan_json.from_json(json.loads("{}"))

    told = fault_message(caught.value)

    assert re.fullmatch(
        r"a fault of run-jobs itself, which is worth a report: "
        r"KeyError: 'processes' \(runner/model/plan_json\.py, line \d+\)",
        told,
    )


def test_an_exception_from_elsewhere_has_no_place() -> None:
    assert fault_message(ValueError("x")).endswith("ValueError: x")


def test_the_command_ends_with_status_3_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(_: list[str]) -> int:
        raise ZeroDivisionError("nobody foresaw it")

    monkeypatch.setattr(cli, "_status", fails)

    assert cli.main(["schema"]) == 3
    assert capsys.readouterr().err == (
        "run-jobs: a fault of run-jobs itself, which is worth a report: ZeroDivisionError: nobody foresaw it "
        f"(runner/cli/__init__.py, line {cli.main.__code__.co_firstlineno + 5})\n"
    )


def test_an_interrupt_before_anything_was_started_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_status", interrupted)

    assert cli.main(["schema"]) == 130


@pytest.mark.parametrize(
    ("line", "said"), [(3, "f.yaml:3:2: unknown key"), (0, "f.yaml: unknown key")], ids=["a place", "the whole file"]
)
def test_a_problem_of_the_whole_file_has_no_line(line: int, said: str) -> None:
    problem = Problem("f.yaml", line, 2 if line else 0, 0, "", "unknown key", id="unknown-key")

    assert str(InvalidFile((problem,))) == said


def test_the_public_names_are_listed_before_they_are_used() -> None:
    listed = subprocess.run(
        [sys.executable, "-c", "import runner; print(*dir(runner))"], capture_output=True, text=True, check=True
    ).stdout.split()

    assert set(runner.__all__) <= set(listed)
    assert set(runner.__all__) <= set(dir(runner))
