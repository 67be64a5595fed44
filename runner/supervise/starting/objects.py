"""The `multiprocessing.Process` objects of a run: created, kept while they are needed, and dropped."""

from __future__ import annotations

import multiprocessing
import multiprocessing.process
from array import array

from runner.model.messages import SAMPLE_NAME, ObjectState
from runner.model.safe_repr import repr_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from multiprocessing.process import BaseProcess

    from runner.model.plan import Plan
    from runner.supervise.core.life import LifeId
    from runner.supervise.tracing.handles import Handle

_counter = multiprocessing.process._process_counter  # type: ignore[attr-defined]  # there is no public way


class Objects:
    """The objects by the numbers of their processes.

    Those of a user's class are there from the beginning, as in a program's main. The others are there from their starts
    on: before, they would take memory, whose page tables each fork copies. An ended process has none.
    """

    def __init__(self, plan: Plan, handles: Mapping[str, Handle], launch: Callable[[BaseProcess], object]) -> None:
        """`launch` is called in place of `Popen` by objects of a user's class."""
        self._plan = plan
        self._handles = handles
        self._launch = launch
        self._kept: dict[int, BaseProcess] = {}
        self._identities = array("Q")
        """The numbers that multiprocessing gave the objects, in the order of the plan."""
        self._dropped = bytearray(len(plan.processes))
        """1 for each process that has ended. More than that would stay in memory that forks copy."""
        self._by_user_code: set[int] = set()
        """Processes whose start runs code of their class here, which may not come back."""

    def create(self, number: int) -> None:
        """Create an object; a class is imported and constructed here."""
        plan = self._plan.processes[number]
        if plan.cls is None:
            self._identities.append(next(_counter))
            return
        from runner.supervise.starting.user_classes import construct, starts_by_user_code

        process = self._kept[number] = construct(plan, plan.cls, self._handles, self._launch)
        self._identities.append(0)
        if starts_by_user_code(process, self._plan.start_method):
            self._by_user_code.add(number)

    def _plain(self, number: int) -> BaseProcess:
        """Return a new object of no class of the user's."""
        plan = self._plan.processes[number]
        return multiprocessing.Process(name=plan.name, daemon=plan.daemon or None)

    def _get(self, number: int) -> BaseProcess:
        process = self._kept.get(number)
        if process is None:
            process = self._plain(number)
            process._identity = (self._identities[number],)  # there is no public way
        return process

    def take(self, number: int) -> BaseProcess:
        """Return the object of a process that is about to be started, and keep it."""
        process = self._kept[number] = self._get(number)
        return process

    def drop(self, number: int) -> None:
        """Forget the object of a process that has ended."""
        del self._kept[number]
        self._dropped[number] = 1

    def reprs(self) -> tuple[tuple[str, ...], dict[str, str]]:
        """Return samples of plain objects as `multiprocessing` shows them before their starts, and the reprs of others.

        See `messages.Begun`. To create each plain object for its repr would leave gaps in memory that forks copy.
        """
        samples = [multiprocessing.Process(name=SAMPLE_NAME, daemon=daemon or None) for daemon in (False, True)]
        return tuple(map(repr_of, samples)), {str(number): repr_of(each) for number, each in self._kept.items()}

    def repr(self, number: int) -> str:
        """Return how `multiprocessing` shows the object of a process now; it must not be dropped."""
        return repr_of(self._get(number))

    def state(self, number: int, *, alive: bool) -> ObjectState | None:
        """Return an object as `multiprocessing` shows it; None if it is dropped."""
        if self._dropped[number]:
            return None
        process = self._get(number)
        # Not asked of the process itself, whose class is the user's code.
        popen = process._popen  # type: ignore[attr-defined]  # there is no public way
        if popen is None:
            return ObjectState(None, "initial", alive=False, exit_code=None, repr=repr_of(process))
        return ObjectState(popen.pid, "started" if alive else "stopped", alive, popen.returncode, repr_of(process))

    def row_of(self, lives: Sequence[LifeId]) -> Sequence[LifeId]:
        """Return the first of these lives that can be started in a row.

        A process that is started by code of its class is a row of its own: everything before it has been reported, and
        what that code did (it may end the resource tracker) is seen before the next start.
        """
        if self._by_user_code:
            for place, life in enumerate(lives):
                if life.process in self._by_user_code:
                    return lives[: max(place, 1)]
        return lives

    def is_started_by_user_code(self, number: int) -> bool:
        """Return whether code of the process's class runs here when it is started."""
        return number in self._by_user_code
