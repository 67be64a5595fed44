"""Build each child's context from the plan: its work, descriptors, variables and shared things."""

from __future__ import annotations

import os

from runner.link.line_times import line_reporters
from runner.model.arguments import references
from runner.model.plan import Act
from runner.supervise.child.calls import OURS, call_of
from runner.supervise.child.context import ChildContext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.model.plan import Plan, ProcessPlan
    from runner.supervise.sharing.things import SharedThings
    from runner.supervise.tracing.handles import Handle
    from runner.system.signals import Signals


class ChildContexts:
    """The contexts of the planned processes, by their numbers, and the context of main's helper."""

    def __init__(
        self,
        plan: Plan,
        shared: SharedThings,
        *,
        records: int,
        lifeline: int,
        line_times: int,
        open_files: tuple[int, int] | None,
        signals: Signals,
        first_steps: memoryview | None,
    ) -> None:
        """`records` and `line_times` are write ends of pipes, `lifeline` is a read end.

        `first_steps` is that of `own_memory`, for forked children.
        """
        self._plan = plan
        self._shared = shared
        self._records = records
        self._lifeline = lifeline
        self._line_times = line_times
        self._tellers = frozenset(line_reporters(plan))
        self._open_files = open_files
        self._signals = signals
        self._first_steps = first_steps
        self._pid = os.getpid()

    def of(self, number: int) -> ChildContext:
        """Return the context of a planned process."""
        plan = self._plan.processes[number]
        things = self._used_by([*plan.args, *plan.kwargs.values(), *(plan.do or ())])
        around = ChildContext(
            number=number,
            work=self._call(number, plan, things),
            records=self._records,
            alive=self._lifeline,
            env=plan.env,
            cwd=plan.cwd,
            open_files=self._open_files,
            parent=None if self._plan.start_method == "forkserver" else self._pid,
            unwinds=plan.on_terminate == "unwind",
            things=things,
            tells=self._plan.start_method != "fork" or bool(things) or not (plan.target or "").startswith(OURS),
            limits=plan.limits.given() if plan.limits is not None else None,
            line_times=self._line_times_of(number),
        )
        around.first_steps = self._first_steps
        around.handlers = self._signals.handlers_of_imports
        return around

    def of_main(self, private: int) -> ChildContext | None:
        """Return the context of main's helper; None if main does nothing with shared things.

        `private` are the descriptors, as bits, that the helper inherits and has to close.
        """
        steps = [step.step for step in self._plan.steps if isinstance(step, Act)]
        if not steps:
            return None
        main = self._shared.main
        return ChildContext(
            number=main,
            work=None,
            records=self._records,
            alive=self._lifeline,
            env={},
            cwd=None,
            open_files=self._open_files,
            parent=self._pid,
            unwinds=False,
            things=self._used_by([*steps]),
            tells=True,
            line_times=self._line_times_of(main),
            private=private,
        )

    def _call(self, number: int, plan: ProcessPlan, things: dict[str, Handle]) -> Callable[[], object] | None:
        if plan.do is not None:
            from runner.supervise.child.steps import Steps

            return Steps(plan.do, things, position=self._shared.position(number))
        if plan.target is None:
            return None
        return call_of(plan.target, plan.args, plan.kwargs, things)

    def _used_by(self, values: list[object]) -> dict[str, Handle]:
        """Return the shared things that these arguments or steps name."""
        if not self._shared.handles:
            return {}
        used = references(values)
        return {name: handle for name, handle in self._shared.handles.items() if name in used}

    def _line_times_of(self, number: int) -> int:
        return self._line_times if number in self._tellers else -1
