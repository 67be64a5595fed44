"""The built-in workers, expressed as equivalent steps.

Each function has the parameters of the worker with its name in `runner.workers`; arguments are encoded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.export.code.step_traversal import Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.model.json_types import Encoded

_NAME: Encoded = {"ref": "$name"}


def _noop() -> list[Statement]:
    return []


def _say(*words: Encoded) -> list[Statement]:
    return [{"step": "say", "values": list(words)}]


def _report(seconds: Encoded = 0, before: Encoded = None, after: Encoded = None) -> list[Statement]:
    lines: list[Encoded] = [
        {"text": ["Starting: ", _NAME]} if before is None else before,
        {"text": ["Exiting : ", _NAME]} if after is None else after,
    ]
    first, last = (Statement(step="print", value=line) for line in lines)
    return [first, *(_sleep(seconds) if seconds else []), last]


def _sleep(seconds: Encoded = 1) -> list[Statement]:
    return [{"step": "sleep", "seconds": seconds}]


def _spin(seconds: Encoded = 1) -> list[Statement]:
    return [{"step": "spin", "seconds": seconds}]


def _allocate(mebibytes: Encoded = 100, seconds: Encoded = 0) -> list[Statement]:
    return [{"step": "allocate", "mebibytes": mebibytes}, *(_sleep(seconds) if seconds else [])]


def _heartbeat(every: Encoded = 1, times: Encoded = None) -> list[Statement]:
    line: Encoded = {"text": [_NAME, ": beat ", {"ref": "beat"}]}
    return [{"step": "beat", "times": times, "do": [{"step": "print", "value": line}, *_sleep(every)]}]


def _fail(message: Encoded = "There was an error!") -> list[Statement]:
    return [{"step": "raise", "exception": "RuntimeError", "message": message}]


def _exit_with(code: Encoded = 0) -> list[Statement]:
    return [{"step": "exit", "value": code}]


def _exit_at_once(code: Encoded = 0) -> list[Statement]:
    return [{"step": "leave", "value": code}]


def _return_value(value: Encoded = 1) -> list[Statement]:
    return [{"step": "return", "value": value}]


def _crash() -> list[Statement]:
    return [{"step": "crash", "signal": "SIGSEGV"}]


def _abort() -> list[Statement]:
    return [{"step": "crash", "signal": "SIGABRT"}]


def _ignore_sigterm(seconds: Encoded = 60) -> list[Statement]:
    line: Encoded = {"text": [_NAME, " ignores SIGTERM"]}
    return [{"step": "ignore", "signal": "SIGTERM"}, {"step": "print", "value": line}, *_sleep(seconds)]


WORKERS: Mapping[str, Callable[..., list[Statement]]] = {
    "abort": _abort,
    "allocate": _allocate,
    "crash": _crash,
    "exit_at_once": _exit_at_once,
    "exit_with": _exit_with,
    "fail": _fail,
    "heartbeat": _heartbeat,
    "ignore_sigterm": _ignore_sigterm,
    "noop": _noop,
    "report": _report,
    "return_value": _return_value,
    "say": _say,
    "sleep": _sleep,
    "spin": _spin,
}
"""The steps of each worker."""
