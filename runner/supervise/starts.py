"""Start rows of lives, and make facts of what has come of each attempt."""

from __future__ import annotations

from runner.model import messages
from runner.supervise.core.facts import Postponed, Started, StartFailed
from runner.supervise.imports.guardian import guarded
from runner.supervise.starting.refusals import start_error
from runner.supervise.starting.started_process import NotStarted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runner.link.wire import ToFront
    from runner.supervise.core.facts import Fact
    from runner.supervise.core.life import LifeId
    from runner.supervise.starting import started_process
    from runner.supervise.starting.pauses import PauseCheck
    from runner.supervise.starting.processes import Processes
    from runner.supervise.starting.reaping import Ends


class Starts:
    """The starts of one run."""

    def __init__(self, processes: Processes, link: ToFront, interruptions: PauseCheck, ends: Ends) -> None:
        self._processes = processes
        self._link = link
        self._interruptions = interruptions
        self._ends = ends
        self._outputs: dict[int, tuple[int, int]] = {}

    def start(self, lives: Sequence[LifeId], now: float) -> Iterator[tuple[Fact, float]]:
        """Start a row of lives, or the first of it; yield a fact for each attempt, with its moment."""
        attempted = self._attempt(self._processes.objects.row_of(lives), now)
        for attempt in attempted:
            life = attempt.life
            if isinstance(attempt, NotStarted):
                again = isinstance(attempt.error, BlockingIOError)
                yield StartFailed(life, start_error(attempt.error), again), attempt.at
            else:
                self._outputs[life.process] = attempt.outputs
                self._ends.watch(life, now)
                yield Started(life, *self._processes.identity(life.process)), attempt.at
        if len(attempted) < len(lives):
            yield Postponed(), now

    def take_outputs(self, process: int) -> tuple[int, int]:
        """Return the read ends of stdout and stderr of a process that has been started, for the front."""
        return self._outputs.pop(process)

    def _attempt(self, lives: Sequence[LifeId], now: float) -> list[started_process.Started | NotStarted]:
        """Start a row; code of the user may run here in its first start, and may not come back."""
        if not self._processes.objects.is_started_by_user_code(lives[0].process):
            return self._attempt_row(lives, now)
        self._link.send(messages.StartBegun(lives[0].process))
        self._link.flush()  # the front must know which processes were started before
        with guarded():
            return self._attempt_row(lives, now)

    def _attempt_row(self, lives: Sequence[LifeId], now: float) -> list[started_process.Started | NotStarted]:
        return self._processes.start(lives, self._link.unsent, self._interruptions.row(lives, now))
