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

    from runner.model.arguments import Encoded
    from runner.supervise.tracing.handles import Handle


OURS = ("runner.workers:", "runner.jobtypes.counting:count")
"""How the import paths of this package's own targets begin: they are imported by the supervisor, once."""

_PLAIN = (bool, int, float, str, bytes, tuple, list, dict, set)


class Call:
    """The call of a target: an import path, imported only in the child, or one that needs no import."""

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
        """Import the target, fill in what is known only now, and call it."""
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
            return observed(target, lambda: come_to(target(*args, **kwargs)))

    def filled_in(self) -> tuple[list[Any], dict[str, Any]]:
        """The arguments, with what is known now in the place of what is referred to."""
        args = [resolve(arg, self._look_up) for arg in self.args] if self.args else []
        return args, {key: resolve(value, self._look_up) for key, value in self.kwargs.items()} if self.kwargs else {}

    def _look_up(self, name: str) -> object:
        if name == "pid":
            return os.getpid()
        return self.things[name].bind()


def call_of(
    target: str, args: tuple[Encoded, ...], kwargs: dict[str, Encoded], things: dict[str, Handle]
) -> Callable[[], object]:
    """What calls a target in a child; what can be found out here is.

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


def come_to(returned: object) -> object:
    """What a target comes to that returned this: a coroutine is run first."""
    if returned is None or type(returned) in _PLAIN:
        return returned
    from runner.supervise.child.coroutines import run_out

    return run_out(returned)


def find(target: str) -> Any:
    """The object that an import path `package.module:name.name` leads to."""
    module, _, path = target.partition(":")
    found: Any = sys.modules.get(module) or import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    return found
