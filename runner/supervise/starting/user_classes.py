"""Create a process from a user's `Process` subclass."""

from __future__ import annotations

import os
from multiprocessing.process import BaseProcess

from runner.model.arguments import resolve
from runner.supervise.child.calls import find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.model.plan import ProcessPlan
    from runner.supervise.tracing.handles import Handle


NO_RUN = "has no `run` of its own and no target: its process would do nothing"
NO_INIT = "does not call `super().__init__()` in its `__init__`, which makes it a process"


class UnusableClass(Exception):
    """An object of the class is not a process that does anything; the text, which follows the class's name, says what
    it lacks."""


def construct(
    plan: ProcessPlan, cls: str, handles: Mapping[str, Handle], launch: Callable[[BaseProcess], object]
) -> BaseProcess:
    """Return an object of this class, with the plan's name; its `start` will call `launch`.

    Raise what the class raises, `UnusableClass`, and `TypeError` if the object is not a process or its end cannot be
    detected.
    """

    def look_up(name: str) -> object:
        return os.getpid() if name == "pid" else handles[name].bind()

    args = [resolve(arg, look_up) for arg in plan.args]
    kwargs = {key: resolve(value, look_up) for key, value in plan.kwargs.items()}
    made = _made(find(cls), args, kwargs)
    if not isinstance(made, BaseProcess):
        raise TypeError(f"{cls} makes a {type(made).__name__}, not a multiprocessing.Process")
    if not _is_initialized(made):
        raise UnusableClass(NO_INIT)
    if getattr(made.run, "__func__", None) is BaseProcess.run and made._target is None:  # type: ignore[attr-defined]  # there is no public way
        raise UnusableClass(NO_RUN)
    try:
        made.run = made.run  # type: ignore[method-assign]  # `child.wrap_run` will put another in its place
        # A class of its own context (`get_context("fork").Process`) has a `_Popen` of its own.
        made._Popen = launch  # type: ignore[attr-defined]  # there is no public way
    except AttributeError:
        raise TypeError("its `run` cannot be set, which is needed to see how it ends") from None
    made.name, made.daemon = plan.name, plan.daemon
    return made


def starts_by_user_code(process: BaseProcess, start_method: str) -> bool:
    """Return whether a start runs code of the class: its own `start`, or code that pickles its objects."""
    return start_method != "fork" or getattr(process.start, "__func__", None) is not BaseProcess.start


def _made(cls: Callable[..., object], args: list[object], kwargs: dict[str, object]) -> object:
    try:
        return cls(*args, **kwargs)
    except AttributeError as error:  # `Process.__init__` would have set them
        if isinstance(error.obj, BaseProcess) and not _is_initialized(error.obj):
            raise UnusableClass(NO_INIT) from None
        raise


def _is_initialized(process: BaseProcess) -> bool:
    """Return whether `Process.__init__` has been called."""
    return hasattr(process, "_identity")
