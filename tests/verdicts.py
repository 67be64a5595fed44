"""Holds a real run against all ends that the model knows of its program."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from runner.explore import Ended, Wait
from runner.explore.plan_features import Uses
from runner.model.events import MAIN_PROCESS
from runner.model.plan import Act
from runner.model.shared_things import SharedSemaphore, kind_of
from runner.supervise.sharing.release_analysis import may_release

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from runner import RunResult
    from runner.explore import End
    from runner.model.plan import Plan

    Fits = Callable[[Ended | Wait | None], bool]

_LOST = re.compile(r"(An|\d+) items? that \w+ had put into (\w+) w")
_PERHAPS_LOST = re.compile(r"An item that \w+ was writing into (\w+) ")
ENDED_BY_US = ("deadlock", "standstill", "holder_died", "waits_for_ever")
"""The reasons for which a run is ended because processes wait for ever."""
ALL_WAIT = ("deadlock", "standstill")
"""Those after which no process can go on."""


def wrong_with(plan: Plan, ends: Iterable[End], result: RunResult) -> str | None:
    """What is not as it must be, in a few words."""
    if result.outcome == "timed_out":
        return "ended by the time limit"
    if result.outcome not in ("succeeded", "failed"):
        return f"the run is {result.outcome}"
    reason = _reason(result)
    fits = {name: _fits(name, result, reason) for name in result.processes} | {MAIN_PROCESS: _main_fits(result, reason)}
    alike = [end for end in ends if all(fits[name](fate) for name, fate in end.fates)]
    if not alike:
        seen = ", ".join(f"{one.name}={one.exit_code}" for one in result.processes.values())
        return f"no end is like this: {seen}, {reason or 'not ended by us'}"
    if reason is None or reason in ALL_WAIT:
        alike = [end for end in alike if _values(end) == result.values]
        if not alike:
            return f"no end has these values: {result.values}"
    if reason is not None and not _notes(result):
        return f"ended as {reason}, and no note says why"
    return _wrong_notes(plan, alike, result)


def _notes(result: RunResult) -> list[tuple[str, str, str]]:
    """Of each note what it is about, which process, and its text."""
    notes = [event.fields for event in result.events if event.event == "note"]
    return [(str(note["about"]), str(note["process"]), str(note["text"])) for note in notes]


def _waiters(result: RunResult) -> set[str]:
    """The processes that a note says to wait for ever, whichever others run."""
    return {process for _, process, text in _notes(result) if "for ever" in text}


def _reason(result: RunResult) -> str | None:
    """Why we ended the run, if we did."""
    reasons = [str(event.fields["reason"]) for event in result.events if event.event == "process.terminating"]
    ours = [reason for reason in reasons if reason in ENDED_BY_US]
    if ours:
        return ours[0]
    stopped = any(event.event == "main.stopped" for event in result.events)
    return "standstill" if stopped else None


def _fits(name: str, result: RunResult, reason: str | None) -> Fits:
    """Which fates of a process are like what was seen of it."""
    seen = result.processes[name]
    if seen.pid is None:
        return lambda fate: fate is None or (reason is not None and reason not in ALL_WAIT)
    if seen.stop_reason in ENDED_BY_US and seen.ended_by == "signal":
        if reason in ALL_WAIT or name in _waiters(result):
            return lambda fate: isinstance(fate, Wait)
        return lambda fate: fate is not None
    return lambda fate: isinstance(fate, Ended) and fate.exit_code == seen.exit_code


def _main_fits(result: RunResult, reason: str | None) -> Fits:
    for event in result.events:
        if event.event == "main.ended":
            code = event.fields["exit_code"]
            return lambda fate: isinstance(fate, Ended) and fate.exit_code == code
    if reason in ALL_WAIT or MAIN_PROCESS in _waiters(result):
        return lambda fate: isinstance(fate, Wait)
    return lambda fate: True


def _values(end: End) -> dict[str, object]:
    return {name: end.value(name) for name, _ in end.values}


def _wrong_notes(plan: Plan, ends: list[End], result: RunResult) -> str | None:
    """Which note is not true in any of these ends."""
    if result.deadlock is not None:
        ends = [end for end in ends if set(result.deadlock) <= set(end.waiting)]
        if not ends:
            return f"a deadlock of {result.deadlock} is reported, and one of them goes on"
    for about, process, text in _notes(result):
        things = _owned(plan, text) if about == "holder_died" and process != MAIN_PROCESS else set()
        if things:
            ends = [end for end in ends if things & _held(end, process)]
            if not ends:
                return f"holder_died is reported of {process}, and it had nothing: {text}"
    lost = _wrong_loss(plan, ends, result)
    if lost is not None:
        return lost
    # Where others ran, a holder may have lived that never releases what it has.
    return None if _reason(result) in (None, "waits_for_ever") else _silence(plan, ends, result)


def _wrong_loss(plan: Plan, ends: list[End], result: RunResult) -> str | None:
    """What was told of lost items, where no end has as many."""
    told: dict[str, dict[str, tuple[int, int]]] = {}
    for about, process, text in _notes(result):
        if about == "item_lost" and (found := _LOST.match(text)):
            least = 1 if found[1] == "An" else int(found[1])
            told.setdefault(process, {})[found[2]] = least, least + ("perhaps one more" in text)
        elif about == "item_lost" and (found := _PERHAPS_LOST.match(text)):
            told.setdefault(process, {})[found[1]] = 0, 1
    mortal = Uses.of(plan).mortal
    for number, planned in enumerate(plan.processes):
        name = planned.name
        if name != planned.job:  # of replicas one note tells
            continue
        said = told.get(name, {})
        lost = [dict(end.ended[name].unsent) for end in ends if name in end.ended]
        # A process that is killed inside of `put` has lost that item as well.
        more = (0, 1) if number in mortal else (0,)
        if lost and not any(_is_lost(said, one, more) for one in lost):
            return f"{said or 'nothing'} is reported as lost with {name}, and it had {lost}"
    return None


def _is_lost(said: dict[str, tuple[int, int]], lost: dict[str, int], more: tuple[int, ...]) -> bool:
    """Whether as many were lost as was said, the least and the most of them, or so many more."""
    for name in said.keys() | lost.keys():
        least, most = said.get(name, (0, 0))
        if not any(least <= lost.get(name, 0) + each <= most for each in more):
            return False
    return True


def _silence(plan: Plan, ends: list[End], result: RunResult) -> str | None:
    """What a dead process, or main, has in each of these ends, and no note names it."""
    mains = f"which {MAIN_PROCESS} has"
    died = " ".join(text for about, _, text in _notes(result) if about == "holder_died" or mains in text)
    guards = {
        thing.name
        for thing in plan.shared
        if kind_of(thing) in ("rlock", "condition", "value")
        or (kind_of(thing) == "lock" and not any(map(partial(may_release, guard=thing.name), _programs(plan))))
    }
    waited_for = set.intersection(*(set(end.orphaned) for end in ends)) & guards
    unnamed = waited_for - _owned(plan, died)
    return f"no note says which process died with {', '.join(sorted(unnamed))}" if unnamed else None


def _programs(plan: Plan) -> Iterator[Iterable[Any]]:
    """The steps of each process, and those of main: a lock that some of them release for another has no owner."""
    for process in plan.processes:
        yield process.do or ()
    yield [step.step for step in plan.steps if isinstance(step, Act)]


def _owned(plan: Plan, text: str) -> set[str]:
    """The things that a note names; but semaphores, whose permits have no owner."""
    words = set(text.replace(":", " ").replace(".", " ").replace(",", " ").split())
    return {thing.name for thing in plan.shared if thing.name in words and not isinstance(thing, SharedSemaphore)}


def _held(end: End, process: str) -> set[str]:
    """The things that a process died with: `reading q` is a lock of q."""
    fate = end.ended.get(process)
    return set() if fate is None else {name.split()[-1] for name in fate.held}
