"""The trace keeps the rules of its format, whatever happened in the run."""

from __future__ import annotations

import json
from itertools import combinations
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from runner.report.timeline.chrome_trace import trace
from tests.report.test_timeline import created, exited, finished, kitchen, note, philosophers, shared, some_of, started

if TYPE_CHECKING:
    from runner.model.events import Event


def entries(events: list[Event], *phases: str) -> list[dict[str, Any]]:
    """The entries of the trace that are of these phases, as a viewer reads them."""
    told: list[dict[str, Any]] = json.loads(json.dumps(trace(events)))["traceEvents"]
    return [each for each in told if each["ph"] in phases]


def tracks(events: list[Event]) -> dict[str, list[str]]:
    """What lasts on each track, by the track's name."""
    names = {each["tid"]: each["args"]["name"] for each in entries(events, "M") if each["name"] == "thread_name"}
    lasting: dict[str, list[str]] = {name: [] for name in names.values()}
    for each in entries(events, "X"):
        lasting[names[each["tid"]]].append(each["name"])
    return lasting


def overlap_partly(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two bars of a track do so, and none lies in the other."""
    first, second = sorted((one, other), key=lambda each: (each["ts"], -each["dur"]))
    return bool(second["ts"] < first["ts"] + first["dur"] < second["ts"] + second["dur"])


def test_the_trace_tells_of_the_run_and_that_its_times_are_shown_in_milliseconds() -> None:
    told = trace(philosophers())

    assert told["displayTimeUnit"] == "ms"
    names = ["aristotle", "buddha", "confucius"]
    assert told["otherData"] == {"file": "jobs.yaml", "outcome": "failed", "deadlock": names}


def test_a_lane_is_a_track_and_what_it_holds_another() -> None:
    events = [created(), started(1.0), shared("released", 3.0, "p", "lock", held=1.0), exited(4.0), finished(5.0)]

    assert tracks(events) == {"MainProcess": ["runs"], "p": ["runs"], "p · holds": ["holds lock"]}


def test_times_are_microseconds() -> None:
    main, process = entries([created(), started(0.5), exited(1.25)], "X")

    assert (main["ts"], main["dur"], process["ts"], process["dur"]) == (0, 1250000, 500000, 750000)


def test_what_overlaps_in_part_is_on_tracks_of_its_own() -> None:
    events = [created(), started(0.0)]
    for thing, taken, let_go in (("a", 1.0, 3.0), ("b", 2.0, 4.0), ("c", 2.5, 3.5)):
        events += [
            shared("acquired", taken, "p", thing, waited=0.75),
            shared("released", let_go, "p", thing, held=let_go - taken),
        ]

    assert tracks([*events, exited(5.0)]) == {
        "MainProcess": ["runs"],
        "p": ["runs", "waits for a", "waits for b"],
        "p · too": ["waits for c"],
        "p · holds": ["holds a"],
        "p · holds 2": ["holds b", "holds c"],
    }


def test_a_process_without_a_bar_has_a_track_too() -> None:
    assert tracks([created(), finished(1.0)]) == {"MainProcess": ["runs"], "p": []}


def test_a_signal_of_the_rules_is_a_moment_and_no_arrow() -> None:
    arrows = [each["name"] for each in entries(philosophers(), "s")]

    assert arrows == ["start"] * 3 + ["deadlock"] * 3
    assert [each["name"] for each in entries(philosophers(), "i")].count("SIGTERM sent") == 3


def test_an_arrow_from_an_end_leaves_within_the_bar_that_ends() -> None:
    lanes = {each["id"]: each for each in entries(kitchen(), "s")}
    for arrow in [each for each in lanes.values() if each["name"] in ("join", "hand_over")]:
        bars = [bar for bar in entries(kitchen(), "X") if bar["tid"] == arrow["tid"]]

        assert any(bar["ts"] <= arrow["ts"] < bar["ts"] + bar["dur"] for bar in bars)


def test_a_note_is_a_moment_of_the_process_that_it_is_about_or_of_main() -> None:
    moments = entries([created(), note(1.0, "lost", "p", "why"), note(2.0, "time_limit", None, "over")], "i")

    assert [(each["name"], each["tid"]) for each in moments if "note" in each["name"]] == [
        ("note: lost", 1001),
        ("note: time_limit", 1),
    ]


@given(some_of(philosophers()) | some_of(kitchen()), st.lists(st.tuples(st.floats(0, 2), st.floats(0, 1)), max_size=6))
def test_a_trace_is_well_formed_whatever_happened(events: list[Event], holds: list[tuple[float, float]]) -> None:
    events += [shared("released", at, "cook", f"t{held}", "semaphore", held=held) for at, held in holds]

    told = entries(events, "M", "X", "i", "s", "f")

    assert len(told) == len(entries(events, *"MXisfbeBECn"))
    assert all(each["ts"] >= 0 and isinstance(each["ts"], int) for each in told)
    starts = {each["id"]: each["ts"] for each in told if each["ph"] == "s"}
    finishes = {each["id"]: each["ts"] for each in told if each["ph"] == "f"}
    assert starts.keys() == finishes.keys()
    assert all(starts[number] <= finishes[number] for number in starts)
    bars = [each for each in told if each["ph"] == "X"]
    assert all(bar["dur"] >= 0 for bar in bars)
    for one, other in combinations(bars, 2):
        assert one["tid"] != other["tid"] or not overlap_partly(one, other)
