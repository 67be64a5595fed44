"""What `tests.verdicts` finds wrong with a run: each is a made-up run of a program with known ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner import RunResult
from runner.explore import explore
from runner.model.results import ProcessResult
from tests.describe.describing import plan_of
from tests.events import event_of
from tests.verdicts import wrong_with

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.model.events import Event
    from runner.model.words import StopReason

LOCK = """
    shared: {g: lock}
    jobs:
      - {name: P, do: [{acquire: g}, {crash: SIGKILL}]}
      - {name: Q, do: [{acquire: g}, {exit: 3}]}
"""
NUMBER = "shared: {v: {value: 0}}\njobs: [{name: P, do: [{add: 1, to: v}]}]"


def verdict(
    text: str,
    codes: dict[str, int | None],
    *,
    reason: StopReason | None = None,
    notes: Sequence[tuple[str, str, str]] = (),
    **more: Any,
) -> str | None:
    """What is wrong with a run; an exit code of None is a process that was ended by us for this reason."""
    plan = plan_of(text)
    events = [_event("note", about=about, process=process, text=said) for about, process, said in notes]
    events.append(_event("main.ended", exit_code=0) if reason is None else _event("main.stopped", joining="P"))
    events += [_event("process.terminating", process=name, reason=reason) for name in codes if codes[name] is None]
    processes = {
        name: ProcessResult(name, name, pid=1, exit_code=-15, ended_by="signal", stop_reason=reason)
        if code is None
        else ProcessResult(name, name, pid=1, exit_code=code, ended_by="return")
        for name, code in codes.items()
    }
    fields: dict[str, Any] = {"outcome": "failed", "exit_status": 1, "duration": 0.1, "events": tuple(events)} | more
    return wrong_with(plan, explore(plan).ends, RunResult(processes=processes, **fields))


def _event(name: str, **fields: Any) -> Event:
    return event_of(0, 0.0, "", name, "", fields)


DIED = ("holder_died", "P", "P died while it held g: no process can release it any more.")
WAITS = ("who_waits", "Q", "Q waits for g, and would do so for ever.")


def test_an_end_that_the_model_knows_is_right() -> None:
    assert verdict(NUMBER, {"P": 0}, values={"v": 1}, outcome="succeeded") is None
    assert verdict(LOCK, {"P": -9, "Q": None}, reason="holder_died", notes=[DIED, WAITS]) is None


def test_an_end_that_the_model_does_not_know_is_wrong() -> None:
    assert verdict(NUMBER, {"P": 1}, values={"v": 1}) == "no end is like this: P=1, not ended by us"


def test_other_values_are_wrong() -> None:
    assert verdict(NUMBER, {"P": 0}, values={"v": 2}) == "no end has these values: {'v': 2}"


def test_the_time_limit_is_wrong() -> None:
    assert verdict(NUMBER, {"P": 0}, outcome="timed_out") == "ended by the time limit"
    assert verdict(NUMBER, {"P": 0}, outcome="faulted") == "the run is faulted"


def test_a_run_that_can_go_on_is_not_to_be_ended() -> None:
    said = verdict(NUMBER, {"P": None}, reason="standstill", notes=[("standstill", "P", "P waits")])

    assert said == "no end is like this: P=-15, standstill"


def test_an_end_without_a_note_is_wrong() -> None:
    said = verdict(LOCK, {"P": -9, "Q": None}, reason="standstill")

    assert said == "ended as standstill, and no note says why"


def test_a_process_that_died_with_a_lock_is_to_be_named() -> None:
    said = verdict(LOCK, {"P": -9, "Q": None}, reason="holder_died", notes=[WAITS])

    assert said == "no note says which process died with g"


def test_a_process_that_is_named_in_a_deadlock_must_not_go_on() -> None:
    said = verdict(LOCK, {"P": None, "Q": 3}, reason="holder_died", notes=[DIED], deadlock=("Q",))

    assert said == "a deadlock of ('Q',) is reported, and one of them goes on"


def test_a_process_that_died_with_nothing_is_no_holder() -> None:
    text = "shared: {g: lock}\njobs: [{name: P, do: [{with: g, do: [{print: x}]}]}]"

    assert "and it had nothing" in str(verdict(text, {"P": 0}, notes=[DIED], outcome="succeeded"))


def test_lost_items_are_to_be_counted() -> None:
    text = "shared: {q: {queue: 0}}\njobs: [{name: P, do: [{put: 1, into: q}, {put: 2, into: q}, {crash: SIGKILL}]}]"
    note = ("item_lost", "P", "2 items that P had put into q were lost with the process: SIGKILL ended it")

    assert verdict(text, {"P": -9}, notes=[note], values={"q": []}) is None
    assert "is reported as lost with P" in str(verdict(text, {"P": -9}, notes=[note], values={"q": [1]}))
    assert "nothing is reported as lost with P" in str(verdict(text, {"P": -9}, values={"q": []}))
