"""Questions about the outcome of a run, built from its plan, with answers taken from its events. Pure."""

from __future__ import annotations

from functools import partial
from itertools import islice

from runner.history.event_queries import NOT_STARTED, START_FAILED, ended_at, ends
from runner.model.json_types import mapping_in
from runner.model.records import record, replace
from runner.model.shared_things import is_declared, kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import TypeAlias

    from runner.model.json_types import Json
    from runner.model.plan import Plan, ProcessPlan

    Events: TypeAlias = Sequence[Mapping[str, Json]]
    Output: TypeAlias = Sequence[tuple[float, str, str, str, float | None]]

MAX_QUESTIONS = 8
_YES_OR_NO = ("yes", "no")
_OUTCOMES = ("succeeded", "failed", "timed_out")


@record(frozen=True, slots=True)
class Question:
    """One question; `actual` returns the answer of a run, from its events and its output, as text.

    If there are `choices`, the answer is one of them.
    """

    text: str
    actual: Callable[[Events, Output], str]
    choices: tuple[str, ...] = ()

    def is_possible(self, answer: str) -> bool:
        """Return whether this can be the answer."""
        return not self.choices or _plain(answer) in map(_plain, self.choices)

    def is_right(self, answer: str, actual: str) -> bool:
        """Return whether an answer is right."""
        return _plain(answer) == _plain(actual)


def questions_of(plan: Plan) -> list[Question]:
    """Return what may surprise in this plan, as questions: circles, last numbers, ends, what is printed last."""
    last = Question(f"How does the run end ({', '.join(_OUTCOMES)})?", _outcome, _OUTCOMES)
    return [*islice(_questions(plan), MAX_QUESTIONS - 1), last]


def without_expectations(plan: Plan) -> Plan:
    """Return the plan without what its file expects, which would be the answers."""
    return replace(plan, expect=None, processes=tuple([replace(one, expect=None) for one in plan.processes]))


def _questions(plan: Plan) -> Iterator[Question]:
    kinds = {thing.name: kind_of(thing) for thing in plan.shared if is_declared(thing.name)}
    if _GUARDS & set(kinds.values()):
        yield Question("Will any process wait for ever, in a circle (yes or no)?", _deadlock, _YES_OR_NO)
    expected = plan.expect.values if plan.expect is not None else {}
    for name, kind in kinds.items():
        if name in expected or kind in ("value", "raw_value"):
            yield Question(f"What is {name} in the end?", partial(_value, name))
    has_codes = any(process.expect is not None and process.expect.exit_code for process in plan.processes)
    for process in plan.processes:
        yield from _of_process(process, asks_for_code=has_codes)


def _of_process(process: ProcessPlan, *, asks_for_code: bool) -> Iterator[Question]:
    expect, name = process.expect, process.name
    if expect is not None and expect.output is not None:
        yield Question(f"What is the last line that {name} prints?", partial(_last_line, name))
    if asks_for_code:  # for all of them: the question alone would be the answer
        yield Question(f"Which exit code has {name}?", partial(_exit_code, name))
    for other in expect.before if expect is not None else ():
        yield Question(f"Does {name} end before {other} (yes or no)?", partial(_is_before, name, other), _YES_OR_NO)


_GUARDS = {"lock", "rlock", "semaphore", "bounded_semaphore", "condition"}


def _plain(text: str) -> str:
    """Return an answer in its plain form: 400,000 is 400000, `Yes` is yes, `y` is yes."""
    plain = " ".join(text.casefold().split()).replace("_", "").strip("\"'`")
    plain = plain.replace(",", "") if plain.replace(",", "").lstrip("-").isdigit() else plain
    return {"y": "yes", "n": "no", "true": "yes", "false": "no"}.get(plain, plain)


def _deadlock(events: Events, _: Output) -> str:
    return "yes" if _last(events)["deadlock"] else "no"


def _outcome(events: Events, _: Output) -> str:
    return str(_last(events)["outcome"])


def _value(name: str, events: Events, _: Output) -> str:
    return str(mapping_in(_last(events)["values"]).get(name))


def _last_line(name: str, _: Events, output: Output) -> str:
    lines = [text for _, process, stream, text, _ in output if process == name and stream == "stdout"]
    return lines[-1] if lines else "(nothing)"


def _exit_code(name: str, events: Events, _: Output) -> str:
    end = ends(events).get(name)
    is_known = end is not None and end.outcome not in (NOT_STARTED, START_FAILED)
    return str(end.exit_code) if end is not None and is_known else "(it was never started)"


def _is_before(name: str, other: str, events: Events, _: Output) -> str:
    ends = ended_at(events)
    return "yes" if name in ends and ends[name] <= ends.get(other, float("inf")) else "no"


def _last(events: Events) -> Mapping[str, Json]:
    return events[-1]
