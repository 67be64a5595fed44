"""Which processes tell when they write their lines."""

from __future__ import annotations

import pytest

from runner.link.line_times import line_reporters, reports_lines
from runner.model.plan import Act, Plan, ProcessPlan, Sleep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.json_types import StepData

PRINT: StepData = {"step": "print", "value": "x"}
HANG: StepData = {"step": "hang"}


def repeat(*steps: StepData) -> StepData:
    return {"step": "repeat", "times": 2, "do": [*steps]}


def child(*steps: StepData) -> StepData:
    return {"step": "child", "name": "c", "do": [*steps]}


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
    steps: tuple[StepData, ...], tells: bool
) -> None:
    assert reports_lines(steps) is tells


def test_those_tell_whose_steps_print_and_main_if_its_own_do() -> None:
    processes = (
        ProcessPlan("a", "a", do=(PRINT,)),
        ProcessPlan("b", "b", target="m:f"),
        ProcessPlan("c", "c", do=(HANG,)),
        ProcessPlan("d", "d", do=(PRINT,)),
    )

    assert line_reporters(Plan("f", "fork", processes, (Sleep(1), Act({"step": "get"})), ())) == [0, 3]
    assert line_reporters(Plan("f", "fork", processes, (Act(PRINT),), ())) == [0, 3, 4]
