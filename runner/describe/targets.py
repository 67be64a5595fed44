"""Import paths: `package.module:name`, `package.module.name`, or the name of a built-in worker."""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import TYPE_CHECKING

from runner.describe.suggestions import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable

BUILT_IN = "runner.workers"


class BadTarget(ValueError):
    """Not an import path; `help` says what to write."""

    def __init__(self, message: str, help: str | None) -> None:
        super().__init__(message)
        self.help = help


@lru_cache(maxsize=1024)
def normalized_target(text: str) -> str:
    """The target as `package.module:name`; without a module it is a built-in worker. Raises `BadTarget`."""
    text = text.removeprefix(f"{BUILT_IN}:")
    if ":" in text or "." in text:
        return _normalized(text, "package.module:function")
    names = built_in_names()
    if text not in names:
        help = suggestion(text, names, "built-in workers")
        raise BadTarget(
            f"there is no built-in worker `{text}`", f"{help}\na function of yours is written module:function"
        )
    return f"{BUILT_IN}:{text}"


def normalized_class(text: str) -> str:
    """The class as `package.module:Class`. Raises `BadTarget`."""
    if ":" not in text and "." not in text:
        raise BadTarget(f"`{text}` names no module", f"write package.module:{text or 'Class'}")
    return _normalized(text, "package.module:Class")


def built_in_names() -> tuple[str, ...]:
    """The names of the built-in workers."""
    return tuple(importlib.import_module(BUILT_IN).__all__)


def built_in(text: str) -> Callable[..., object] | None:
    """The built-in worker that a target names, with or without its module."""
    workers = importlib.import_module(BUILT_IN)
    name = text.removeprefix(f"{BUILT_IN}:")
    worker: Callable[..., object] | None = getattr(workers, name) if name in workers.__all__ else None
    return worker


def _normalized(text: str, form: str) -> str:
    if "/" in text or text.endswith(".py") or ".py:" in text:
        written = text.rpartition("/")[2].replace(".py", "", 1)
        module, _, name = written.partition(":")
        raise BadTarget(f"`{text}` is a file, not a module", f"write {module}:{name or 'function'}")
    module, colon, name = text.partition(":")
    if not colon:
        module, _, name = text.rpartition(".")
    if not (_is_dotted(module) and _is_dotted(name)):
        raise BadTarget(f"`{text}` is not an import path", f"write {form}")
    return f"{module}:{name}"


def _is_dotted(text: str) -> bool:
    return all(part.isidentifier() for part in text.split("."))
