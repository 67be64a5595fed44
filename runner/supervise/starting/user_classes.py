"""Create a process from a user's `Process` subclass."""

from __future__ import annotations

import os
from multiprocessing.process import BaseProcess

from runner.model.arguments import resolve
from runner.supervise.child.calls import find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from runner.model.plan import ProcessPlan
    from runner.supervise.tracing.handles import Handle


NO_RUN = "has no `run` of its own and no target: its process would do nothing"
NO_INIT = "does not call `super().__init__()` in its `__init__`, which makes it a process"


class NotToBeStarted(Exception):
    """An object of the class is no process that does anything; what the class lacks is said behind its name."""


def construct(
    plan: ProcessPlan, cls: str, handles: Mapping[str, Handle], launch: Callable[[BaseProcess], Any]
) -> BaseProcess:
    """The object of this class, with the plan's name; `launch` is what its `start` is to call.

    Raises what the class does, `NotToBeStarted`, and `TypeError` for what is no process or cannot be seen to end.
    """

    def look_up(name: str) -> object:
        return os.getpid() if name == "pid" else handles[name].bind()

    args = [resolve(arg, look_up) for arg in plan.args]
    kwargs = {key: resolve(value, look_up) for key, value in plan.kwargs.items()}
    made = _made(find(cls), args, kwargs)
    if not isinstance(made, BaseProcess):
        raise TypeError(f"{cls} makes a {type(made).__name__}, not a multiprocessing.Process")
    if not _is_initialized(made):
        raise NotToBeStarted(NO_INIT)
    if getattr(made.run, "__func__", None) is BaseProcess.run and made._target is None:  # type: ignore[attr-defined]  # there is no public way
        raise NotToBeStarted(NO_RUN)
    try:
        made.run = made.run  # type: ignore[method-assign]  # `child.take_over` will put another in its place
        # A class of a context's own (`get_context("fork").Process`) has a `_Popen` of its own.
        made._Popen = launch  # type: ignore[attr-defined]  # there is no public way
    except AttributeError:
        raise TypeError("its `run` cannot be set, which is needed to see how it ends") from None
    made.name, made.daemon = plan.name, plan.daemon
    return made


def starts_by_user_code(process: BaseProcess, start_method: str) -> bool:
    """Return whether a start runs code of the class: its own `start`, or what pickles its objects."""
    return start_method != "fork" or getattr(process.start, "__func__", None) is not BaseProcess.start


def _made(cls: Any, args: list[Any], kwargs: dict[str, Any]) -> object:
    try:
        return cls(*args, **kwargs)
    except AttributeError as error:  # what `Process.__init__` would have set
        if isinstance(error.obj, BaseProcess) and not _is_initialized(error.obj):
            raise NotToBeStarted(NO_INIT) from None
        raise


def _is_initialized(process: BaseProcess) -> bool:
    """Whether `Process.__init__` has been called."""
    return hasattr(process, "_identity")
