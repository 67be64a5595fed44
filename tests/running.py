"""Runs the text of a file, as if it lay in a folder of the tests."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import runner
from runner.describe.plan.planning import describe
from runner.model.results import Recorder
from runner.session import Session
from tests.seeing import PROC

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runner import Event, Plan, RunResult
    from runner.model.json_types import Json


COMMAND = [sys.executable, "-m", "runner"]
COLOR = re.compile(r"\x1b\[[0-9;]*m")
"""What a terminal shows as a color."""


def prepared(setting: str, command: Sequence[str]) -> list[str]:
    """The command, run after this setting of the shell, `ulimit -c 0` for example.

    `preexec_fn` would fork this process, which may have threads.
    """
    return ["sh", "-c", f'{setting}; exec "$@"', "sh", *command]


def written(folder: Path, text: str) -> Path:
    """A file with this text in this folder."""
    file = folder / "jobs.yaml"
    file.write_text(text)
    return file


def plan_of(text: str, folder: Path, start_method: str | None = None) -> Plan:
    """The plan of a file with this text in this folder."""
    file = str(folder / "jobs.yaml")
    return describe(text.encode(), file=file, start_method=start_method, environ=os.environ).plan


def run_text(text: str, folder: Path, start_method: str | None = None) -> RunResult:
    """What a file with this text in this folder comes to."""
    return runner.run(plan_of(text, folder, start_method))


def on_a_terminal(*command: str, once: str = "", touch: Path | None = None) -> tuple[int, str]:
    """The exit status of a command that is run on a terminal, and all that this was sent.

    The file `touch` is made once this text has been shown: a process can wait for that (`targets.wait_for`).
    """
    ours, theirs = pty.openpty()
    env = os.environ | {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
    running = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
            if touch is not None and once in COLOR.sub("", shown.decode(errors="replace")):
                touch.touch()
    except OSError:  # Linux's way to say that a terminal's other end is closed
        pass
    os.close(ours)
    return running.wait(), shown.decode()


def once_ready(run: Callable[[int], RunResult], is_ready: Callable[[RunResult], bool]) -> RunResult:
    """The result of the first run in which a process got ready before its timer ended it.

    `run` receives the duration of the timer in seconds. The timer starts with the process, so on a busy machine it may
    end an interpreter that has not reached the target yet. `is_ready` looks at the precondition, never at the verdict.
    """
    for timer_s in (1, 5, 25):
        result = run(timer_s)
        if is_ready(result):
            return result
    raise AssertionError(f"no process got ready within {timer_s} s")


def run_and_watch(plan: Plan, watch: Callable[[Event], object]) -> RunResult:
    """The result of a run; `watch` is called with each event when it comes."""
    recorder = Recorder(keep_events=True, keep_output=True)
    with Session() as session:
        session.submit(plan)
        for item in session.items():
            if item is not None:
                recorder.add(item)
            if isinstance(item, runner.Event):
                watch(item)
    return recorder.result()


def events(result: RunResult, event: str) -> list[dict[str, Json]]:
    """All events of this kind, as JSON."""
    return [each.to_json() for each in result.events if each.event == event]


def children_of(pid: int) -> list[int]:
    """The pids of a process's children, in the order of their starts."""
    return [int(child) for child in Path(f"{PROC}/{pid}/task/{pid}/children").read_text().split()]


def has_ended(pid: int) -> bool:
    """Whether a process is gone, or a zombie."""
    try:
        with open(f"{PROC}/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


class Running:
    """A run of the command that goes on; `wait_for` reads its stdout up to a text."""

    def __init__(self, *words: str, given: bytes, before: Sequence[str] = ()) -> None:
        """`given` is the file's text, `before` what stands before the command."""
        self.command = subprocess.Popen(
            [*before, *COMMAND, "-", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert self.command.stdin is not None
        self.command.stdin.write(given)
        self.command.stdin.close()
        self.seen = b""

    def wait_for(self, text: bytes, times: int = 1) -> None:
        """Wait until it has printed this, so many times."""
        assert self.command.stdout is not None
        while self.seen.count(text) < times:
            assert select.select([self.command.stdout], [], [], 50)[0], f"only {self.seen!r} came"
            piece = os.read(self.command.stdout.fileno(), 65536)
            assert piece, f"it ended, and only {self.seen!r} came"
            self.seen += piece

    @property
    def supervisor(self) -> int:
        """The supervisor's pid."""
        return children_of(self.command.pid)[0]

    def end(self) -> tuple[int, str]:
        """Its exit status and the rest of what it says."""
        assert self.command.stderr is not None
        assert self.command.stdout is not None
        said = self.command.stderr.read().decode()
        self.command.stdout.close()
        self.command.stderr.close()
        return self.command.wait(), said


def wait_until(fact: Callable[[], bool], *, at_most_s: float = 60) -> None:
    """Wait until this holds, for a minute at most unless told otherwise."""
    deadline = time.monotonic() + at_most_s
    while not fact():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.005)
