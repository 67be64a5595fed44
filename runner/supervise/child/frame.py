"""The frame in which the steps of one process run: variables, things and held locks, and how steps become calls.

Children import this module.
"""

from __future__ import annotations

import os

from runner.model.arguments import resolve
from runner.supervise.child import messages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, TypeAlias

    from runner.model.json_types import Encoded, Ref, StepData
    from runner.model.multiprocessing_protocols import Made
    from runner.supervise.tracing.handles import Handle
    from runner.supervise.tracing.table import Cell

    Run: TypeAlias = Callable[[], object]
    Maker: TypeAlias = Callable[["Frame", StepData, str], Run]
    """Creates the closure of a step; the text is the step's place, for notes on exceptions."""


_OF_NUMBERS = ("multiprocessing.sharedctypes", "ctypes")
"""The modules of the types of a `value` and a `raw_value`."""
_NESTING = {"with", "repeat"}


class Returned(Exception):
    """The step `return`; its argument is the value."""


class Frame:
    """The state that the steps of a process share: variables, things, and the things that they hold."""

    def __init__(
        self,
        makers: Mapping[str, Maker],
        things: dict[str, Handle],
        variables: dict[str, object],
        position: Cell | None = None,
    ) -> None:
        """`makers` create the closure of a step, by the step's name.

        `position` is the cell where the number of a step is stored before it is done (see `releases`).
        """
        self._makers = makers
        self.handles = things
        self.variables = variables
        self._position = position
        self._number = 1
        self.held: tuple[str, ...] = ()
        """The names of the things that are held now."""
        self.added: list[Callable[[], tuple[str, float, set[tuple[str, ...]]]]] = []
        """Called at the end: each returns what was added to a thing, and what was held meanwhile."""

    def sequence(self, steps: Iterable[StepData], path: str) -> Run:
        """Return a closure that does the steps in order; the place of a step is added to what it raises."""
        every = [(step, f"{path}[{place}]") for place, step in enumerate(steps)]
        runs = [self._numbered(step, at) for step, at in every]
        if len(runs) == 1 and every[0][0]["step"] in _NESTING:
            return runs[0]

        def run_all() -> None:
            done = 0
            try:
                for run in runs:
                    run()
                    done += 1
            except Exception as error:
                if not isinstance(error, Returned) and not getattr(error, "__notes__", None):
                    step, at = every[done]
                    error.add_note(f"in the step {at}: {step['step']}")
                raise

        return run_all

    def repeated(self, steps: Iterable[StepData], path: str) -> Run:
        """Return a sequence that is repeated: its steps have no numbers."""
        position, self._position = self._position, None
        try:
            return self.sequence(steps, path)
        finally:
            self._position = position

    def _numbered(self, step: StepData, at: str) -> Run:
        """Return a step that first stores its number, if the position is recorded."""
        cell, number = self._position, self._number
        if cell is None:
            return self._makers[step["step"]](self, step, at)
        self._number += 1
        run = self._makers[step["step"]](self, step, at)

        def run_noted() -> object:
            cell[0] = number
            return run()

        return run_noted

    def value(self, encoded: Encoded) -> Callable[[], Any]:
        """Return a function that returns the value of an argument when it is needed."""
        if not isinstance(encoded, list | dict):
            return lambda: encoded
        if isinstance(encoded, dict) and encoded.keys() == {"ref"} and encoded["ref"] not in self.handles:
            if encoded["ref"] == "pid":
                return os.getpid
            variables, name = self.variables, str(encoded["ref"])
            return lambda: variables[name]
        return lambda: resolve(encoded, self.look_up)

    def look_up(self, name: str) -> object:
        """Return the value of a placeholder: for a shared value its number."""
        if name == "pid":
            return os.getpid()
        found = self.handles[name].bind() if name in self.handles else self.variables[name]
        return getattr(found, "value", found) if type(found).__module__ in _OF_NUMBERS else found

    def keep(self, step: StepData) -> Callable[[object], None]:
        """Return a function that stores a result under the name that `as` gives."""
        name, variables = step.get("as"), self.variables
        if name is None:
            return _nothing

        def keep(value: object) -> None:
            variables[name] = value

        return keep

    def thing(self, named: Ref) -> Made:
        """Return the shared thing that a step names."""
        return self.handles[named["ref"]].bind()

    def report_added(self) -> None:
        """Report what was added to shared things, and what was held each time."""
        sums: dict[str, float] = {}
        guards: dict[str, set[str]] = {}
        for ask in self.added:
            name, amount, held = ask()
            if held:
                sums[name] = sums.get(name, 0) + amount
                every = set.intersection(*map(set, held))
                guards[name] = guards.get(name, every) & every
        for name, amount in sums.items():
            messages.report_added(name, amount, sorted(guards[name]))


def _nothing(_: object = None) -> None:
    """Does nothing."""
