"""What a target leaves for the end of its process."""

from __future__ import annotations

import atexit
import contextlib
import functools
import io
import json
import logging
import logging.handlers
import os
import socket
import sys
import tempfile
import weakref
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from runner.supervise.child import end_records, messages, skipped_cleanup
from runner.supervise.child.skipped_cleanup import Exiting, unwritten

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[list[Any]]:
    found: list[list[Any]] = []
    monkeypatch.setattr(messages, "tell", lambda text: found.append(json.loads(text)))
    return found


@pytest.fixture(autouse=True)
def _nothing_at_leaving(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(end_records, "before_leaving", None)


def leave() -> None:
    """Do what a process does right before it leaves."""
    assert end_records.before_leaving is not None
    end_records.before_leaving()


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is registered with atexit, which nothing calls."""
    functions: list[Any] = []

    def register(function: Any, *_: object, **__: object) -> Any:
        functions.append(function)
        return function

    monkeypatch.setattr(atexit, "register", register)
    monkeypatch.setattr(atexit, "unregister", functions.remove)
    return functions


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    made = ModuleType("targets_of_this_test")
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made


def save() -> None:
    """Something to call at the end."""


def code_of(module: str, file: str, text: str) -> Callable[..., Any]:
    """A function of another module."""
    names: dict[str, Any] = {"__name__": module, "atexit": atexit, "save": save}
    exec(compile(f"def act():\n {text}", file, "exec"), names)
    made: Callable[..., Any] = names["act"]
    return made


def test_functions_that_are_registered_are_told_with_their_names(heard: list[Any], registered: list[Any]) -> None:
    with Exiting("no_such_module"):
        assert atexit.register(save) is save
        atexit.register(functools.partial(save))
        atexit.register(print, "saved")
        atexit.unregister(print)

    assert heard == [["left_for_exit", ["save", "partial"]]]
    registered[-1]()
    assert heard[1:] == [["exit_functions_run"]]


@pytest.mark.parametrize(
    ("module", "file"),
    [("logging", "/lib/logging.py"), ("torch", "/x/site-packages/torch.py"), ("runner.workers", "/runner/workers.py")],
)
def test_functions_that_libraries_register_are_not(
    module: str, file: str, heard: list[Any], registered: list[Any]
) -> None:
    with Exiting("no_such_module"):
        code_of(module, file, "atexit.register(save)")()

    assert heard == []
    assert registered == [save]


def test_afterwards_atexit_is_as_it_was(registered: list[Any]) -> None:
    before = atexit.register, atexit.unregister

    with pytest.raises(LookupError), Exiting("no_such_module"):
        raise LookupError

    assert (atexit.register, atexit.unregister) == before


def test_open_files_with_data_are_told_when_the_process_leaves(
    heard: list[Any], module: ModuleType, tmp_path: Path
) -> None:
    with (tmp_path / "old.txt").open("w") as old, contextlib.ExitStack() as later:
        old.write("before the target")
        module.old = old  # type: ignore[attr-defined]  # that is what is tested
        with Exiting(module.__name__):
            later.enter_context((tmp_path / "new.txt").open("w")).write("by the target")

        assert heard == []
        leave()
        assert heard == [["unwritten", [str(tmp_path / "new.txt")]]]


class Owner:
    """What a finalizer belongs to."""


def test_finalizers_that_wait_for_the_exit_are_told_when_the_process_leaves(heard: list[Any]) -> None:
    owner, other = Owner(), Owner()
    known = weakref.finalize(owner, save)
    with Exiting("no_such_module"):
        made = [weakref.finalize(owner, save), weakref.finalize(owner, print), weakref.finalize(other, save)]
        made.append(weakref.finalize(owner, pytest.fail))  # a package's
        made.append(weakref.finalize(owner, messages.report_lives_on))
        never = weakref.finalize(owner, save)
        never.atexit = False
    del other

    assert heard == []
    leave()
    owner_name = f"{__name__}.Owner"
    calling = [f"`weakref.finalize` of a {owner_name} calling {name}" for name in (f"{__name__}.save", "print")]
    assert heard == [["unfinalized", calling, []]]
    for each in (known, never, *made):
        each.detach()


def test_folders_that_only_the_exit_would_remove_are_told(heard: list[Any]) -> None:
    with Exiting("no_such_module"):
        kept, removed = tempfile.TemporaryDirectory(), tempfile.TemporaryDirectory()
        os.rmdir(removed.name)

    leave()
    assert heard == [["unfinalized", [], [kept.name]]]
    kept.cleanup()
    removed.cleanup()


def test_a_file_that_is_closed_before_the_process_leaves_is_not_told(heard: list[Any], tmp_path: Path) -> None:
    with Exiting("no_such_module"):
        returned = (tmp_path / "returned.txt").open("w")
        returned.write("x")
    returned.close()

    leave()
    assert heard == []


def test_without_a_free_descriptor_only_the_module_is_looked_through(
    heard: list[Any], module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> int:
        raise OSError

    with (tmp_path / "kept.txt").open("w") as kept, (tmp_path / "other.txt").open("w") as other:
        module.kept = kept  # type: ignore[attr-defined]  # that is what is tested
        monkeypatch.setattr(os, "dup", fail)
        with Exiting(module.__name__):
            kept.write("x")
            other.write("x")

        leave()
        assert heard == [["unwritten", [str(tmp_path / "kept.txt")]]]


@pytest.mark.parametrize(
    ("mode", "size"),
    [("r", 3), ("r", -1), ("r+", 3), ("r+", -1)],
)
def test_text_that_was_read_is_no_data_that_was_not_written(mode: str, size: int, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("one\ntwo\n")
    with file.open(mode) as opened:
        opened.read(size)

        assert unwritten([opened]) == []


def test_what_was_written_after_reading_is_held(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("one\ntwo\n")
    with file.open("r+") as opened:
        opened.readline()
        opened.seek(0, os.SEEK_END)
        opened.write("x")

        assert unwritten([opened]) == [str(file)]


def test_text_that_came_over_a_socket_is_no_data_that_was_not_written() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("rw") as file:
        theirs.sendall(b"one\ntwo\n")
        file.readline()

        assert unwritten([file]) == []


def test_of_a_file_that_is_written_by_the_line_only_the_rest_is_held(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w", buffering=1) as file:
        file.write("x\n")
        assert unwritten([file]) == []
        file.write("y")
        assert unwritten([file]) == [str(tmp_path / "file")]


def test_a_file_without_its_descriptor_holds_nothing_that_its_end_would_write(tmp_path: Path) -> None:
    file = (tmp_path / "file").open("w")
    file.write("x")
    os.close(file.fileno())

    assert unwritten([file]) == []
    with pytest.raises(OSError, match="Bad file descriptor"):
        file.close()


def test_a_file_that_has_only_a_number_is_called_a_descriptor(tmp_path: Path) -> None:
    number = os.open(tmp_path / "file", os.O_WRONLY | os.O_CREAT)
    with open(number, "w") as file:
        file.write("x")

        assert unwritten([file]) == [f"descriptor {number}"]


def test_a_file_holds_data_until_it_is_flushed(tmp_path: Path) -> None:
    names = ["a", "b", "c", "d", "e"]
    paths = [tmp_path / name for name in names]
    with contextlib.ExitStack() as stack:
        text, ends = (stack.enter_context(paths[place].open("w", newline="\n")) for place in (0, 3))
        binary, both = (stack.enter_context(paths[place].open("w+b")) for place in (1, 2))
        large = stack.enter_context(paths[4].open("w", buffering=100))
        files = [text, binary, both, ends, large, 7]
        assert unwritten(files) == []
        text.write("x")
        binary.write(b"x")
        both.write(b"x")
        ends.write("x\n")
        large.write("x" * 9_000 + "y")
        assert unwritten([*files, text.buffer]) == [str(path) for path in paths if path.name != "e"]
        for file in (text, binary, both, ends, large):
            file.flush()
        assert unwritten(files) == []
    assert unwritten(files) == []


def test_what_has_no_place_or_no_buffer_holds_nothing_that_is_known() -> None:
    read, write = os.pipe()
    with os.fdopen(write, "wb") as pipe:
        pipe.write(b"x")
        detached = io.TextIOWrapper(io.BytesIO())
        detached.detach()

        assert unwritten([pipe, io.TextIOWrapper(io.BytesIO()), detached]) == []
    os.close(read)


def test_a_file_that_has_been_detached_holds_nothing(tmp_path: Path) -> None:
    with open(tmp_path / "file", "w") as file:
        text = io.TextIOWrapper(file.buffer)
        text.detach()

        assert unwritten([text]) == []


def test_where_a_detached_file_refuses_to_be_asked_it_has_no_buffer() -> None:
    class Detached:
        @property
        def buffer(self) -> object:
            raise ValueError("underlying buffer has been detached")  # as from 3.14 on

    assert skipped_cleanup._buffer_of(Detached()) is None


class Batches(logging.Handler):
    """Keeps records in a list of its own until it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def close(self) -> None:
        self.records.clear()
        super().close()


class Kept(Batches):
    """Keeps them whatever is done, for a test that looks at them."""

    close = logging.Handler.close


class Several(logging.Handler):
    """Passes records on to several handlers at once."""

    def __init__(self) -> None:
        super().__init__()
        self.handlers = [logging.NullHandler(), logging.NullHandler()]

    def emit(self, record: logging.LogRecord) -> None:
        for handler in self.handlers:
            handler.handle(record)

    def close(self) -> None:
        for handler in self.handlers:
            handler.close()
        super().close()


def memory(**settings: Any) -> logging.handlers.MemoryHandler:
    """A handler that keeps records in its buffer."""
    return logging.handlers.MemoryHandler(100, **settings)


@pytest.mark.parametrize(
    ("make", "told_of"),
    [
        (lambda: memory(target=logging.NullHandler()), "MemoryHandler (2 records)"),
        (memory, None),
        (lambda: memory(target=logging.NullHandler(), flushOnClose=False), None),
        (Batches, "Batches (2 records)"),
        (Kept, None),
        (Several, None),
        (logging.NullHandler, None),
        (lambda: logging.StreamHandler(io.StringIO()), None),
    ],
)
@pytest.mark.usefixtures("registered")
def test_records_that_a_handler_of_logging_still_holds_are_told(
    make: Callable[[], logging.Handler], told_of: str | None, heard: list[list[Any]]
) -> None:
    record = logging.makeLogRecord({"msg": "x", "levelno": logging.INFO})
    with Exiting("m"):
        handler = make()
        for _ in range(2):
            handler.handle(record)

    leave()

    assert heard == ([["unwritten", [f"the logging handler {told_of}"]]] if told_of else [])
    handler.close()


@pytest.mark.usefixtures("registered")
def test_records_that_were_there_before_are_those_of_the_process_that_has_forked(heard: list[list[Any]]) -> None:
    handler = memory(target=logging.NullHandler())
    handler.set_name("mails")
    handler.handle(logging.makeLogRecord({"msg": "x", "levelno": logging.INFO}))
    with Exiting("m"):
        pass
    leave()
    assert heard == []

    with Exiting("m"):
        handler.handle(logging.makeLogRecord({"msg": "y", "levelno": logging.INFO}))
    leave()

    assert heard == [["unwritten", ["the logging handler mails (2 records)"]]]
    handler.close()


class Unwilling(logging.Handler):
    """Raises when its buffer is asked how much it holds."""

    class Buffer:
        def __len__(self) -> int:
            raise RuntimeError("not now")

    def __init__(self) -> None:
        super().__init__()
        self.buffer = Unwilling.Buffer()

    def emit(self, record: logging.LogRecord) -> None:
        pass


@pytest.mark.usefixtures("registered")
def test_a_handler_that_fails_over_the_question_hides_no_other_one(heard: list[list[Any]]) -> None:
    unwilling, other = Unwilling(), memory(target=logging.NullHandler())
    with Exiting("m"):
        other.handle(logging.makeLogRecord({"msg": "x", "levelno": logging.INFO}))

    leave()

    assert heard == [["unwritten", ["the logging handler MemoryHandler (1 record)"]]]
    for each in (unwilling, other):
        each.close()


@pytest.mark.usefixtures("registered")
def test_without_logging_there_are_no_records(heard: list[list[Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "logging")

    with Exiting("m"):
        pass
    leave()

    assert heard == []
