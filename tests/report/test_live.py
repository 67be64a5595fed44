"""What is drawn at the foot of a terminal, and when, as somebody sees it whose clock the test is."""

from __future__ import annotations

import io
import re
import threading
from typing import TYPE_CHECKING

import pytest

from runner.model.events import Event, ProgressMade
from runner.report.terminal.live import MAX_LINES, Live
from tests.events import event_of

if TYPE_CHECKING:
    from runner.model.json_types import Json

_STYLES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@pytest.fixture(autouse=True)
def _a_terminal_of_100_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the tests run in."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("LINES", "40")


def event(name: str, **fields: Json) -> Event:
    return event_of(0, 0.0, "", name, "r", fields)


def _bar_left_out(line: str) -> str:
    return " ".join(re.sub("[━╸╺]{30}", "BAR", line).split())


class Screen:
    """A display and the file that it is drawn to."""

    def __init__(self, **totals: tuple[int, int]) -> None:
        self.file = io.StringIO()
        self.live = Live(self.file, totals)

    def starts(self, *names: str, at: float = 0.0) -> None:
        for name in names:
            self.live.handle(event("process.started", process=name), at)

    def exits(self, *names: str) -> None:
        for name in names:
            self.live.handle(event("process.exited", process=name), 0.0)

    def written(self, at: float | None = None) -> str:
        """What is written from now on, by a tick at this moment or without one."""
        self.file.seek(0)
        self.file.truncate()
        if at is not None:
            self.live.tick(at)
        return self.file.getvalue()

    def drawn(self, at: float) -> list[str]:
        """The lines that a tick at this moment draws, without the display of before."""
        self.live.close()
        last = self.written(at).rpartition("\x1b[2K")[2]
        lines = [line.rstrip() for line in _STYLES.sub("", last).splitlines()]
        self.live.close()
        return lines


def test_a_run_without_a_process_has_no_display() -> None:
    screen = Screen(j=(10, 1))
    screen.live.handle(ProgressMade("j", (5,)), 0.0)
    screen.live.handle(event("run.started"), 0.0)

    assert screen.written(at=100.0) == ""


@pytest.mark.parametrize(("began", "at", "appears"), [(0.0, 0.29, False), (0.0, 0.3, True), (5.0, 5.2, False)])
def test_the_display_appears_when_the_first_start_is_a_while_ago(began: float, at: float, appears: bool) -> None:
    screen = Screen()
    screen.starts("p", at=began)
    screen.starts("q", at=began + 0.1)

    assert (screen.written(at) != "") is appears
    screen.live.close()


def test_it_is_drawn_ten_times_a_second_however_often_it_could_be() -> None:
    screen = Screen()
    screen.starts("p")

    drawings = [screen.written(at) != "" for at in (1.0, 1.05, 1.09, 1.125, 1.2, 1.25)]
    screen.live.close()

    assert drawings == [True, False, False, True, False, True]


def test_each_process_that_runs_is_a_line_with_its_time_in_the_order_of_their_starts() -> None:
    screen = Screen()
    screen.starts("b", at=1.0)
    screen.starts("a\n", at=2.5)
    screen.starts("gone", at=2.5)
    screen.exits("gone", "unheard of")

    assert screen.drawn(at=3.0) == ["running  b    2 s", "running  a\\n  500 ms"]


def test_of_more_processes_than_lines_the_rest_are_counted() -> None:
    screen = Screen()
    screen.starts(*(f"p{number}" for number in range(MAX_LINES)))
    assert screen.drawn(at=1.0) == [f"running  p{number}  1 s" for number in range(MAX_LINES)]

    screen.starts("q", "r")

    assert [" ".join(line.split()) for line in screen.drawn(at=2.0)[-2:]] == ["running p7 2 s", "and 2 more"]


