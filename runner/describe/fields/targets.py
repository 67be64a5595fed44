"""Parse import paths: `package.module:name`, `package.module.name` or the name of a built-in worker."""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import TYPE_CHECKING

from runner.describe.yaml.suggestions import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.model.problem_ids import ProblemId

BUILT_IN = "runner.workers"


class BadTarget(ValueError):
    """Not an import path; `help` is what to write, `id` is the kind of the mistake."""

    def __init__(self, message: str, help: str | None, id: ProblemId = "not-an-import-path") -> None:
        super().__init__(message)
        self.help = help
        self.id = id


@lru_cache(maxsize=1024)
def normalized_target(text: str) -> str:
    """Return the target as `package.module:name`; without a module it is a built-in worker. Raise `BadTarget`."""
    text = text.removeprefix(f"{BUILT_IN}:")
    if _is_command(text):
        from runner.describe.other_tools.keys import instead_of_a_command

        raise BadTarget(f"`{text}` is a command, not an import path", instead_of_a_command(text))
    if ":" in text or "." in text:
        return _normalized(text, "package.module:function")
    names = built_in_names()
    if text not in names:
        help = f"{suggestion(text, names, 'built-in workers')}\nfor your own function, write module:function"
        raise BadTarget(f"there is no built-in worker `{text}`", help, "unknown-target")
    return f"{BUILT_IN}:{text}"


def normalized_class(text: str) -> str:
    """Return the class as `package.module:Class`. Raise `BadTarget`."""
    if ":" not in text and "." not in text:
        raise BadTarget(f"`{text}` names no module", f"write package.module:{text or 'Class'}")
    return _normalized(text, "package.module:Class")


def built_in_names() -> tuple[str, ...]:
    """Return the names of the built-in workers."""
    return tuple(importlib.import_module(BUILT_IN).__all__)


def built_in(text: str) -> Callable[..., object] | None:
    """Return the built-in worker that a target names, with or without its module."""
    workers = importlib.import_module(BUILT_IN)
    name = text.removeprefix(f"{BUILT_IN}:")
    worker: Callable[..., object] | None = getattr(workers, name) if name in workers.__all__ else None
    return worker


def _is_command(text: str) -> bool:
    """Return whether the text looks like a shell command: several words, or the path of a program that is not a
    module."""
    words = text.split()
    return len(words) > 1 or (text.startswith(("./", "../", "/", "~")) and ".py" not in text and ":" not in text)


def _normalized(text: str, form: str) -> str:
    if "/" in text or text.endswith(".py") or ".py:" in text:
        raise BadTarget(f"`{text}` is a file, not a module", _instead_of_a_file(text, form.rpartition(":")[2]))
    module, colon, name = text.partition(":")
    if not colon:
        module, _, name = text.rpartition(".")
    if not (_is_dotted(module) and _is_dotted(name)):
        raise BadTarget(f"`{text}` is not an import path", f"write {form}")
    return f"{module}:{name}"


def _instead_of_a_file(text: str, example: str) -> str:
    """Return what to write instead of `folder/module.py:name`: folders that an import path cannot contain must be on
    the path."""
    path, _, name = text.partition(":")
    parts = [part for part in path.removesuffix(".py").split("/") if part != "."]
    if len(parts) > 1 and parts[-1] == "__init__":
        parts.pop()
    named = len(parts) - path.startswith("/")
    while parts[0] and named and parts[named - 1].isidentifier():
        named -= 1
    module = ".".join(parts[named:]) or "module"
    help = f"write {module}:{name or example}"
    return f"{help}, and add the folder {'/'.join(parts[:named]) or '/'} to PYTHONPATH" if named else help


def _is_dotted(text: str) -> bool:
    return all(part.isidentifier() for part in text.split("."))
