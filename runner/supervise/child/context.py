"""The context of a child: its number in the run, its descriptors and its settings from the file.

Children import this module. A forked child inherits the context; for other children it is part of the pickled process,
with descriptors as `Descriptor`.
"""

from __future__ import annotations

import os

from runner.supervise.tracing.descriptor import Descriptor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.supervise.child.relatives import Relatives
    from runner.supervise.tracing.handles import Handle
    from runner.system.signals import Handler


_OF_A_CHILD = frozenset(
    {"exit_functions", "first_steps", "handlers", "leader", "peak_before", "pid", "relatives", "reserve"}
)
"""The attributes that are not pickled: they are set in the child, or exist only in a forked one."""


class ChildContext:
    """The context of one child; `stdout` and `stderr` (pipes) and `private` are set right before its start."""

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
        """The work to do; None for a `Process` subclass, which has its own `run`."""
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
        """The limits of open files to restore; None if they are unchanged."""
        self.parent = parent
        """The supervisor's pid, if it is this process's parent and waits for it; None under forkserver."""
        self.unwinds = unwinds
        self.things = things
        """The shared things that the process uses, by name."""
        self.tells = tells
        """Whether the process sends messages other than its end record."""
        self.limits = limits
        """The limits that the file gives, by their names there."""
        self.line_times = line_times
        """The pipe on which the process reports the times of its lines; -1 if it does not."""
        self.pid = -1
        """The child's own pid, set in the child."""
        self.leader = 0
        """The process that leads the group of a forked child; 0 for a child that has to create one itself."""
        self.handlers: dict[int, Handler] = {}
        """The handlers that imports have set for signals, which a forked child has to set again."""
        self.first_steps: memoryview | None = None
        """Where a forked child stores its peak memory before its first step."""
        self.relatives: Relatives | None = None
        """What multiprocessing has to know about a forked child's relatives; None if multiprocessing's own code
        bootstraps the child."""
        self.peak_before = 0
        """The peak memory, in bytes, of a forkserver's child before its first step; set in the child."""
        self.exit_functions: int | None = None
        """The number of exit functions registered before the target; None in a process that calls none. Set in the
        child."""
        self.reserve: object = None
        """Memory that is released to record the end when a limit leaves no other."""

    @property
    def is_spawned(self) -> bool:
        """Whether the process is an interpreter of its own, started with its own variables."""
        return self.private == 0 and self.parent is not None

    @property
    def is_fresh(self) -> bool:
        """Whether the process runs in a new interpreter, whose start takes long."""
        return self.private == 0

    def __reduce__(self) -> tuple[object, ...]:
        fields = {name: getattr(self, name) for name in self.__slots__ if name not in _OF_A_CHILD}
        names = ("stdout", "stderr", "records", "alive", *(("line_times",) if self.line_times >= 0 else ()))
        travelling = {name: Descriptor(fields[name]) for name in names}
        # Only a forked child inherits the supervisor's own descriptors; the things of a class are pickled with it.
        things = {} if self.work is None else self.things
        return _surround, (fields | {"private": 0, "things": things}, travelling)


def python_path(env: Mapping[str, str]) -> list[str]:
    """Return the folders of `PYTHONPATH`, as an interpreter that starts here would put them on its path."""
    return [os.path.abspath(folder) for folder in env.get("PYTHONPATH", "").split(os.pathsep) if folder]


def _surround(fields: dict[str, object], arrived: dict[str, Descriptor]) -> ChildContext:
    make: Callable[..., ChildContext] = ChildContext
    return make(**fields | {name: descriptor.number for name, descriptor in arrived.items()})
