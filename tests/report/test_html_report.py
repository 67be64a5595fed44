"""The page of a run as text: whole, by itself, and nothing in it that comes from a run is markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model.records import replace
from runner.report.page.html import OutputLine, ReportedRun, page
from tests.report.test_timeline import created, event, exited, finished, kitchen, note, philosophers, process, started

if TYPE_CHECKING:
    from runner.model.events import Event

FILE_TEXT = """\
# A kitchen
title: "Not # a comment"  # but this
jobs:
  - name: cook
    args: ['it''s # none', a#b, http://x]
    "quoted key": |
      free: text
  - unfinished "quote # here
"""
KITCHEN = ReportedRun(
    title="A kitchen",
    file="jobs/kitchen.yaml",
    file_text=FILE_TEXT,
    events=tuple(kitchen()),
    output=(
        OutputLine(0.1, "cook", "stdout", "one", 0.05),
        OutputLine(0.2, "waiter-1", "stderr", "two"),
        OutputLine(0.3, "cook", "stdout", "three"),
    ),
    duration=1.81,
    outcome="failed",
    exit_status=1,
    python="3.11.7",
    start_method="fork",
)
EMPTY = {"meta", "link", "input", "br"}


class Reader(HTMLParser):
    """What a page consists of; raises `ValueError` where its tags do not fit together."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        """Texts with the tag that they stand in."""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        if self._open:
            raise ValueError(f"never closed: {self._open}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if self._open.pop() != tag:
            raise ValueError(f"</{tag}> closes something else")

    def handle_data(self, data: str) -> None:
        self.texts.append((self._open[-1] if self._open else "", data))


def made(*events: Event, **changes: Any) -> Reader:
    """The page of the kitchen, with these events if there are any, and these changes."""
    return Reader(page(replace(KITCHEN, events=events or KITCHEN.events, **changes)))


def told(reader: Reader) -> str:
    """All text of the page, in one line."""
    return " ".join(" ".join(text for tag, text in reader.texts if tag not in ("style", "script")).split())


def row_of(*events: Event) -> str:
    """The text of the table's only row."""
    text = told(made(*events))
    return text[text.index("exit code expected") + 19 : text.index(" Output ")]


def test_the_page_tells_what_the_run_came_to() -> None:
    text = told(made())

    assert text.startswith("A kitchen · run-jobs Skip to the content A kitchen failed file jobs/kitchen.yaml")
    assert "duration 1.81 s exit status 1 Python 3.11.7 start method fork" in text


def test_a_run_without_a_title_has_the_name_of_its_file() -> None:
    assert told(made(title=None)).startswith("jobs/kitchen.yaml · run-jobs")


@pytest.mark.parametrize(("status", "how"), [(0, "good"), (1, "bad"), (143, "bad")])
def test_the_outcome_is_good_when_the_exit_status_is(status: int, how: str) -> None:
    assert ("p", {"class": f"outcome {how}"}) in made(exit_status=status).tags


def test_each_process_has_a_row_with_what_is_known_of_it() -> None:
    assert row_of(created(), started(1.0), exited(2.0)) == "p 7 succeeded 2 s 100 ms 1.0 MiB 0 no error ✓ yes"
    killed = exited(2.0, outcome="killed", code=-9)
    assert row_of(created(), started(1.0), killed) == "p 7 killed 2 s 100 ms 1.0 MiB -9 SIGKILL ✗ no"
    assert row_of(created(), finished(1.0)) == "p not started"
    assert row_of(created(), started(1.0)) == "p 7 no end seen ? ? ?"
    failed = process("start_failed", 1.0, pid=None, error={"type": "OSError", "message": "", "traceback": ""})
    assert row_of(created(), failed) == "p start failed ✗ no"


def test_headings_of_columns_and_of_rows_have_a_scope() -> None:
    scopes = [attributes["scope"] for tag, attributes in made().tags if tag == "th"]

    assert scopes == ["col"] * 8 + ["row"] * 3


def test_notes_have_their_moment_their_process_and_code_in_backticks() -> None:
    reader = made(
        created(), note(1.5, "timeout", "p", "The `timeout` of p"), note(2.0, "time_limit", None, "It is over")
    )

    assert "Notes 1.500 s p The timeout of p 2.000 s the run It is over" in told(reader)
    assert ("code", "timeout") in reader.texts
    assert "Notes" not in told(made(created()))


def test_output_has_a_box_for_each_process_that_wrote_and_a_line_for_each_line() -> None:
    reader = made()

    boxes = [attributes for tag, attributes in reader.tags if attributes.get("type") == "checkbox"]
    assert [box["value"] for box in boxes] == ["0", "1"]
    lines = [attributes for tag, attributes in reader.tags if tag == "li" and "data-process" in attributes]
    assert [(line["data-process"], line.get("class")) for line in lines] == [("0", None), ("1", "stderr"), ("0", None)]
    assert "3 of 3 lines 0.050 s cook one read 0.200 s waiter-1 two read 0.300 s cook three" in told(reader)


def test_a_run_that_wrote_nothing_says_so_and_has_no_filter() -> None:
    reader = made(output=())

    assert "No process wrote anything." in told(reader)
    assert not [tag for tag, _ in reader.tags if tag == "form"]


def test_the_file_is_there_line_by_line_with_its_keys_and_comments_marked() -> None:
    reader = made()

    assert [text for tag, text in reader.texts if tag == "i"] == ["# A kitchen", "# but this", "# here"]
    keys = [text for tag, text in reader.texts if tag == "b" and text.endswith(":")]
    assert keys == ["title:", "jobs:", "name:", "args:", '"quoted key":', "free:"]


def test_no_secret_of_the_file_is_on_the_page() -> None:
    page = told(made(file_text="env:\n  TOKEN: sesame\n  PLACE: cave\n"))

    assert "TOKEN: ***" in page
    assert "cave" in page
    assert "sesame" not in page


@given(st.text(st.sampled_from("ab:#-'\" \t<&\x00"), max_size=30))
def test_every_line_of_a_file_is_shown_as_it_is(line: str) -> None:
    reader = made(file_text=f"{line}\n", output=())

    start = reader.texts.index(("h2", "File"))
    shown = "".join(text for tag, text in reader.texts[start + 1 :] if tag in ("code", "b", "i"))
    assert shown == line.replace("\x00", r"\x00")


NASTY = "</script><script>alert(1)</script>\"'&lt;<!-- \x1b[31m\x00\u2028"


def test_nothing_that_comes_from_a_run_is_markup() -> None:
    nasty: dict[str, Any] = {
        "title": NASTY,
        "file": NASTY,
        "file_text": NASTY,
        "outcome": NASTY,
        "python": NASTY,
        "start_method": NASTY,
        "output": (OutputLine(0.1, NASTY, "stdout", NASTY),),
    }
    events = [created(NASTY), started(0.0, NASTY), exited(1.0, NASTY, NASTY), note(1.0, "lost", NASTY, NASTY)]

    reader = made(*events, **nasty)

    names = [tag for tag, _ in reader.tags]
    assert (names.count("script"), names.count("style")) == (1, 2)
    harmless = NASTY.replace("\x1b", r"\x1b").replace("\x00", r"\x00").replace("\u2028", r"\u2028")
    assert told(reader).count(harmless) >= 10
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", page(replace(KITCHEN, events=tuple(events), **nasty)))


def test_the_page_loads_nothing_and_may_load_nothing() -> None:
    reader = made()

    policy = [attributes["content"] for tag, attributes in reader.tags if "http-equiv" in attributes]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"]
    loaded = {value for _, attributes in reader.tags for key, value in attributes.items() if key in ("src", "href")}
    assert loaded == {"data:,", "#content"}


def test_the_page_says_its_language_and_has_a_way_around_its_head() -> None:
    reader = made()

    assert ("html", {"lang": "en"}) in reader.tags
    assert next(tag for tag in reader.tags if tag[0] == "a") == ("a", {"class": "skip", "href": "#content"})
    assert ("main", {"id": "content", "tabindex": "-1"}) in reader.tags


def test_every_label_by_another_element_has_it() -> None:
    reader = made()

    ids = [attributes["id"] for _, attributes in reader.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {attributes["aria-labelledby"] for _, attributes in reader.tags if "aria-labelledby" in attributes} <= set(
        ids
    )


@pytest.mark.parametrize("events", [kitchen(), philosophers()])
def test_a_run_that_was_cut_short_has_a_page(events: list[Event]) -> None:
    for count in range(len(events)):
        assert page(replace(KITCHEN, events=tuple(events[:count])))


def test_the_page_is_the_same_for_the_same_run() -> None:
    assert page(KITCHEN) == page(KITCHEN)


def test_what_jobs_report_and_what_shared_things_hold_is_there() -> None:
    result = event("job.result", 1.0, job="count", type="shared_counter", result={"total": 5})
    values = finished(2.0, values={"tasks": ["<b>", 2]})

    reader = made(*philosophers()[:-1], result, values)

    (shown,) = [text for tag, text in reader.texts if tag == "pre" and "tasks" in text]
    assert "total" in shown
    assert "<b>" in shown


def test_a_line_has_the_moment_at_which_it_was_written_or_that_at_which_it_was_read() -> None:
    lines = (OutputLine(0.25, "p", "stdout", "a", 0.125), OutputLine(0.5, "p", "stdout", "b"))

    text = page(replace(KITCHEN, output=lines))

    assert "<span>0.125 s</span>" in text
    assert ">read 0.500 s</span>" in text
