"""Questions are made of what a file expects, and answered by what came."""

from __future__ import annotations

from typing import Any

import pytest

from runner.plan import Declared, Expect, Plan, ProcessPlan
from runner.predicting import Question, questions_of

EVENTS: list[dict[str, Any]] = [
    {"event": "process.exited", "process": "a", "exit_code": -9, "t": 1.0},
    {"event": "process.exited", "process": "b", "exit_code": 0, "t": 2.0},
    {"event": "run.finished", "outcome": "failed", "deadlock": ["a"], "values": {"total": 400000}},
]
OUTPUT = [(0.1, "a", "stdout", "first"), (0.2, "a", "stdout", "last"), (0.3, "a", "stderr", "no")]


def plan(*processes: ProcessPlan, expect: Declared | None = None) -> Plan:
    return Plan("f", "fork", processes, (), (), expect=expect)


def answered(questions: list[Question]) -> dict[str, str]:
    return {question.text: question.actual(EVENTS, OUTPUT) for question in questions}


def test_without_expectations_the_end_of_the_run_is_asked_for() -> None:
    assert answered(questions_of(plan(ProcessPlan("a", "a")))) == {
        "How does the run end (succeeded, failed, timed_out)?": "failed"
    }


def test_each_expectation_is_a_question() -> None:
    a = ProcessPlan("a", "a", expect=Expect(exit_code=-9, output=("last",), before=("b",)))
    c = ProcessPlan("c", "c", expect=Expect(outcome="failed", before=("a",)))
    d = ProcessPlan("d", "d", expect=Expect(output=("x",)))

    told = answered(questions_of(plan(a, c, d, expect=Declared(deadlock=True, values={"total": 1}))))

    assert told == {
        "Will processes wait for each other in a circle (yes or no)?": "yes",
        "What is total in the end?": "400000",
        "What is the last line that a prints?": "last",
        "Which exit code has a?": "-9",
        "Does a end before b (yes or no)?": "yes",
        "Which exit code has c?": "(it was never started)",
        "Does c end before a (yes or no)?": "no",
        "What is the last line that d prints?": "(nothing)",
    }


def test_no_circle_is_a_no() -> None:
    (question, _) = questions_of(plan(expect=Declared(deadlock=False)))

    assert question.actual([{"deadlock": None}], []) == "no"


@pytest.mark.parametrize(
    ("answer", "actual", "right"),
    [
        ("400,000", "400000", True),
        ("400_000", "400000", True),
        ("-9", "-9", True),
        ("Y", "yes", True),
        ("no", "yes", False),
        ("a, b", "a,b", False),
        ('"got  it"', "got it", True),
    ],
)
def test_an_answer_is_right_however_it_is_written(answer: str, actual: str, right: bool) -> None:
    assert Question("?", lambda events, output: "").is_right(answer, actual) is right
