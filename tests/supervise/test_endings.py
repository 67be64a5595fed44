"""The pipe on which children record their ends, whatever else a target may write there."""

from __future__ import annotations

import json
import os
import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from runner.supervise.child.end_records import (
    RECORD_CHUNK,
    EndRecords,
    record_exception,
    record_leaving,
    record_return,
    tell,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from runner.model.json_types import EndRecord


class Pipe:
    """The common pipe, and one child that writes there."""

    def __init__(self) -> None:
        self.read, self.write = os.pipe()
        os.set_blocking(self.read, False)
        self.endings = EndRecords()

    def around(self, number: int) -> Any:
        return SimpleNamespace(number=number, pid=os.getpid(), parent=os.getppid(), records=self.write)

    def taken(self, number: int) -> EndRecord:
        self.endings.read(self.read)
        return self.endings.take(number)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    os.close(made.read)
    os.close(made.write)


def test_a_record_is_taken_once_and_by_its_process(pipe: Pipe) -> None:
    record_return(pipe.around(3), None)
    record_return(pipe.around(12), 7)

    assert pipe.taken(12) == {"ended_by": "return", "returned": "7", "result": 7}
    assert pipe.taken(3) == {"ended_by": "return"}
    assert pipe.taken(3) == {}


def test_a_long_record_is_put_together(pipe: Pipe) -> None:
    record_exception(pipe.around(1), ValueError("x" * 3 * RECORD_CHUNK))
    record_return(pipe.around(2), None)

    assert pipe.taken(1)["error"]["message"] == "x" * 3 * RECORD_CHUNK
    assert pipe.taken(2) == {"ended_by": "return"}


@pytest.mark.parametrize(
    "junk",
    [
        b"junk",
        b"junk\n",
        b"1.0.5\n",
        b"1.[]\n",
        b"1.{}\n",
        b'1.{"ended_by": "magic"}\n',
        b'1.{"ended_by": []}\n',
        b"1." + b"[" * 100_000 + b"\n",
        b"0.5\n",
        b"+\n.\n1\n1.\n1.\xff\n",
        b"1+more to come\n",
    ],
)
def test_what_is_no_record_is_dropped_and_hides_none(junk: bytes, pipe: Pipe) -> None:
    os.set_blocking(pipe.write, True)
    for start in range(0, len(junk), 4096):
        os.write(pipe.write, junk[start : start + 4096])
        pipe.endings.read(pipe.read)
    record_return(pipe.around(2), None)

    assert pipe.taken(2) == {"ended_by": "return"}
    assert pipe.taken(1) == pipe.taken(0) == {}


def test_what_a_process_left_unfinished_is_forgotten_with_it(pipe: Pipe) -> None:
    os.write(pipe.write, b'1+{"ended_by":\n')

    assert pipe.taken(1) == {}
    os.write(pipe.write, b'1."return"}\n')
    assert pipe.taken(1) == {}


def test_what_is_no_end_is_told_in_order_each_with_who_tells_it(pipe: Pipe) -> None:
    tell(pipe.around(3), '["waiting",1]')
    tell(pipe.around(12), '["acquired",1]')
    record_return(pipe.around(3), None)
    tell(pipe.around(3), '["released",1]')

    assert pipe.taken(3) == {"ended_by": "return"}
    assert pipe.endings.take_messages() == [(3, ["waiting", 1]), (12, ["acquired", 1]), (3, ["released", 1])]
    assert pipe.endings.take_messages() == []


def test_what_is_long_to_tell_is_put_together_though_others_speak_in_between(pipe: Pipe) -> None:
    names = ["x" * 100] * 3 * (RECORD_CHUNK // 100)
    long = json.dumps(["globals", "m", names]).encode()

    os.write(pipe.write, b"1&" + long[:RECORD_CHUNK] + b"\n")
    tell(pipe.around(2), '["drawn",7]')
    os.write(pipe.write, b"1!" + long[RECORD_CHUNK:] + b"\n")
    tell(pipe.around(1), long.decode())

    assert pipe.taken(1) == {}
    said = ["globals", "m", names]
    assert pipe.endings.take_messages() == [(2, ["drawn", 7]), (1, said), (1, said)]


@pytest.mark.parametrize(
    "junk", [b"1!\n", b"1!{}\n", b"1![]\n", b"1!7\n", b"1!nothing\n", b"!\n", b"1!" + b"[" * 9_000 + b"\n"]
)
def test_what_is_nothing_to_hear_is_dropped(junk: bytes, pipe: Pipe) -> None:
    os.write(pipe.write, junk)
    tell(pipe.around(2), '["drawn",7]')

    assert pipe.taken(1) == {}
    assert pipe.endings.take_messages() == [(2, ["drawn", 7])]


def test_who_tells_what_is_no_end_has_not_ended(pipe: Pipe) -> None:
    tell(pipe.around(1), '["drawn",7]')
    assert pipe.taken(1) == {}

    record_return(pipe.around(1), None)

    assert pipe.taken(1) == {"ended_by": "return"}


def test_a_record_is_json_in_lines(pipe: Pipe) -> None:
    record_return(pipe.around(5), 1)

    head, _, body = os.read(pipe.read, 4096).strip().partition(b".")
    assert (head, json.loads(body)) == (b"5", {"ended_by": "return", "returned": "1", "result": 1})


@pytest.mark.parametrize(
    ("value", "result"),
    [([1, {"a": None}], [1, {"a": None}]), ("x" * 30_000, "x" * 30_000), ((1, 2), None), ("x" * 33_000, None)],
)
def test_the_returned_value_is_recorded_where_json_gives_it_back(pipe: Pipe, value: object, result: object) -> None:
    os.set_blocking(pipe.write, False)
    record_return(pipe.around(1), value)

    record = pipe.taken(1)
    assert (record["returned"], record.get("result")) == (repr(value)[:200], result)


def test_an_exception_is_told_though_nothing_can_be_imported_any_more(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "traceback", None)
    try:
        int("x")
    except ValueError as error:
        record_exception(pipe.around(1), error)

    told = pipe.taken(1)["error"]
    _, frame, last = str(told["traceback"]).splitlines()
    assert frame.startswith(f'  File "{__file__}", line ')
    assert last == f"ValueError: {told['message']}"


def test_the_moment_of_leaving_comes_with_the_record(pipe: Pipe) -> None:
    before = time.monotonic()
    record_return(pipe.around(1), None)
    record_leaving(pipe.around(1))

    taken = pipe.taken(1)

    assert before - 1e-6 <= taken.pop("left_at") <= time.monotonic() + 1e-6
    assert taken == {"ended_by": "return"}
    assert pipe.taken(1) == {}


@pytest.mark.parametrize("junk", [b"1@\n", b"1@soon\n", b"1@1.0.0\n", b"@5\n"])
def test_what_is_no_moment_is_dropped(junk: bytes, pipe: Pipe) -> None:
    os.write(pipe.write, junk)

    assert pipe.taken(1) == {}