@pytest.mark.parametrize(("height", "lines"), [(9, 3), (2, 1), (24, 8), (100, 8)])
def test_at_most_a_third_of_a_terminal_is_taken_for_processes(
    height: int, lines: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINES", str(height))
    screen = Screen()
    screen.starts(*(f"p{number}" for number in range(10)))
    screen.live.tick(1.0)
    monkeypatch.setenv("LINES", "40")

    drawn = "\n".join(screen.drawn(at=2.0))

    assert drawn.count("running") == lines
    assert f"and {10 - lines} more" in drawn


def test_the_work_of_all_processes_of_a_job_is_a_bar_with_its_speed_and_the_time_left() -> None:
    screen = Screen(j=(1000, 2), **{"k\n": (4, 1)}, idle=(1, 1))
    screen.starts("p")
    screen.live.handle(ProgressMade("j", (500, 1000)), 1.0)
    screen.live.handle(ProgressMade("k\n", (0,)), 1.0)
    screen.exits("p")

    assert [_bar_left_out(line) for line in screen.drawn(at=1.0)] == [
        "j BAR 75% 1,500/s 333 ms left",
        "k\\n BAR 0% 0/s",
    ]


def test_the_newest_of_a_jobs_progress_counts() -> None:
    screen = Screen(j=(100, 1))
    screen.starts("p", at=10.0)
    screen.live.handle(ProgressMade("j", (10,)), 11.0)
    screen.live.handle(ProgressMade("j", (50,)), 11.0)

    process, bar = screen.drawn(at=12.0)

    assert process == "running  p  2 s"
    assert _bar_left_out(bar) == "j BAR 50% 25/s 2 s left"


def test_a_job_that_nobody_said_anything_of_has_no_bar() -> None:
    screen = Screen(j=(10, 1))
    screen.live.handle(ProgressMade("unknown", (1,)), 0.0)
    screen.starts("p")

    assert screen.drawn(at=1.0) == ["running  p  1 s"]


def test_when_nothing_runs_any_more_nothing_is_drawn() -> None:
    screen = Screen()
    screen.starts("p")
    screen.exits("p")

    assert "".join(screen.drawn(at=1.0)) == ""


def test_a_second_drawing_takes_the_place_of_the_first() -> None:
    screen = Screen()
    screen.starts("p")
    screen.live.tick(1.0)

    again = screen.written(at=2.0)
    screen.live.close()

    assert again.startswith("\r\x1b[2K")
    assert _STYLES.sub("", again).strip() == "running  p  2 s"


def test_the_display_goes_away_for_other_lines_with_the_cursor_back_and_comes_again() -> None:
    screen = Screen()
    screen.starts("p")
    assert screen.written(at=1.0).startswith("\x1b[?25l")

    with screen.live.above():
        assert screen.written() == ""
    assert screen.written(at=1.05) == ""

    assert "running" in screen.written(at=2.0)
    screen.live.close()


def test_going_away_shows_the_cursor_and_erases_what_was_drawn() -> None:
    file = io.StringIO()
    live = Live(file, {})
    live.handle(event("process.started", process="p"), 0.0)
    live.tick(1.0)
    drawn = len(file.getvalue())

    with live.above():
        assert file.getvalue()[drawn:].endswith("\n\x1b[?25h\r\x1b[1A\x1b[2K")

    gone = file.getvalue()
    live.close()
    assert file.getvalue() == gone, "what is away does not go away again"


@pytest.mark.parametrize("name", ["w[/b]", "w[red]", "[link=x]", "w\\"])
def test_a_name_is_no_markup(name: str) -> None:
    screen = Screen()
    screen.starts(name)

    assert screen.drawn(at=1.0) == [f"running  {name}  1 s"]


def test_a_job_without_work_is_done() -> None:
    screen = Screen(j=(0, 2))
    screen.starts("p")
    screen.live.handle(ProgressMade("j", (0, 0)), 0.0)

    assert _bar_left_out(screen.drawn(at=1.0)[-1]).endswith("100% 0/s")


def test_a_job_that_did_more_than_was_asked_for_has_nothing_left() -> None:
    screen = Screen(j=(10, 1))
    screen.starts("p")
    screen.live.handle(ProgressMade("j", (20,)), 0.0)

    assert screen.drawn(at=1.0)[-1].endswith("200%  20/s  0 s left")


def test_it_needs_no_thread() -> None:
    before = threading.active_count()
    screen = Screen()
    screen.starts("p")
    screen.live.tick(1.0)

    assert threading.active_count() == before
    screen.live.close()


def test_it_is_away_when_what_is_written_above_it_fails() -> None:
    screen = Screen()
    screen.starts("p")
    assert "running" in screen.written(at=1.0)

    with pytest.raises(OSError, match="full"), screen.live.above():
        raise OSError("full")

    assert screen.written() == ""
    assert "running" in screen.written(at=2.0)
    screen.live.close()


class Rewriting(Screen):
    """A display of lines that are being rewritten, and of what runs if that is wanted."""

    def __init__(self, *states: bytes, has_processes: bool = False) -> None:
        super().__init__()
        self.states = list(states)
        self.live = Live(self.file, {}, lambda: self.states, has_processes=has_processes)
        self.starts("a")


def test_lines_that_are_being_rewritten_stand_above_what_runs() -> None:
    screen = Rewriting("a │ \x1b[32m10%\x1b[0m".encode(), has_processes=True)

    first, second = screen.drawn(at=1.0)

    assert (first.rstrip(), second.split()) == ("a │ 10%", ["running", "a", "1", "s"])


def test_a_line_that_is_wider_than_the_terminal_is_cut() -> None:
    assert Rewriting(b"x" * 300).drawn(at=1.0) == ["x" * 99 + "…"]


def test_of_many_lines_that_are_rewritten_the_first_are_shown() -> None:
    screen = Rewriting(*[b"10%"] * 30)

    assert screen.drawn(at=1.0)[-2:] == ["10%", f"and {30 - MAX_LINES} more lines that are being rewritten"]


def test_without_such_a_line_there_is_nothing_to_draw_where_processes_are_not_shown() -> None:
    screen = Rewriting(b"10%")
    assert screen.drawn(at=1.0) == ["10%"]
    screen.states.clear()

    assert "10%" not in screen.written(at=2.0).rpartition("\x1b[2K")[2]
    assert screen.written(at=3.0) == ""
