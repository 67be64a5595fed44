"""Where events are written as JSON lines: each whole, at once or with others, and what is said when that fails."""

from __future__ import annotations

import errno
import json
import os
import threading
from typing import TYPE_CHECKING

import pytest

from runner.report.terminal.json_lines import JsonLines, open_events
from tests.events import event_of

if TYPE_CHECKING:
    from pathlib import Path

    from runner.model.events import Event
    from runner.model.json_types import Json


def event(number: int = 0, **fields: Json) -> Event:
    return event_of(number, 0.5, "2026-01-01T00:00:00Z", "note", "r", fields)


def numbers(data: bytes) -> list[int]:
    """The numbers of the events in these whole lines."""
    assert data == b"" or data.endswith(b"\n")
    return [json.loads(line)["seq"] for line in data.splitlines()]


class Warned:
    """Takes what is said."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, text: str) -> None:
        self.texts.append(text)


@pytest.fixture
def warned() -> Warned:
    return Warned()


def test_an_event_is_one_flat_object_and_text_stays_text(tmp_path: Path, warned: Warned) -> None:
    lines = JsonLines(open_events(str(tmp_path / "events")), warned)

    lines.tell(event(3, text="é\n한", count=2, processes=["a"]))
    lines.close()

    assert (tmp_path / "events").read_text(encoding="utf-8") == (
        '{"v": 1, "seq": 3, "time": "2026-01-01T00:00:00Z", "t": 0.5, "event": "note", "run": "r", '
        '"about": null, "process": null, "text": "é\\n한", "job": null, "count": 2, "processes": ["a"], '
        '"repeats": null}\n'
    )
    assert warned.texts == []


def test_half_a_character_is_written_so_that_a_reader_gets_it_back(tmp_path: Path, warned: Warned) -> None:
    lines = JsonLines(open_events(str(tmp_path / "events")), warned)

    lines.tell(event(text="a\udc80b"))
    lines.close()

    assert json.loads((tmp_path / "events").read_bytes())["text"] == "a\udc80b"


def test_the_first_event_after_a_rest_is_written_at_once_and_others_at_the_next(tmp_path: Path, warned: Warned) -> None:
    path = tmp_path / "events"
    lines = JsonLines(open_events(str(path)), warned)
    seen = []

    for number in range(3):
        lines.tell(event(number))
        seen.append(numbers(path.read_bytes()))
    lines.rest()
    seen.append(numbers(path.read_bytes()))
    lines.tell(event(3))
    lines.tell(event(4))
    seen.append(numbers(path.read_bytes()))
    lines.close()
    seen.append(numbers(path.read_bytes()))

    assert seen == [[0], [0], [0], [0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3, 4]]


def test_a_rest_without_an_event_writes_nothing(tmp_path: Path, warned: Warned) -> None:
    lines = JsonLines(open_events(str(tmp_path / "events")), warned)

    lines.rest()
    lines.close()

    assert (tmp_path / "events").read_bytes() == b""
    assert warned.texts == []


def test_a_file_of_before_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / "events").write_text("what was there before\n" * 9)

    os.close(open_events(str(tmp_path / "events")))

    assert (tmp_path / "events").read_bytes() == b""


@pytest.mark.parametrize("place", ["", "nowhere/events"])
def test_what_cannot_be_opened_is_an_error_of_the_system(place: str, tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"Is a directory|No such file"):
        open_events(str(tmp_path / place))


def test_a_minus_is_a_stdout_of_our_own(capfd: pytest.CaptureFixture[str], warned: Warned) -> None:
    lines = JsonLines(open_events("-"), warned)

    lines.tell(event(1))
    lines.close()
    os.write(1, b"still open\n")

    first, second = capfd.readouterr().out.splitlines()
    assert (json.loads(first)["seq"], second) == (1, "still open")


class Room:
    """A file system that has room for so many bytes; `os.writev` in its place."""

    def __init__(self, room: int, number: int = errno.ENOSPC, text: str = "No space left on device") -> None:
        self.room = room
        self._error = (number, text)

    def __call__(self, descriptor: int, pieces: list[bytes]) -> int:
        if not self.room:
            raise OSError(*self._error)
        written = os.write(descriptor, b"".join(pieces)[: self.room])
        self.room -= written
        return written


SIZE = len(json.dumps(event().to_json())) + 1
"""Of one line in bytes, if the event's number has one digit."""


