"""The context of a child: its number in the run, its descriptors and its settings from the file.

Children import this module. Under fork it is simply there; otherwise it travels in the pickled process, descriptors as
`Descriptor`.
"""

from __future__ import annotations

import os

from runner.supervise.tracing.descriptor import Descriptor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from runner.supervise.child.relatives import Relatives
    from runner.supervise.tracing.handles import Handle


_OF_A_CHILD = frozenset(
    {"exit_functions", "first_steps", "handlers", "leader", "peak_before", "pid", "relatives", "reserve"}
)
"""What does not travel: it is known in the child, or only to a forked one."""


class Surroundings:
    """What one child has around it; `stdout` and `stderr` (pipes) and `private` are known right before its start."""

    __slots__ = (
        "alive",
        "cwd",
        "env",
        "exit_functions",
        "first_steps",
        "handlers",
        "leader",
        "limits",
        "line_times",
        "number",
        "open_files",
        "parent",
        "peak_before",
        "pid",
        "private",
        "records",
        "relatives",
        "reserve",
        "stderr",
        "stdout",
        "tells",
        "things",
        "unwinds",
        "work",
    )

    def __init__(
        self,
        *,
        number: int,
        work: Callable[[], object] | None,
        records: int,
        alive: int,
        env: dict[str, str],
        cwd: str | None,
        open_files: tuple[int, int] | None,
        parent: int | None,
        unwinds: bool,
        things: dict[str, Handle],
        tells: bool,
        limits: dict[str, int] | None = None,
        line_times: int = -1,
        stdout: int = -1,
        stderr: int = -1,
        private: int = 0,
    ) -> None:
        self.number = number
        self.work = work
        """What to run; None for a `Process` subclass, which has its own `run`."""
        self.stdout = stdout
        self.stderr = stderr
        self.records = records
        """The pipe on which all children record their ends."""
        self.alive = alive
        """A pipe that ends when the supervisor does."""
        self.private = private
        """The supervisor's own descriptors, as bits, which a forked child inherits and has to close."""
        self.env = env
        self.cwd = cwd
        self.open_files = open_files
        """The limits of open files to go back to; None where they are as they were."""
        self.parent = parent
        """The supervisor's pid, if it is this process's parent and waits for it; None under forkserver."""
        self.unwinds = unwinds
        self.things = things
        """The shared things that it uses, by name."""
        self.tells = tells
        """Whether it tells more of itself than its end."""
        self.limits = limits
        """The limits of the file that are given, by their names there."""
        self.line_times = line_times
        """The pipe on which it tells when it writes its lines; -1 if it does not."""
        self.pid = -1
        """The child's own pid, known there."""
        self.leader = 0
        """The process that leads the group of a forked child; 0 for a child that has to make one itself."""
        self.handlers: dict[int, Any] = {}
        """The handlers that imports have set for signals, which a forked child has to set again."""
        self.first_steps: memoryview | None = None
        """Where a forked child notes its peak of memory before its first step."""
        self.relatives: Relatives | None = None
        """What multiprocessing is to know of its relatives in a forked child; None if its own code begins the child."""
        self.peak_before = 0
        """The same of a forkserver's child in bytes, known there."""
        self.exit_functions: int | None = None
        """How many exit functions were registered before the target; None in a process that calls none. Known there."""
        self.reserve: object = None
        """Memory to tell of the end with, when a limit leaves no other."""

    @property
    def is_spawned(self) -> bool:
        """Whether the process is an interpreter of its own, started with its variables."""
        return self.private == 0 and self.parent is not None

    @property
    def is_fresh(self) -> bool:
        """Whether the process is one of an interpreter that was not there before: it has taken long to start."""
        return self.private == 0

    def __reduce__(self) -> tuple[object, ...]:
        fields = {name: getattr(self, name) for name in self.__slots__ if name not in _OF_A_CHILD}
        names = ("stdout", "stderr", "records", "alive", *(("line_times",) if self.line_times >= 0 else ()))
        travelling = {name: Descriptor(fields[name]) for name in names}
        # Only a forked child inherits the supervisor's own descriptors; a class's things travel with it.
        things = {} if self.work is None else self.things
        return _surround, (fields | {"private": 0, "things": things}, travelling)


def python_path(env: Mapping[str, str]) -> list[str]:
    """The folders of `PYTHONPATH`, as an interpreter that starts here would put them on its path."""
    return [os.path.abspath(folder) for folder in env.get("PYTHONPATH", "").split(os.pathsep) if folder]


def _surround(fields: dict[str, Any], arrived: dict[str, Descriptor]) -> Surroundings:
    return Surroundings(**fields | {name: descriptor.number for name, descriptor in arrived.items()})
