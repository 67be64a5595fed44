"""Run user code in the supervisor before the start: the imports that a plan preloads, and constructors of classes."""

from __future__ import annotations

import contextlib
import importlib
import sys

from runner.model.messages import Refusal
from runner.model.safe_repr import text_of
from runner.supervise.imports.guardian import guarded
from runner.supervise.imports.stop_during_import import Interrupted, interruptible
from runner.supervise.starting.refusals import refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.link.wire import ToFront
    from runner.model.plan import Plan
    from runner.supervise.imports.own_descriptors import OwnDescriptors
    from runner.supervise.imports.supervisor_exit import LeftRunning
    from runner.supervise.starting.objects import Objects


def preload(plan: Plan, link: ToFront, left_running: LeftRunning, own: OwnDescriptors) -> list[Refusal]:
    """Import what the plan preloads; return a refusal if an import fails."""
    sys.stdin = sys.__stdin__  # as in a child
    try:
        for module in plan.preload:
            own.announce(module)
            with guarded(), interruptible(link), left_running.noted(module):
                try:
                    importlib.import_module(module)
                finally:
                    own.check("preload", module)
    except Interrupted:
        raise
    except BaseException as error:
        message = f"`{module}` cannot be imported: {type(error).__name__}: {text_of(error)}"
        return [refusal("preload", message, id="import-fails")]
    finally:
        sys.stdin = None
    return []


def create(
    plan: Plan, objects: Objects, link: ToFront, left_running: LeftRunning, own: OwnDescriptors
) -> list[Refusal]:
    """Create the Process objects; return a refusal if an object of a class cannot be created."""
    has_classes = any(process.cls is not None for process in plan.processes)
    with guarded() if has_classes else contextlib.nullcontext():
        return _create_all(plan, objects, link, left_running, own)


def _create_all(
    plan: Plan, objects: Objects, link: ToFront, left_running: LeftRunning, own: OwnDescriptors
) -> list[Refusal]:
    for number, process in enumerate(plan.processes):
        if process.cls is None:
            objects.create(number)
            continue
        try:
            own.announce(process.cls)
            with interruptible(link), left_running.noted(process.cls.partition(":")[0]):
                try:
                    objects.create(number)
                finally:
                    own.check("class", process.cls, number)
        except Interrupted:
            raise
        except BaseException as error:
            return [Refusal(number, "class", _why_not_made(process.cls, error), None, "unusable-target")]
    return []


def _why_not_made(cls: str, error: BaseException) -> str:
    from runner.supervise.starting.user_classes import UnusableClass

    if isinstance(error, UnusableClass):
        return f"`{cls}` {error}"
    return f"`{cls}` cannot be made: {type(error).__name__}: {text_of(error)}"
