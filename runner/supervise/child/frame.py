"""The state that the steps of one process share: variables, shared things and held locks.

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

    from runner.supervise.tracing.handles import Handle
    from runner.supervise.tracing.table import Cell

    StepData: TypeAlias = dict[str, Any]
    Run: TypeAlias = Callable[[], object]
    Maker: TypeAlias = Callable[["Frame", StepData, str], Run]
    """Makes the closure of a step; the text is its place, for what is said of an exception."""


_OF_NUMBERS = ("multiprocessing.sharedctypes", "ctypes")
"""The modules of what a `value` and a `raw_value` are."""
_NESTING = {"with", "repeat"}


class Returned(Exception):
    """The step `return`; its argument is the value."""


class Frame:
    """What the steps of a process share: variables, things, and what they hold."""

    def __init__(
        self,
        makers: Mapping[str, Maker],
        things: dict[str, Handle],
        variables: dict[str, object],
        position: Cell | None = None,
    ) -> None:
        """`makers` make the closure of a step, by its name.

        `position` is the cell where the number of a step is noted before it is done (see `releases`).
        """
        self._makers = makers
        self.handles = things
        self.variables = variables
        self._position = position
        self._number = 1
        self.held: tuple[str, ...] = ()
        """The names of what is held now."""
        self.added: list[Callable[[], tuple[str, float, set[tuple[str, ...]]]]] = []
        """Asked in the end: what was added to a thing, and what was held at that."""

    def sequence(self, steps: Iterable[StepData], path: str) -> Run:
        """One after the other; what is raised says in which step."""
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
        """A sequence that is done more than once: its steps have no numbers."""
        position, self._position = self._position, None
        try:
            return self.sequence(steps, path)
        finally:
            self._position = position

    def _numbered(self, step: StepData, at: str) -> Run:
        """A step that first notes its number, where that is of interest."""
        cell, number = self._position, self._number
        if cell is None:
            return self._makers[step["step"]](self, step, at)
        self._number += 1
        run = self._makers[step["step"]](self, step, at)

        def run_noted() -> object:
            cell[0] = number
            return run()

        return run_noted

    def value(self, encoded: Any) -> Callable[[], Any]:
        """What gives the value of an argument, when it is needed."""
        if not isinstance(encoded, list | dict):
            return lambda: encoded
        if isinstance(encoded, dict) and encoded.keys() == {"ref"} and encoded["ref"] not in self.handles:
            if encoded["ref"] == "pid":
                return os.getpid
            variables, name = self.variables, encoded["ref"]
            return lambda: variables[name]
        return lambda: resolve(encoded, self.look_up)

    def look_up(self, name: str) -> object:
        """What a placeholder stands for: of a shared value the number."""
        if name == "pid":
            return os.getpid()
        found = self.handles[name].bind() if name in self.handles else self.variables[name]
        return getattr(found, "value", found) if type(found).__module__ in _OF_NUMBERS else found

    def keep(self, step: StepData) -> Callable[[object], None]:
        """What puts a result under the name that `as` gives."""
        name, variables = step.get("as"), self.variables
        if name is None:
            return _nothing

        def keep(value: object) -> None:
            variables[name] = value

        return keep

    def name_of(self, step: StepData, key: str = "thing") -> str:
        """The name of the shared thing that a step is about."""
        name: str = step[key]["ref"]
        return name

    def thing(self, step: StepData, key: str = "thing") -> Any:
        """The shared thing that a step is about."""
        return self.handles[self.name_of(step, key)].bind()

    def tell_added(self) -> None:
        """Tell what was added to shared things, and what was held whenever it was."""
        sums: dict[str, float] = {}
        guards: dict[str, set[str]] = {}
        for ask in self.added:
            name, amount, held = ask()
            if held:
                sums[name] = sums.get(name, 0) + amount
                every = set.intersection(*map(set, held))
                guards[name] = guards.get(name, every) & every
        for name, amount in sums.items():
            messages.tell_added(name, amount, sorted(guards[name]))


def _nothing(_: object = None) -> None:
    """Does nothing."""
