"""Which processes tell when they write their lines."""

from __future__ import annotations

from typing import Any

import pytest

from runner.link.line_times import tellers, tells_lines
from runner.model.plan import Act, Plan, ProcessPlan, Sleep

PRINT: dict[str, Any] = {"step": "print", "value": "x"}
HANG: dict[str, Any] = {"step": "hang"}


def repeat(*steps: dict[str, Any]) -> dict[str, Any]:
    return {"step": "repeat", "times": 2, "do": steps}


def child(*steps: dict[str, Any]) -> dict[str, Any]:
    return {"step": "child", "name": "c", "do": steps}


@pytest.mark.parametrize(
    ("steps", "tells"),
    [
        ((), False),
        ((HANG,), False),
        ((HANG, PRINT), True),
        ((repeat(repeat(PRINT)),), True),
        ((PRINT, child(HANG)), True),
        ((PRINT, child(PRINT)), False),
        ((repeat(PRINT, child(repeat(PRINT))),), False),
        ((PRINT, child(child(PRINT))), False),
        ((child(PRINT),), False),
    ],
)
def test_a_process_tells_of_its_lines_if_nothing_else_prints_to_its_stdout(
    steps: tuple[dict[str, Any], ...], tells: bool
) -> None:
    assert tells_lines(steps) is tells


def test_those_tell_whose_steps_print_and_main_if_its_own_do() -> None:
    processes = (
        ProcessPlan("a", "a", do=(PRINT,)),
        ProcessPlan("b", "b", target="m:f"),
        ProcessPlan("c", "c", do=(HANG,)),
        ProcessPlan("d", "d", do=(PRINT,)),
    )

    assert tellers(Plan("f", "fork", processes, (Sleep(1), Act({"step": "get"})), ())) == [0, 3]
    assert tellers(Plan("f", "fork", processes, (Act(PRINT),), ())) == [0, 3, 4]