@pytest.mark.parametrize(
    ("room", "kept", "missing"), [(1, 0, 3), (SIZE, 1, 2), (2 * SIZE - 1, 1, 2), (2 * SIZE + 1, 2, 1)]
)
def test_of_lines_written_together_those_that_were_whole_stay_and_the_others_are_counted(
    room: int, kept: int, missing: int, tmp_path: Path, warned: Warned, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "events"
    lines = JsonLines(open_events(str(path)), warned)
    lines.tell(event(0))
    for number in (1, 2, 3):
        lines.tell(event(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, "writev", Room(room))
        lines.rest()
    lines.tell(event(9))
    lines.close()

    assert numbers(path.read_bytes()) == [*range(kept + 1), 9]
    assert warned.texts == [
        "events cannot be written: no space left on device; the run goes on",
        f"{missing} event{' is' if missing == 1 else 's are'} missing from the events file",
    ]


def test_half_a_line_that_is_in_a_pipe_stays_there_and_is_counted(
    warned: Warned, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, write = os.pipe()
    lines = JsonLines(write, warned)

    with monkeypatch.context() as patch:
        patch.setattr(os, "writev", Room(SIZE // 2))
        lines.tell(event())
    lines.close()

    assert len(os.read(read, 1000)) == SIZE // 2
    os.close(read)
    assert warned.texts[1:] == ["1 event is missing from the events file"]


def test_a_write_that_takes_some_of_it_goes_on_with_the_rest(
    tmp_path: Path, warned: Warned, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = JsonLines(open_events(str(tmp_path / "events")), warned)

    with monkeypatch.context() as patch:
        patch.setattr(os, "writev", lambda descriptor, pieces: os.write(descriptor, pieces[0][:7]))
        lines.tell(event(1))
        lines.tell(event(2))
        lines.rest()
    lines.close()

    assert numbers((tmp_path / "events").read_bytes()) == [1, 2]
    assert warned.texts == []


def test_an_error_without_words_of_the_systems_is_told_as_it_is(
    tmp_path: Path, warned: Warned, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: int, __: list[bytes]) -> int:
        raise OSError("Odd")

    lines = JsonLines(open_events(str(tmp_path / "events")), warned)

    with monkeypatch.context() as patch:
        patch.setattr(os, "writev", fails)
        lines.tell(event())
    lines.close()

    assert warned.texts[0] == "events cannot be written: odd; the run goes on"


def test_when_the_reader_is_gone_it_is_told_once_and_nothing_more_is_written(warned: Warned) -> None:
    read, write = os.pipe()
    os.close(read)
    lines = JsonLines(write, warned)

    for number in range(3):
        lines.tell(event(number))
        lines.rest()
    lines.close()

    assert warned.texts == [
        "events cannot be written: broken pipe; the run goes on",
        "3 events are missing from the events file",
    ]


def test_who_wants_to_know_of_a_reader_that_is_gone_is_told_in_place_of_a_warning(warned: Warned) -> None:
    read, write = os.pipe()
    os.close(read)
    gone: list[bool] = []
    lines = JsonLines(write, warned, lambda: gone.append(True))

    for number in range(3):
        lines.tell(event(number))
        lines.rest()
    lines.close()

    assert (gone, warned.texts) == ([True], [])


def test_a_full_disk_is_no_reader_that_is_gone(warned: Warned) -> None:
    gone: list[bool] = []
    lines = JsonLines(os.open("/dev/full", os.O_WRONLY), warned, lambda: gone.append(True))

    lines.tell(event())
    lines.tell(event())
    lines.close()

    assert gone == []
    assert warned.texts == [
        "events cannot be written: no space left on device; the run goes on",
        "2 events are missing from the events file",
    ]


def test_closing_closes_the_descriptor_once_and_for_all(tmp_path: Path, warned: Warned) -> None:
    descriptor = open_events(str(tmp_path / "events"))

    JsonLines(descriptor, warned).close()

    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_a_pipe_that_does_not_block_and_is_full_gets_every_event_all_the_same(warned: Warned) -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    got: list[bytes] = []

    def take() -> None:
        while data := os.read(read, 4096):
            got.append(data)

    reader = threading.Thread(target=take)
    lines = JsonLines(write, warned)
    for number in range(2000):
        lines.tell(event(number))
    reader.start()
    lines.close()
    reader.join()
    os.close(read)

    assert numbers(b"".join(got)) == list(range(2000))
    assert warned.texts == []


def test_an_event_is_a_whole_line_of_json_that_only_the_user_can_read(tmp_path: Path) -> None:
    path = tmp_path / "events"
    lines = JsonLines(open_events(str(path)), lambda _: None)

    lines.tell(event(text="한글"))
    lines.close()

    (line,) = path.read_text().splitlines()
    assert json.loads(line)["text"] == "한글"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "other")

    with pytest.raises(OSError, match="symbolic links"):
        open_events(str(tmp_path / "link"))
    assert not (tmp_path / "other").exists()


def test_a_full_disk_is_said_once_and_counted() -> None:
    said: list[str] = []
    lines = JsonLines(os.open("/dev/full", os.O_WRONLY), said.append)

    for _ in range(3):
        lines.tell(event())
    lines.close()

    assert said == [
        "events cannot be written: no space left on device; the run goes on",
        "3 events are missing from the events file",
    ]
