"""The timeline as an SVG: well-formed whatever the names are, complete, the same each time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.report.timeline.build import timeline_of
from runner.report.timeline.svg import svg
from tests.report.test_timeline import (
    created,
    event,
    exited,
    finished,
    kitchen,
    philosophers,
    process,
    shared,
    some_of,
    started,
)

if TYPE_CHECKING:
    from runner.model.events import Event

SPACE = "{http://www.w3.org/2000/svg}"


def drawn(events: list[Event], title: str | None = None) -> ElementTree.Element:
    """The root of the picture, as any XML parser reads it."""
    return ElementTree.fromstring(svg(timeline_of(events), title))


def of_class(root: ElementTree.Element, *classes: str) -> list[ElementTree.Element]:
    """The elements outside of the legend that have all of these classes."""
    for legend in root.findall(f"{SPACE}g[@class='legend']"):
        root.remove(legend)
    return [one for one in root.iter() if set(classes) <= set(one.get("class", "").split())]


def texts(root: ElementTree.Element) -> list[str]:
    return ["".join(one.itertext()) for one in root.iter(f"{SPACE}text")]


def test_each_span_is_a_bar_at_its_percentage_of_the_plot() -> None:
    events = [created(), started(1.0), shared("released", 3.0, "p", "lock", held=1.0), exited(4.0), finished(5.0)]

    root = drawn(events)

    (bar,) = of_class(root, "span", "holding")
    assert (bar.get("x"), bar.get("width")) == ("40%", "20%")
    running = of_class(root, "span", "running")
    assert [(one.get("x"), one.get("width")) for one in running] == [("0%", "100%"), ("20%", "60%")]


def test_all_that_there_is_to_say_is_said_where_one_points() -> None:
    timeline = timeline_of(kitchen())

    titles = [one.findtext(f"{SPACE}title") for one in of_class(drawn(kitchen()), "fact")]

    details = [span.detail for lane in timeline.lanes for span in lane.spans]
    details += [arrow.detail for arrow in timeline.arrows]
    details += [one.detail for lane in timeline.lanes for one in lane.instants if one.kind != "created"]
    assert set(details) <= set(titles)


def test_a_title_stands_above_with_the_outcome() -> None:
    assert texts(drawn([finished(2.0, "failed")], "All & <more>"))[:2] == ["All & <more>", "failed in 2 s"]
    assert texts(drawn([], "A run"))[1] == "not finished in 0 s"
    assert "failed in 2 s" not in texts(drawn([finished(2.0, "failed")]))


def test_words_stand_in_a_bar_only_where_they_have_room() -> None:
    events = [event("main.slept", 0.5, seconds=0.5), event("main.slept", 0.52, seconds=0.01), finished(1.0)]

    labels = of_class(drawn(events), "label")

    assert [label.get("class") for label in labels] == ["label", "label tight"]
    assert [label.text for label in labels] == ["sleeps", "sleeps"]


def test_what_is_held_at_once_is_drawn_one_below_the_other() -> None:
    events = [
        created(),
        started(0.0),
        shared("acquired", 1.0, "p", "a"),
        shared("acquired", 2.0, "p", "b"),
        shared("released", 3.0, "p", "b", held=1.0),
        shared("acquired", 4.0, "p", "b"),
        finished(5.0),
    ]

    heights = [bar.get("y") for bar in of_class(drawn(events), "span", "holding")]

    assert heights[1] == heights[2] != heights[0]


def test_a_thing_has_one_colour_for_who_holds_it_and_who_waits_for_it() -> None:
    root = drawn(kitchen())

    assert {bar.get("class") for bar in of_class(root, "span", "holding")} == {"span holding thing-1"}
    waiting = {bar.get("class") for bar in of_class(root, "span", "waiting")}
    assert waiting == {"span waiting thing-0", "span waiting thing-1"}


def test_arrows_go_down_and_up_and_those_of_a_deadlock_make_a_bow() -> None:
    kinds = {one.get("class"): one.tag.removeprefix(SPACE) for one in of_class(drawn(kitchen()), "arrow")}
    assert kinds == {f"arrow {kind}": "line" for kind in ("start", "stop", "join", "hand_over")}

    bows = of_class(drawn(philosophers()), "arrow", "deadlock")
    assert [bow.tag for bow in bows] == [f"{SPACE}path"] * 3


@pytest.mark.parametrize(("processes", "kind"), [(15, "timeline"), (16, "timeline crowd")])
def test_in_a_crowd_the_arrows_of_main_are_only_a_shade(processes: int, kind: str) -> None:
    assert drawn([created(f"p{number}") for number in range(processes)]).get("class") == kind


def test_a_hand_over_upwards_ends_at_the_bottom_of_its_lane() -> None:
    events = [
        *(created(name) for name in "pq"),
        shared("released", 1.0, "q", "lock", held=1.0),
        shared("acquired", 1.001, "p", "lock", waited=0.5),
        finished(2.0),
    ]

    (arrow,) = of_class(drawn(events), "arrow", "hand_over")

    assert int(arrow.get("y1", "")) > int(arrow.get("y2", ""))


@pytest.mark.parametrize(
    ("events", "words", "place"),
    [
        ([started(0.0), exited(0.5, outcome="failed", code=3)], "✗ 3", "50%"),
        ([started(0.0), exited(0.5)], "✓", "50%"),
        ([started(0.0)], "no end seen", "100%"),
        ([], "not started", "0%"),
    ],
)
def test_how_a_process_ended_stands_where_its_bar_ends(events: list[Event], words: str, place: str) -> None:
    root = drawn([created(), *events, event("main.ended", 1.0), finished(1.0)])

    (end,) = of_class(root, "end")
    assert (end.text, end.get("x")) == (words, place)


def test_the_legend_has_only_what_occurs() -> None:
    assert texts(drawn([finished(1.0)]))[-1] == "runs"
    assert "deadlock: aristotle → buddha → confucius → aristotle" in texts(drawn(philosophers()))
    assert "created" in texts(drawn([created(), started(0.5), finished(1.0)]))
    assert "created" not in texts(drawn([created(), started(0.001), finished(1.0)]))


def test_a_long_legend_has_rows_and_the_picture_room_for_them() -> None:
    def height(count: int) -> int:
        events = [shared("released", 1.0, "p", f"thing-{number}", held=0.5) for number in range(count)]
        return int(drawn(events).get("height", ""))

    lane = 17  # a thing more that is held at once
    assert height(8) - height(1) > 7 * lane


def test_a_run_without_a_moment_is_a_picture_too() -> None:
    root = drawn([created(), started(0.0), shared("acquired", 0.0, "p", "lock")])

    assert {bar.get("width") for bar in of_class(root, "span")} == {"0%"}


def test_the_picture_loads_nothing() -> None:
    text = svg(timeline_of(philosophers()), "t").replace("http://www.w3.org/2000/svg", "")

    assert "http" not in text
    assert set(re.findall(r"url\((.)", text)) == {"#"}


def test_both_papers_have_all_colours() -> None:
    light, dark = re.findall(r"\.timeline\{(--paper[^}]*)\}", svg(timeline_of([]), None))

    assert re.findall(r"--[\w-]+", light) == re.findall(r"--[\w-]+", dark)
    used = set(re.findall(r"var\((--[\w-]+)\)", svg(timeline_of([]), None))) - {"--thing"}
    assert used <= set(re.findall(r"--[\w-]+", light))


@given(some_of(philosophers()) | some_of(kitchen()), st.text(max_size=30), st.none() | st.text(max_size=30))
def test_whatever_the_names_are_the_picture_is_well_formed_and_the_same_each_time(
    events: list[Event], name: str, title: str | None
) -> None:
    named = [*events, created(name), process("shown", 0.5, name, label=name), shared("waiting", 0.1, name, name)]

    text = svg(timeline_of(named), title)

    ElementTree.fromstring(text)
    assert text == svg(timeline_of(named), title)
