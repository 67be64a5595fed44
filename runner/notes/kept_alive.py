"""Write notes on processes kept alive after their target by threads, child processes or unsent items. Pure."""

from __future__ import annotations

from runner.notes.note import Note, listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.json_types import Json
    from runner.model.words import TargetWord

SOON_S = 0.1
"""A process that ends within this time after its target is not reported."""


class KeptAliveNotes:
    """Remembers what remained of each process when its target was over, and reports each process once."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}
        """The time (monotonic) at which each of these processes reported it."""
        self._how: dict[str, str] = {}
        self._parts: dict[str, list[str]] = {}
        self._advice: dict[str, list[str]] = {}

    def hear(self, name: str, what: TargetWord, said: list[Json], at: float) -> list[Note]:
        """Note a report of a process at the end of its target or, as `lives_on`, that it still runs after a while."""
        match what, said:
            case "remaining", [str(how), function, list(threads), list(children), int(items)]:
                self._how[name] = how if function is None else f"{how}, and {_called(str(function))} is running"
                self._parts.pop(name, None)
                self._advice[name] = [] if function is None else [_RETURN]
                self._since.setdefault(name, at)
                self._add(name, "thread", list(map(str, threads)), _END_THREADS)
                self._add(name, "child process", list(map(str, children)), _END_CHILDREN)
                if items:
                    self._note(name, f"{_count(items)} put into a queue of its own and not yet in its pipe", _GET)
            case "unsent", [str(queue), int(items)]:
                self._since.setdefault(name, at)
                self._note(name, f"{_count(items)} put into {queue} and not yet in its pipe", _GET)
            case "lives_on", []:
                return self._reported(name)
        return []

    def see_stop(self, name: str, at: float) -> list[Note]:
        """Return the note for a process that is being stopped."""
        return self._reported(name) if at - self._since.get(name, at) >= SOON_S else []

    def _add(self, name: str, kind: str, names: list[str], advice: str) -> None:
        if names:
            plural = kind if len(names) == 1 else "child processes" if kind.startswith("child") else f"{kind}s"
            self._note(name, f"its {plural} {listed(names)}", advice)

    def _note(self, name: str, part: str, advice: str) -> None:
        self._parts.setdefault(name, []).append(part)
        self._advice.setdefault(name, []).append(advice)

    def _reported(self, name: str) -> list[Note]:
        parts, advice = self._parts.pop(name, []), self._advice.pop(name, [])
        if not advice:
            return []
        how = self._how.get(name, "is over")
        because = _LIVES_ON.format("; ".join(parts)) if parts else ""
        return [Note("lives_on", name, f"The target of {name} {how}{because}. {' '.join(advice)}")]


def _called(function: str) -> str:
    """Return a function's name with its module, as a part of a sentence."""
    is_method = function.rpartition(".")[2].startswith("__")
    return f"the method {function}" if is_method else f"the exit function {function}"


def _count(items: int) -> str:
    return "an item" if items == 1 else f"{items:,} items"


_LIVES_ON = ", and the process lives on because of {0}"
_RETURN = (
    "A process ends only after the functions registered with `atexit`, and the finalizers of its "
    "objects, have returned."
)
_END_THREADS = "A process ends only after its threads: end or join them in the target, or make them daemons."
_END_CHILDREN = "A process joins its own processes before it ends: end them in the target, or make them daemons."
_GET = (
    "A process ends only after all items that it has put are in the queues' pipes: get the items "
    "before the process is joined."
)
