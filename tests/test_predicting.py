"""Questions are made of what a file expects, and answered by what came."""

from __future__ import annotations

from typing import Any

import pytest

from runner.cli.prediction_questions import MAX_QUESTIONS, Question, questions_of, without_expectations
from runner.model.plan import Declared, Expect, Plan, ProcessPlan
from runner.model.records import replace
from runner.model.shared_things import SharedLock, SharedManaged, SharedPlan, SharedValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.json_types import Json

EVENTS: list[dict[str, Any]] = [
    {"event": "process.exited", "process": "a", "exit_code": -9, "t": 1.0},
    {"event": "process.exited", "process": "b", "exit_code": 0, "t": 2.0},
    {"event": "run.finished", "outcome": "failed", "deadlock": ["a"], "values": {"total": 400000}},
]
OUTPUT = [
    (0.1, "a", "stdout", "first", None),
    (0.2, "a", "stdout", "last", 0.15),
    (0.3, "a", "stderr", "no", None),
]


def plan(*processes: ProcessPlan, expect: Declared | None = None, shared: tuple[SharedPlan, ...] = ()) -> Plan:
    return Plan("f", "fork", processes, (), (), expect=expect, shared=shared)


def answered(questions: list[Question]) -> dict[str, str]:
    return {question.text: question.actual(EVENTS, OUTPUT) for question in questions}


END = {"How does the run end (succeeded, failed, timed_out)?": "failed"}


def test_where_nothing_is_shared_or_expected_the_end_of_the_run_is_asked_for() -> None:
    assert answered(questions_of(plan(ProcessPlan("a", "a")))) == END


def test_each_expectation_is_a_question() -> None:
    a = ProcessPlan("a", "a", expect=Expect(exit_code=-9, output=("last",), before=("b",)))
    c = ProcessPlan("c", "c")
    d = ProcessPlan("d", "d", expect=Expect(output=("x",), before=("a",)))

    assert answered(questions_of(plan(a, c, d))) == END | {
        "What is the last line that a prints?": "last",
        "Which exit code has a?": "-9",
        "Does a end before b (yes or no)?": "yes",
        "Which exit code has c?": "(it was never started)",
        "What is the last line that d prints?": "(nothing)",
        "Which exit code has d?": "(it was never started)",
        "Does d end before a (yes or no)?": "no",
    }


def test_what_is_shared_is_asked_for_expected_or_not() -> None:
    shared = (
        SharedLock("door"),
        SharedValue("total", "int64", 0),
        SharedManaged("left", "dict", {"dict": []}),
        SharedManaged("other", "dict", {"dict": []}),
        SharedLock("job.lock"),
    )

    told = answered(questions_of(plan(shared=shared, expect=Declared(values={"left": {}}))))

    assert told == END | {
        "Will any process wait for ever, in a circle (yes or no)?": "yes",
        "What is total in the end?": "400000",
        "What is left in the end?": "None",
    }


def test_of_many_questions_the_first_and_the_end_are_asked() -> None:
    processes = (ProcessPlan(str(number), "a", expect=Expect(exit_code=1)) for number in range(20))

    questions = questions_of(plan(*processes))

    assert len(questions) == MAX_QUESTIONS
    assert questions[-1].text in END


def test_no_circle_is_a_no() -> None:
    (question, _) = questions_of(plan(shared=(SharedLock("door"),)))

    assert question.actual([{"deadlock": None}], []) == "no"


@pytest.mark.parametrize(
    ("answer", "possible"),
    [
        ("yes", True),
        ("N", True),
        ("yes or no", False),
        ("maybe", False),
    ],
)
def test_where_one_of_some_answers_is_asked_for_no_other_is_possible(answer: str, possible: bool) -> None:
    (question, _) = questions_of(plan(shared=(SharedLock("door"),)))

    assert question.is_possible(answer) is possible


@pytest.mark.parametrize(
    ("answer", "possible"), [("timed_out", True), ("Failed", True), ("succeeded, failed, timed_out", False)]
)
def test_how_a_run_ends_is_said_by_one_word(answer: str, possible: bool) -> None:
    assert questions_of(plan())[-1].is_possible(answer) is possible


def test_where_any_answer_may_come_any_is_possible() -> None:
    assert Question("?", lambda events, output: "").is_possible("maybe")


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


def test_without_expectations_a_plan_is_the_same_but_for_the_answers() -> None:
    process = ProcessPlan("p", "j", target="m:f")
    with_answers = Plan(
        "f", "fork", (replace(process, expect=Expect(exit_code=1)),), (), (), expect=Declared(deadlock=True)
    )

    assert without_expectations(with_answers) == replace(with_answers, expect=None, processes=(process,))


def test_the_order_of_ends_is_that_of_their_moments() -> None:
    a = ProcessPlan("a", "a", expect=Expect(before=("b",)))
    b = ProcessPlan("b", "b")
    late: dict[str, Json] = {"event": "process.exited", "process": "a", "exit_code": 0, "t": 3.0, "ended_at": 1.0}
    (question,) = [one for one in questions_of(plan(a, b)) if one.text == "Does a end before b (yes or no)?"]

    assert question.actual([late, EVENTS[1]], []) == "yes"
