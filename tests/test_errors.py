"""What is said of an exception that nobody foresaw."""

from __future__ import annotations

import gc
import re
from typing import TYPE_CHECKING

import pytest

from runner import cli
from runner.model import plan_json
from runner.model.errors import told_as_fault

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _the_garbage_collector_goes_on() -> Iterator[None]:
    """A command that fails has switched it off, as its process is about to end."""
    yield
    gc.enable()


def test_a_fault_is_told_with_its_place_in_the_package() -> None:
    with pytest.raises(KeyError) as caught:
        plan_json.from_json({})

    told = told_as_fault(caught.value)

    assert re.fullmatch(
        r"a fault of run-jobs itself, which is worth a report: "
        r"KeyError: 'processes' \(runner/model/plan_json\.py, line \d+\)",
        told,
    )


def test_an_exception_from_elsewhere_has_no_place() -> None:
    assert told_as_fault(ValueError("x")).endswith("ValueError: x")


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
