"""`main:` becomes primitive steps; what it cannot mean is shown where it is."""

from __future__ import annotations

import pytest

from runner.describe.plan.main_field import KNOWN
from runner.model.plan import Join, Kill, Show, Sleep, Start, Step, Terminate
from tests.describe.describing import marked, plan_of, problem_of, problems_of

JOBS = """
jobs:
- {name: a, target: m:f}
- {name: w, target: m:f, replicas: 2, join_timeout: 3}
main:
"""
DURATIONS = "write seconds (2, 0.5) or text such as 500ms, 1.5s, 1m30s, 2h"
LIMITS = f"{DURATIONS}; or never, for no limit"


def steps_of(main: str) -> list[Step]:
    return list(plan_of(JOBS + main).steps)


@pytest.mark.parametrize(
    ("main", "steps"),
    [
        ("- start: all", [Start(0), Start(1), Start(2)]),
        ("- start: a", [Start(0)]),
        ("- start: w", [Start(1), Start(2)]),
        ("- start: [w-1, a, w-0]", [Start(2), Start(0), Start(1)]),
        ("- sleep: 1m30s\n- sleep: 0.5", [Sleep(90.0), Sleep(0.5)]),
        ("- sleep: 0\n- sleep: 0ms", []),
        ("- start: [a, w-0]\n- terminate: w-0\n- kill: a", [Start(0), Start(1), Terminate(1), Kill(0)]),
        ("- start: [a, w-0]\n- kill: [a, w-0]", [Start(0), Start(1), Kill(0), Kill(1)]),
        ("- show: w", [Show(1, "w-0"), Show(2, "w-1")]),
        ("- show: [a, w-0]\n  as: BEFORE", [Show(0, "BEFORE"), Show(1, "BEFORE")]),
        ("  []", []),
    ],
)
def test_each_step_becomes_one_for_each_process_in_the_order_of_the_script(main: str, steps: list[Step]) -> None:
    assert steps_of(main) == steps


@pytest.mark.parametrize(
    ("timeout", "of_a", "of_w"),
    [
        ("", None, 3.0),
        ("timeout: 500ms", 0.5, 0.5),
        ("timeout: 0", 0.0, 0.0),
        ("timeout: null", None, None),
        ("timeout: never", None, None),
    ],
)
def test_a_join_waits_as_long_as_it_says_or_else_as_the_job_says(
    timeout: str, of_a: float | None, of_w: float | None
) -> None:
    assert steps_of(f"- start: [a, w-0]\n- join: [a, w-0]\n  {timeout}")[2:] == [Join(0, of_a), Join(1, of_w)]


@pytest.mark.parametrize(
    ("main", "at", "message", "help"),
    [
        ("- start", "start", "expected a step, found the text `start`", "did you mean `start: all`?"),
        ("- [start, a]", "[start, a]", "expected a step, found a list", "write for example - start: all"),
        ("- null", "null", "expected a step, found nothing", "write for example - start: all"),
        (
            "- {sleep: 1, start: a}",
            "start",
            "a step does one thing, and here are `sleep` and `start`",
            "begin a new step with `- `",
        ),
        ("- {}", "{}", "the step does nothing", f"a step has one of {', '.join(KNOWN)}"),
        ("- {as: x}", "{as: x}", "the step does nothing", f"a step has one of {', '.join(KNOWN)}"),
        ("- {timeout: 1, jion: a}", "jion", "unknown step `jion`", "did you mean `join`?"),
        (
            "- {5: a}",
            "5",
            "unknown step `5`",
            f"steps: {', '.join(f'`{name}`' for name in KNOWN)}",
        ),
        ("- {start: a, as: x}", "as", "`as` has no effect on `start`", "it belongs to `show`"),
        ("- {start: a, timeout: 1}", "timeout", "`timeout` has no effect on `start`", "it belongs to `join`"),
        ("- {show: a, als: x}", "als", "unknown key `als` in a `show` step", "did you mean `as`?"),
        ("- {show: a, 5: x}", "5", "unknown key `5` in a `show` step", "keys here: `show`, `as`"),
        ("- sleep: soon", "soon", "`sleep`: `soon` is not a duration", DURATIONS),
        ("- sleep: [1]", "[1]", "`sleep`: expected a duration, found a list", DURATIONS),
        ("- sleep: -1", "-1", "`sleep`: a duration cannot be negative", DURATIONS),
        ("- {show: a, as: 5}", "5", "`as`: expected text, found the number 5", None),
        ("- start: a\n- {join: a, timeout: true}", "true", "`timeout`: expected a duration, found true", LIMITS),
        ("- start: []", "[]", "the list is empty", "name a process or a job, or write all"),
        ("- start: [a, 5]", "5", "expected the name of a process or a job, found the number 5", None),
        ("- start: {a: b}", "{a: b}", "expected the name of a process or a job, found a mapping", None),
        ("- start: [all]", "all", "`all` must stand alone, not in a list", "write for example - start: all"),
        ("- show: w-2", "w-2", "there is no process or job named `w-2`", "did you mean `w-1`?"),
        (
            "- show: nobody",
            "nobody",
            "there is no process or job named `nobody`",
            "processes and jobs: `a`, `w-0`, `w-1`, `w`",
        ),
        ("- join: a", "a", "`a` is not started before this step", "start it before this `join`"),
        ("- terminate: [a]", "a", "`a` is not started before this step", "start it before this `terminate`"),
        ("- kill: w-1", "w-1", "`w-1` is not started before this step", "start it before this `kill`"),
        ("- start: [a, a]", "a", "`a` is started twice, first in line 6", "a process starts once"),
    ],
)
def test_a_step_that_main_cannot_do_is_shown_with_what_to_write(
    main: str, at: str, message: str, help: str | None
) -> None:
    problem = problem_of(JOBS + main)

    assert (problem.message, problem.help, marked(problem)) == (message, help, at)


def test_a_second_start_names_the_line_of_the_first() -> None:
    problem = problem_of(f"{JOBS}- start: [w-1, a]\n- sleep: 1\n- start: [w-0, a]")

    assert (problem.line, problem.message) == (8, "`a` is started twice, first in line 6")


def test_all_mistakes_of_a_script_are_found_each_once() -> None:
    problems = problems_of(f"{JOBS}- strat: a\n- {{start: w, timeout: 1, als: x}}\n- {{show: w, as: []}}\n- kill: w")

    assert [(problem.line, problem.message) for problem in problems] == [
        (6, "unknown step `strat`"),
        (7, "`timeout` has no effect on `start`"),
        (7, "unknown key `als` in a `start` step"),
        (8, "`as`: expected text, found a list"),
        (9, "`w-0` is not started before this step"),
        (9, "`w-1` is not started before this step"),
    ]
