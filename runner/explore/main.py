"""A model of main as one more process that starts, joins and stops the others and uses shared things."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from runner.explore.code import Code
from runner.explore.machine import BLOCKED, UNSTARTED, Wait
from runner.model.events import MAIN_PROCESS
from runner.model.plan import Act, Join, Kill, Start, Terminate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.explore.machine import Cells, Label, Layout, Run, State
    from runner.explore.steps import Steps
    from runner.model.plan import Plan


class MainCode(Code):
    """Main's program. Its end sends SIGTERM to the daemons; what it has put and what it owns remains."""

    def __init__(self, layout: Layout, number: int, daemons: Sequence[Code]) -> None:
        super().__init__(layout, number, MAIN_PROCESS, end_is_local=not daemons)
        layout.initial[self.position] = 0
        self.joins: dict[int, list[Code]] = {}
        """The processes that main joins in an action, by its position."""
        self._terminate_daemons = _dooming(daemons, signal.SIGTERM)

    def can_feed(self, state: State) -> bool:
        """Return True: what main has put is sent even after its end."""
        return True

    def _end(self, exit_code: int | None) -> None:
        self.do(self._dying(exit_code), local=self.end_is_local)

    def die(self, cells: Cells, exit_code: int) -> None:
        """End main, which has done its steps or has exited."""
        self.forget_all(cells)
        cells[self.end] = (exit_code, (), ())
        self._terminate_daemons(cells)


def add_main(plan: Plan, main: MainCode, codes: Sequence[Code], steps: Steps) -> None:
    """Add the actions of main; `codes` are those of the processes."""
    joined: list[int] = []
    for step in plan.steps:
        if isinstance(step, Join) and step.timeout is None:
            joined.append(step.process)
            continue
        _join_all(main, codes, joined)
        joined = []
        match step:
            case Start(process):
                is_ending = plan.processes[process].terminate_after or plan.processes[process].timeout
                main.do(_starting(codes[process], (signal.SIGTERM,) if is_ending else ()), local=True)
            case Join(process):
                code = codes[process]
                main.do(_joining([code]), wait=Wait("join", code.name), late=lambda _: None)
            case Terminate(process):
                main.do(_dooming([codes[process]], signal.SIGTERM))
            case Kill(process):
                main.do(_dooming([codes[process]], signal.SIGKILL))
            case Act(act):
                steps.add(act)
    _join_all(main, codes, joined)


def _join_all(main: MainCode, codes: Sequence[Code], joined: list[int]) -> None:
    """Join the processes at once: the order of their ends makes no difference to any process."""
    if joined:
        awaited = [codes[process] for process in joined]
        main.joins[len(main.actions)] = awaited
        main.do(_joining(awaited), wait=Wait("join", ""), local=True)


def _joining(awaited: list[Code]) -> Run:
    cells_ = [code.end for code in awaited]

    def join(cells: Cells) -> Label | None:
        return BLOCKED if any(cells[cell] is None for cell in cells_) else None

    return join


def _starting(code: Code, doom: tuple[int, ...]) -> Run:
    def start(cells: Cells) -> None:
        cells[code.position] = 0
        cells[code.doom] = doom

    return start


def _dooming(codes: Sequence[Code], number: int) -> Run:
    """Send a signal; it does not affect a process that has ended or was never started."""

    def doom(cells: Cells) -> None:
        for code in codes:
            if cells[code.position] != UNSTARTED and cells[code.end] is None and number not in cells[code.doom]:
                cells[code.doom] = tuple(sorted((*cells[code.doom], number)))

    return doom
