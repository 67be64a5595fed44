"""Who died with a permit: found by what each process noted of itself, and by what nobody has any more."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol, TypeAlias

    class Guards(Protocol):
        """What is asked of the shared things."""

        def marked(self, process: int) -> list[str]:
            """The guards of which a process has a permit, or was about to have one."""

        def missing(self, guard: str, dead: int) -> tuple[int, bool]:
            """How many permits nobody has any more, and whether that is certain."""

        def clear_marks(self, guard: str, process: int) -> None:
            """Forget what a dead process noted."""

    Found: TypeAlias = tuple[int, str]
    """A process, and the guard of which it died with a permit."""


class Lost:
    """Permits that died with somebody: how many of which guard, and the guards of which nobody will give one back."""

    __slots__ = ("gone", "permits")

    def __init__(self) -> None:
        self.permits: dict[str, int] = {}
        self.gone: set[str] = set()


LOOKS = 3
"""How often a guard of a dead process is looked at before its permit is called missing: somebody may be taking it."""


class Holders:
    """Those who died with a permit, and those of whom that is not certain yet."""

    def __init__(self, guards: Guards) -> None:
        self._guards = guards
        self._suspects: list[tuple[int, str, int]] = []
        """A process, a guard, and how often that has been looked at."""
        self.lost = Lost()

    @property
    def uncertain(self) -> bool:
        """Whether somebody is to be looked at again."""
        return bool(self._suspects)

    def see_end(self, process: int) -> Iterator[Found]:
        """A process has ended: what is certain at once."""
        for guard in self._guards.marked(process):
            yield from self._look(process, guard, 1)

    def look_again(self, *, for_the_last_time: bool = False) -> Iterator[Found]:
        """What has become certain of the others; for the last time, all of it."""
        suspects, self._suspects = self._suspects, []
        for process, guard, looks in suspects:
            yield from self._look(process, guard, LOOKS if for_the_last_time else looks + 1)

    def _look(self, process: int, guard: str, looks: int) -> Iterator[Found]:
        missing, certain = self._guards.missing(guard, process)
        if not certain and looks < LOOKS:
            self._suspects.append((process, guard, looks))
            return
        self._guards.clear_marks(guard, process)
        missing -= self.lost.permits.get(guard, 0)  # those that others died with
        if missing > 0:
            self.lost.permits[guard] = self.lost.permits.get(guard, 0) + missing
            yield process, guard
