"""Questions about what a run will come to, made of its plan, and the answers that its events give. Pure."""

from __future__ import annotations

from functools import partial

from runner.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any, TypeAlias

    from runner.plan import Plan, ProcessPlan

    Events: TypeAlias = Sequence[dict[str, Any]]
    Output: TypeAlias = Sequence[tuple[float, str, str, str]]

MOST_QUESTIONS = 8


@record(frozen=True, slots=True)
class Question:
    """One question; `actual` gives the answer of a run, from its events and its output, as text."""

    text: str
    actual: Callable[[Events, Output], str]

    def is_right(self, answer: str, actual: str) -> bool:
        """Whether an answer says what came."""
        return _plain(answer) == _plain(actual)


def questions_of(plan: Plan) -> list[Question]:
    """What the file says something about under `expect`, as questions; without that, how the run ends."""
    return list(_questions(plan))[:MOST_QUESTIONS]


def _questions(plan: Plan) -> Iterator[Question]:
    expect = plan.expect
    if expect is not None and expect.deadlock is not None:
        yield Question("Will processes wait for each other in a circle (yes or no)?", _deadlock)
    if expect is not None:
        for name in expect.values:
            yield Question(f"What is {name} in the end?", partial(_value, name))
    for process in plan.processes:
        yield from _of_process(process)
    yield Question("How does the run end (succeeded, failed, timed_out)?", _outcome)


def _of_process(process: ProcessPlan) -> Iterator[Question]:
    expect, name = process.expect, process.name
    if expect is None:
        return
    if expect.output is not None:
        yield Question(f"What is the last line that {name} prints?", partial(_last_line, name))
    if expect.exit_code is not None or expect.outcome is not None:
        yield Question(f"Which exit code has {name}?", partial(_exit_code, name))
    for other in expect.before:
        yield Question(f"Does {name} end before {other} (yes or no)?", partial(_is_before, name, other))


def _plain(text: str) -> str:
    """An answer without what does not matter in it: 400,000 is 400000, `Yes` is yes, `y` is yes."""
    plain = " ".join(text.casefold().split()).replace("_", "").strip("\"'`")
    plain = plain.replace(",", "") if plain.replace(",", "").lstrip("-").isdigit() else plain
    return {"y": "yes", "n": "no", "true": "yes", "false": "no"}.get(plain, plain)


def _deadlock(events: Events, _: Output) -> str:
    return "yes" if _last(events)["deadlock"] else "no"


def _outcome(events: Events, _: Output) -> str:
    return str(_last(events)["outcome"])


def _value(name: str, events: Events, _: Output) -> str:
    return str(_last(events)["values"].get(name))


def _last_line(name: str, _: Events, output: Output) -> str:
    lines = [text for _t, process, stream, text in output if process == name and stream == "stdout"]
    return lines[-1] if lines else "(nothing)"


def _exit_code(name: str, events: Events, _: Output) -> str:
    ends = [event for event in events if event["event"] == "process.exited" and event["process"] == name]
    return str(ends[-1]["exit_code"]) if ends else "(it was never started)"


def _is_before(name: str, other: str, events: Events, _: Output) -> str:
    ends = {event["process"]: event["t"] for event in events if event["event"] == "process.exited"}
    return "yes" if name in ends and ends[name] <= ends.get(other, float("inf")) else "no"


def _last(events: Events) -> dict[str, Any]:
    return events[-1]
