"""A model of conditions as `multiprocessing.synchronize` implements them: three counters and a lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.explore.guards import Guard
from runner.explore.machine import BLOCKED, Label, Wait

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.explore.code import Code
    from runner.explore.machine import Cells, Layout


class Condition:
    """A condition: the number of sleepers, the number of woken ones, and the wake-up permits that were released.

    Whichever sleeper comes first takes a permit. One that is killed while it sleeps still counts.
    """

    def __init__(self, layout: Layout, name: str, *, thing: str, recursive: bool = True) -> None:
        self.guard = Guard(layout, name, recursive=recursive)
        self._thing = thing
        self._sleeping = layout.cell(0)
        self._woken = layout.cell(0)
        self._permits = layout.cell(0)

    def wait(self, code: Code, keep: Callable[[Cells, object], None], timeout: float | None) -> None:
        """Add the actions of the step `wait`, which needs the lock."""
        self._check_owner(code)
        self.sleep(code, timeout, keep=keep)

    def notify(self, code: Code, count: int | None) -> None:
        """Add the actions of the steps `notify` and `notify_all`, which need the lock."""
        self._check_owner(code)
        self.wake(code, count)

    def _check_owner(self, code: Code) -> None:
        held, failure = self.guard.held_by(code), code.failure
        code.do(lambda cells: None if cells[held] else failure, local=True)

    def sleep(
        self,
        code: Code,
        timeout: float | None,
        *,
        keep: Callable[[Cells, object], None] | None = None,
        wait: Wait | None = None,
        again: Wait | None = None,
    ) -> None:
        """Add the actions of `Condition.wait`: release the whole depth, take a permit, count as awake, reacquire.

        A timeout and its consequence are two actions: a notify in between counts a sleeper that takes no permit.
        """
        held, saved, guard = self.guard.held_by(code), code.register, self.guard

        def fall_asleep(cells: Cells) -> None:
            cells[self._sleeping] += 1

        def release(cells: Cells) -> None:
            cells[saved] = cells[held]
            cells[held] = 0
            cells[guard.free] = 1

        def take_permit(cells: Cells) -> Label | None:
            if not cells[self._permits]:
                return BLOCKED
            cells[self._permits] -= 1
            if keep is not None:
                keep(cells, True)
            return None

        def give_up(cells: Cells) -> None:
            if keep is not None:
                keep(cells, False)

        def wake(cells: Cells) -> None:
            cells[self._woken] += 1

        def reacquire(cells: Cells) -> Label | None:
            if not cells[guard.free]:
                return BLOCKED
            cells[guard.free] = 0
            cells[held], cells[saved] = cells[saved], 0
            return None

        code.do(fall_asleep, glued=True)
        code.do(release, glued=True)
        late = None if timeout is None else give_up
        code.do(take_permit, wait=wait or Wait("wait", self._thing), late=late)
        code.do(wake, glued=timeout is None)
        code.do(reacquire, wait=again or Wait("acquire", self._thing))

    def wake(self, code: Code, count: int | None) -> None:
        """Add the actions of `Condition.notify`: forget those that woke by themselves, release permits, wait until they
        are taken.

        `count` is the most to wake, None for all. The lock is held the whole time.
        """
        given = code.register
        give_again = Label()

        def subtract(cells: Cells) -> None:
            cells[self._sleeping] -= cells[self._woken]
            cells[self._woken] = 0

        def give(cells: Cells) -> Label | None:
            if cells[self._sleeping] and (count is None or cells[given] < count):
                cells[self._sleeping] -= 1
                cells[self._permits] += 1
                cells[given] += 1
                return give_again
            return None

        def see_them_awake(cells: Cells) -> Label | None:
            if cells[given]:
                if cells[self._woken] < cells[given]:
                    return BLOCKED
                cells[self._woken] -= cells[given]
                cells[self._permits] = 0
                cells[given] = 0
            return None

        code.do(subtract, glued=True)
        code.place(give_again)
        code.do(give, glued=True)
        code.do(see_them_awake, wait=Wait("notify", self._thing), glued=True)
