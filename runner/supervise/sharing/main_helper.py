"""The helper process that performs main's steps on shared things, because the supervisor must never block.

The supervisor does main's other steps itself. It forks the helper before the first start. The helper owns what main
acquires, and lives until the end of the run. Steps and answers are sent over pipes, as lines of JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import sys

from runner.model.safe_repr import error_of, text_of
from runner.model.sys_exit import exit_status
from runner.supervise.child import first_code
from runner.supervise.mp.forking import fork
from runner.supervise.mp.std_streams import flush_streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from runner.model.json_types import Error, StepData
    from runner.supervise.child.context import ChildContext
    from runner.supervise.child.frame import Frame
    from runner.system.signals import Signals

_READ = 1 << 16
PATIENCE_S = 1.0
"""The time for the helper to write the items in the buffers of queues."""


class MainHelper:
    """The supervisor's side of the helper; `answers` becomes readable when a step is done."""

    def __init__(self, around: ChildContext, signals: Signals) -> None:
        """Fork the helper. `around` has main's number and the things that main uses; raise `OSError` if the fork
        fails."""
        requests, self._requests = os.pipe()
        self.answers, answers = os.pipe()
        around.stdout, around.stderr = os.dup(1), os.dup(2)
        around.private |= 1 << self._requests | 1 << self.answers
        flush_streams()
        signals.block_stops()
        try:
            self.pid = fork()
            if self.pid == 0:
                _live(around, requests, answers)
        finally:
            signals.take()
            for end in (requests, answers, around.stdout, around.stderr):
                os.close(end)
        self._heard = b""
        self.has_ended = False
        """Whether the helper has ended and will answer nothing more."""
        self._is_busy = False

    def do(self, step: StepData) -> None:
        """Have the helper do a step; only one at a time, so that the pipe is never full."""
        with contextlib.suppress(BrokenPipeError):  # it has ended, which `hear` will tell
            os.write(self._requests, json.dumps(step).encode() + b"\n")
        self._is_busy = True

    def hear(self) -> tuple[int | None, Error | None] | None:
        """Return main's exit code after the step and the exception that it raised; None if the answer is incomplete."""
        data = os.read(self.answers, _READ)
        if not data:
            self.has_ended = True
            message = "the process that does main's steps on shared things has ended"
            return None, {"type": "RuntimeError", "message": message, "traceback": None}
        self._heard += data
        if not self._heard.endswith(b"\n"):
            return None
        answer, self._heard = json.loads(self._heard), b""
        self._is_busy = False
        return answer["exit_code"], answer["error"]

    @property
    def descriptors(self) -> tuple[int, int]:
        """The descriptors that a forked child inherits and has to close."""
        return self._requests, self.answers

    def let_end(self) -> None:
        """Let the helper end by itself and send the items that it has put into queues; block for a second at most,
        unless it waits."""
        os.close(self._requests)
        if not self._is_busy:
            select.select([self.answers], [], [], PATIENCE_S)
        os.close(self.answers)


def _live(around: ChildContext, requests: int, answers: int) -> NoReturn:
    """Be the helper, to its end."""
    try:
        first_code.prepare(around)
        _work(around, requests, answers)
        from multiprocessing import util

        # The answers stay open until then: their end is the end of the helper.
        util._exit_function()  # type: ignore[attr-defined]  # what is in a queue's buffer is to get into the queue
    finally:
        os._exit(0)


def _work(around: ChildContext, requests: int, answers: int) -> None:
    from runner.supervise.child.frame import Frame
    from runner.supervise.child.steps import MAKERS

    first_code.begin_reporting(around)
    frame = Frame(MAKERS, around.things, {})
    with open(requests, "rb") as lines:
        for line in lines:
            answer = _answer(frame, json.loads(line))
            flush_streams()
            data = json.dumps(answer).encode() + b"\n"
            while data:
                data = data[os.write(answers, data) :]


def _answer(frame: Frame, step: StepData) -> dict[str, object]:
    try:
        frame.sequence([step], "main")()
    except SystemExit as end:
        if end.code is not None and not isinstance(end.code, int):
            print(text_of(end.code), file=sys.stderr)
        return {"exit_code": exit_status(end.code), "error": None}
    except Exception as error:
        return {"exit_code": None, "error": error_of(error)}
    return {"exit_code": None, "error": None}
