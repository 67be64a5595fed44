"""Import a target by its path, and call it with arguments that are known only in the child."""

from __future__ import annotations

import os
import sys
from functools import partial
from importlib import import_module

from runner.model.arguments import references, resolve
from runner.system.clock import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from runner.model.json_types import Encoded
    from runner.supervise.tracing.handles import Handle


OURS = ("runner.workers:", "runner.jobtypes.counting:count")
"""The import paths of this package's own targets begin like this: the supervisor imports them, once."""

_PLAIN = (bool, int, float, str, bytes, tuple, list, dict, set)


class Call:
    """The call of a target: an import path, imported only in the child, or an object that needs no import."""

    __slots__ = ("args", "kwargs", "target", "things")

    def __init__(
        self,
        target: str | Callable[..., object],
        args: tuple[Encoded, ...],
        kwargs: dict[str, Encoded],
        things: dict[str, Handle],
    ) -> None:
        self.target = target
        self.args = args
        self.kwargs = kwargs
        self.things = things

    def __reduce__(self) -> tuple[object, ...]:
        return Call, (self.target, self.args, self.kwargs, self.things)

    def __call__(self) -> object:
        """Import the target, insert the values that are known only now, and call it."""
        if not isinstance(self.target, str):
            args, kwargs = self.filled_in()
            return self.target(*args, **kwargs)
        from runner.supervise.child import messages
        from runner.supervise.child.observing import observed
        from runner.supervise.child.skipped_cleanup import Exiting

        with Exiting(self.target.partition(":")[0]):
            target = find(self.target)
            args, kwargs = self.filled_in()
            if messages.began:
                messages.began = monotonic()  # the import is part of the start
            return observed(target, lambda: completed_result(target(*args, **kwargs)))

    def filled_in(self) -> tuple[list[object], dict[str, object]]:
        """Return the arguments, with references replaced by values that are known now."""
        args = [resolve(arg, self._look_up) for arg in self.args] if self.args else []
        return args, {key: resolve(value, self._look_up) for key, value in self.kwargs.items()} if self.kwargs else {}

    def _look_up(self, name: str) -> object:
        if name == "pid":
            return os.getpid()
        return self.things[name].bind()


def call_of(
    target: str, args: tuple[Encoded, ...], kwargs: dict[str, Encoded], things: dict[str, Handle]
) -> Callable[[], object]:
    """Return the call of a target in a child; everything that can be resolved before the fork is resolved here.

    Each function that a forked child calls costs it two pages.
    """
    if not target.startswith(OURS):
        return Call(target, args, kwargs, things)
    found = find(target)
    call = Call(found, args, kwargs, things)
    if references([*args, *kwargs.values()]):
        return call
    known_args, known_kwargs = call.filled_in()
    return partial(found, *known_args, **known_kwargs)


def completed_result(returned: object) -> object:
    """Return the result of a target that returned this value: a coroutine is run first."""
    if returned is None or type(returned) in _PLAIN:
        return returned
    from runner.supervise.child.coroutines import run_awaitable

    return run_awaitable(returned)


def find(target: str) -> Any:
    """Return the object that an import path `package.module:name.name` refers to."""
    module, _, path = target.partition(":")
    found: object = sys.modules.get(module) or import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    return found
