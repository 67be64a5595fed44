"""A plan in words: the whole text of one, and the words of each of its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from runner.model.plan import (
    Act,
    Declared,
    Expect,
    Join,
    Kill,
    Limits,
    Plan,
    ProcessPlan,
    Show,
    Sleep,
    Start,
    Terminate,
)
from runner.model.shared_things import (
    SharedArray,
    SharedBarrier,
    SharedCondition,
    SharedEvent,
    SharedLock,
    SharedManaged,
    SharedQueue,
    SharedRLock,
    SharedSemaphore,
    SharedValue,
)
from runner.report.terminal.explain import MAX_ALIKE, explain

if TYPE_CHECKING:
    from runner.model.json_types import StepData
    from runner.model.plan import Step
    from runner.model.shared_things import SharedPlan

P = ProcessPlan("p", "p", target="m:f")
D = ProcessPlan("d", "d", target="m:f", daemon=True)
GRACE = "A process that does not end within 5 s of SIGTERM gets SIGKILL."
WAITS = "When main has ended, the run waits for every process that is not a daemon."


def plan(*steps: Step, processes: tuple[ProcessPlan, ...] = (P,), **more: Any) -> Plan:
    return Plan("f.yaml", "fork", processes, steps, (), **more)


def steps_of(*steps: Step, processes: tuple[ProcessPlan, ...] = (P, D)) -> list[str]:
    """The steps as they are told, with their numbers."""
    lines = explain(plan(*steps, processes=processes)).splitlines()
    told = lines[lines.index("Main, step by step:") + 1 :]
    return [line.strip() for line in told[: told.index("")]]


def after(*steps: Step, processes: tuple[ProcessPlan, ...] = (P,), **more: Any) -> list[str]:
    """What is told below the steps."""
    lines = explain(plan(*steps, processes=processes, **more)).splitlines()
    rest = lines[lines.index("Main, step by step:") + 1 :]
    return rest[rest.index("") + 1 :]


def replicas(number: int, **more: Any) -> tuple[ProcessPlan, ...]:
    return tuple(ProcessPlan(f"p{index}", "p", target="m:f", **more) for index in range(number))


def test_a_plan_is_told_from_what_is_made_to_what_becomes_of_it() -> None:
    told = Plan(
        "f.yaml",
        "forkserver",
        (P, ProcessPlan("d", "d", target="runner.workers:sleep", daemon=True, on_terminate="unwind")),
        (Start(0), Sleep(0.5), Start(1), Join(0), Show(1, "AFTER")),
        (),
        title="A lesson",
        preload=("m", "numpy"),
        shared=(SharedLock("door"),),
        time_limit=90,
    )

    assert explain(told).split("\n") == [
        "A lesson",
        "",
        "2 processes, started by forkserver.",
        "Imported once, before any of them starts: m, numpy.",
        "Created before the first start, and removed at the end: door, a lock.",
        "",
        "Main, step by step:",
        "   1. start p, which runs m:f",
        "   2. sleep 500 ms",
        "   3. at 0.5 s: start d (a daemon), which runs sleep",
        "   4. at 0.5 s: join p: wait until it has ended",
        "   5. show d as AFTER",
        "",
        "When main has ended, daemons that still run are terminated: d.",
        WAITS,
        GRACE,
        "After 1m30s the whole run is stopped, and has failed.",
        "",
        "d runs its `finally` blocks when it is terminated.",
    ]


def test_a_plan_without_a_title_is_told_by_its_file_and_without_rules_ends_there() -> None:
    assert explain(plan(Start(0))).split("\n") == [
        "f.yaml",
        "",
        "1 process, started by fork.",
        "",
        "Main, step by step:",
        "   1. start p, which runs m:f",
        "",
        WAITS,
        GRACE,
    ]


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        (SharedArray("a", "int64", 1, 8), "a, 1 number (int64) in shared memory"),
        (SharedArray("a", "float32", 2, 4), "a, 2 numbers (float32) in shared memory"),
        (SharedSemaphore("s", 1), "s, a semaphore with 1 permit"),
        (SharedSemaphore("s", 0), "s, a semaphore with 0 permits"),
        (SharedSemaphore("s", 2, bounded=True), "s, a bounded semaphore with 2 permits"),
        (SharedLock("l"), "l, a lock"),
        (SharedRLock("l"), "l, an rlock"),
        (SharedCondition("c"), "c, a condition"),
        (SharedEvent("e"), "e, an event"),
        (SharedEvent("e", is_set=True), "e, an event that is set"),
        (SharedBarrier("b", 3), "b, a barrier that opens when 3 wait at it"),
        (SharedQueue("q"), "q, a queue"),
        (SharedQueue("q", 3, joinable=True), "q, a joinable queue with room for 3"),
        (SharedValue("v", "int64", 0), "v, the number 0 (int64)"),
        (SharedValue("v", "float64", 1.5, locked=False), "v, the number 1.5 (float64) without a lock"),
        (SharedManaged("d", "dict", {}), "d, a dict in the process of a manager"),
    ],
)
def test_what_is_shared_is_told(thing: SharedPlan, words: str) -> None:
    lines = explain(plan(Start(0), shared=(thing,))).splitlines()

    assert lines[3] == f"Created before the first start, and removed at the end: {words}."


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Start(0), "start p, which runs m:f"),
        (Start(1), "start d (a daemon), which runs m:f"),
        (Sleep(90), "sleep 1m30s"),
        (Join(0), "join p: wait until it has ended"),
        (Join(0, 0.5), "join p: wait for its end, at most 500 ms; then go on, and let p run"),
        (Terminate(1), "terminate d: send SIGTERM, and go on at once"),
        (Kill(0), "kill p: send SIGKILL, and go on at once"),
        (Show(1, "BEFORE"), "show d as BEFORE"),
        (Act({"step": "set", "thing": {"ref": "go"}}), "set go"),
    ],
)
def test_each_step_is_told(step: Step, words: str) -> None:
    assert steps_of(step) == [f"1. {words}"]


@pytest.mark.parametrize(
    ("process", "words"),
    [
        (ProcessPlan("c", "c", cls="m:C"), "start c, an object of the class m:C"),
        (ProcessPlan("c", "c", cls="m:C", daemon=True), "start c (a daemon), an object of the class m:C"),
        (ProcessPlan("s", "s", do=({"step": "hang", "nothing": None},)), "start s, which does its steps"),
        (ProcessPlan("s", "s", do=(), daemon=True), "start s (a daemon), which does its steps"),
        (ProcessPlan("s", "s", target="runner.workers:say"), "start s, which runs say"),
        (ProcessPlan("t", "t", target="mine.runner.workers:say"), "start t, which runs mine.runner.workers:say"),
    ],
)
def test_a_start_tells_what_runs(process: ProcessPlan, words: str) -> None:
    assert steps_of(Start(0), processes=(process,)) == [f"1. {words}"]


def test_moments_are_told_from_the_first_sleep_to_the_first_join() -> None:
    told = steps_of(Kill(0), Sleep(1), Kill(0), Sleep(0.25), Kill(0), Join(0, 1.0), Kill(0), Sleep(3), Kill(0))

    assert [line.partition("kill")[0] for line in told if "kill" in line] == [
        "1. ",
        "3. at 1 s: ",
        "5. at 1.25 s: ",
        "7. ",
        "9. ",
    ]


@pytest.mark.parametrize(
    ("step", "is_known_after"),
    [
        ({"step": "put", "value": 1, "into": {"ref": "q"}}, False),
        ({"step": "get", "thing": {"ref": "q"}}, False),
        ({"step": "acquire", "thing": {"ref": "l"}}, False),
        ({"step": "join_queue", "thing": {"ref": "q"}}, False),
        ({"step": "print", "value": 1}, True),
        ({"step": "release", "thing": {"ref": "l"}}, True),
    ],
)
def test_no_moment_is_known_behind_a_step_that_may_wait(step: StepData, is_known_after: bool) -> None:
    told = steps_of(Sleep(1), Act(step), Kill(0))

    assert told[1].startswith("2. at 1 s: ")
    assert told[2].startswith("3. at 1 s: ") == is_known_after


def doing(number: int) -> tuple[ProcessPlan, ...]:
    steps: tuple[StepData, ...] = ({"step": "repeat", "times": 2, "do": [{"step": "hang", "nothing": None}]},)
    return tuple(ProcessPlan(f"p{index}", "p", do=steps) for index in range(number))


def test_what_a_process_does_is_told_below() -> None:
    assert after(Start(0), processes=(*doing(1), P))[-4:] == [
        "",
        "p0, step by step:",
        "      repeat, 2 times:",
        "        wait for ever",
    ]


@pytest.mark.parametrize(("number", "more"), [(MAX_ALIKE, []), (MAX_ALIKE + 2, ["(2 more processes with steps)"])])
def test_of_many_processes_with_steps_the_first_are_told(number: int, more: list[str]) -> None:
    told = after(Start(0), processes=doing(number))

    assert [line for line in told if line.endswith("step by step:")] == [
        f"p{index}, step by step:" for index in range(MAX_ALIKE)
    ]
    assert [line for line in told if line.startswith("(")] == more


def test_as_many_steps_alike_as_there_may_be_are_all_told() -> None:
    told = steps_of(*map(Start, range(MAX_ALIKE)), processes=replicas(MAX_ALIKE))

    assert told == [f"{number + 1}. start p{number}, which runs m:f" for number in range(MAX_ALIKE)]


def test_of_one_more_the_first_two_and_the_last_are_told_and_the_numbers_go_on() -> None:
    processes = replicas(MAX_ALIKE + 1)

    told = steps_of(*map(Start, range(MAX_ALIKE + 1)), Join(0), Start(1), processes=processes)

    assert told == [
        "1. start p0, which runs m:f",
        "2. start p1, which runs m:f",
        "…. (4 more like these)",
        "7. start p6, which runs m:f",
        "8. join p0: wait until it has ended",
        "9. start p1, which runs m:f",
    ]


def test_a_run_that_starts_daemons_alone_waits_for_nobody() -> None:
    assert after(Start(0), processes=(D,)) == ["When main has ended, daemons that still run are terminated: d.", GRACE]


def test_a_run_that_starts_nothing_says_so() -> None:
    assert after(Show(0, "IDLE"), processes=(P, D)) == ["Never started: p and d.", GRACE]


@pytest.mark.parametrize(
    ("number", "names"),
    [
        (2, "p0 and p1"),
        (9, "p0, p1, p2, p3, p4, p5, p6, p7 and p8"),
        (20, "p0, p1, p2, p3, p4, p5, p6, p7 and 12 more"),
    ],
)
def test_of_many_names_the_first_are_listed_and_the_rest_counted(number: int, names: str) -> None:
    assert after(Sleep(1), processes=replicas(number)) == [f"Never started: {names}.", GRACE]


def test_the_grace_period_is_that_of_the_file() -> None:
    last = after(Start(0), grace_period=0.25)[-1]

    assert last == "A process that does not end within 250 ms of SIGTERM gets SIGKILL."


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"terminate_after": 2.5}, "is terminated 2.5 s after its start, if it still runs."),
        ({"terminate_after": 0}, "is terminated 0 s after its start, if it still runs."),
        ({"timeout": 2.5}, "is stopped 2.5 s after its start, if it still runs: a failure."),
        (
            {"limits": Limits(memory=512 << 20, core=0)},
            "may have at most 512.0 MiB of memory of its own, no core dump.",
        ),
        (
            {"limits": Limits(cpu_seconds=90, open_files=5, core=4096)},
            "may have at most 1m30s of processor time, 5 open descriptors, 4 KiB of a core dump.",
        ),
        ({"on_terminate": "unwind"}, "runs its `finally` blocks when it is terminated."),
        ({"expect": Expect(exit_code=0)}, "is expected to end with exit code 0 (no error)."),
        ({"expect": Expect(exit_code=-9)}, "is expected to end with exit code -9 (killed by SIGKILL)."),
        ({"expect": Expect(outcome="killed")}, "is expected to end with the outcome `killed`."),
        (
            {"expect": Expect(exit_code=3, outcome="failed")},
            "is expected to end with exit code 3 (an error) and the outcome `failed`.",
        ),
        (
            {"expect": Expect(exit_code=0, output=())},
            "is expected to end with exit code 0 (no error), to print nothing.",
        ),
        (
            {"expect": Expect(exit_code=0, output=("one",), before=("q", "r"))},
            "is expected to end with exit code 0 (no error), to print one line (`one`), to end before q and r.",
        ),
        (
            {"expect": Expect(exit_code=0, output=("one", "two"))},
            "is expected to end with exit code 0 (no error), to print 2 lines (`one` is the first).",
        ),
    ],
)
def test_each_rule_of_a_process_is_told(rule: dict[str, Any], words: str) -> None:
    process = ProcessPlan("p", "p", target="m:f", **rule)

    assert after(Start(0), processes=(process,)) == [WAITS, GRACE, "", f"p {words}"]


@pytest.mark.parametrize(
    ("number", "told", "more"),
    [(2 * MAX_ALIKE, 2 * MAX_ALIKE, []), (2 * MAX_ALIKE + 1, MAX_ALIKE, ["(and 7 more such rules)"])],
)
def test_of_many_rules_the_first_are_told_and_the_rest_counted(number: int, told: int, more: list[str]) -> None:
    rules = after(Start(0), processes=replicas(number, on_terminate="unwind"))

    assert rules[rules.index("") + 1 :] == [
        *(f"p{index} runs its `finally` blocks when it is terminated." for index in range(told)),
        *more,
    ]


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        (Declared(), "succeed"),
        (Declared(outcome="failed", deadlock=False), "end as `failed`, without a deadlock"),
        (
            Declared(deadlock=True, notes=("deadlock", "who_waits")),
            "succeed, with a deadlock, with a note about deadlock and who_waits",
        ),
        (Declared(values={"total": 3, "board": [1]}), "succeed, with total 3, board [1] in the end"),
    ],
)
def test_what_the_run_is_expected_to_come_to_is_told(declared: Declared, words: str) -> None:
    plan = Plan("f", "fork", (P,), (Start(0),), (), expect=declared)

    assert explain(plan).splitlines()[-1] == f"The run is expected to {words}."


def test_what_is_explained_cannot_steer_a_terminal() -> None:
    plan = Plan("f", "fork", (ProcessPlan("a\x1b[2J", "a", target="m:f"),), (Start(0),), (), title="t\x1b[31m\nu")

    text = explain(plan)

    assert "\x1b" not in text
    assert text.splitlines()[0] == "t\\x1b[31m\\nu"
