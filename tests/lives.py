"""Write docs/lives.md from the state machines of processes and lives: `python -m tests.lives`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from runner.model.plan import ProcessPlan
from runner.supervise.core import lifecycle, process
from runner.supervise.core.life import DECLARED_REASONS, Due, End, ImpossibleFact, Kill, Life, LifeId, Terminate
from runner.supervise.core.process import Process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

DOCUMENT = Path(__file__).parents[1] / "docs/lives.md"
PLAN = ProcessPlan("p", "p", target="runner.workers:noop", terminate_after=1)
OF_A_LIFE = (End(0, "return"), Due(1), Terminate("main"), Kill("main"))
OF_A_PROCESS = (
    process.Requested(),
    process.Chosen(),
    process.LifeBegan(7, "<Process>"),
    process.PutBack(),
    process.Failed({"type": "OSError", "message": "", "traceback": None}),
    process.Withdrawn(),
    *OF_A_LIFE,
)

TEXT = """# Processes and their lives

This document is written from `runner/supervise/core/` by `python -m tests.lives`, and a test compares the two: the
arrows are those that exploring the state machines has found.

A *process* is one entry of the plan, a *life* one operating-system process. `LifeId(process, attempt)` names a life.
The attempt is 1 as long as nothing restarts a process.

## A process

Main requests starts, and goes on. A requested process waits until there is room for it: the front and the supervisor
need descriptors for each process that lives, and the system may have no room for another process at the moment
(`EAGAIN`). A join waits until the process has ended, or will never be started.

{process}

## A life

{life}

## Phases that are planned, and not built

Nothing uses these yet; their places are drawn so that the machine need not change its shape.

```mermaid
stateDiagram-v2
    waiting --> skipped: a process that it depends on has failed
    running --> backing_off: its life has ended, and is to be restarted
    backing_off --> starting: the timer Restart(process, generation)
```

A stop in waves, in the reverse order of the dependencies, belongs to the run and adds no phase.
"""


def arrows(first: Any, facts: Iterable[Any], transition: Callable[..., Any]) -> list[tuple[str, str, str]]:
    """The ways from one phase to another: before, the name of the fact, after."""
    found: dict[tuple[str, str, str], None] = {}
    states = [first]
    for state in states:
        for fact in facts:
            generation = getattr(state, "generation", getattr(getattr(state, "life", None), "generation", 0))
            due = Due(generation) if isinstance(fact, Due) else fact
            try:
                after, _ = transition(state, due, 0.0)
            except ImpossibleFact:
                continue
            way = (state.phase.value, type(fact).__name__, after.phase.value)
            if after.phase is not state.phase and way not in found:
                found[way] = None
                states.append(after)
    return list(found)


def diagram(ways: Iterable[tuple[str, str, str]]) -> str:
    """The ways as a diagram that GitHub draws; facts with the same ends share an arrow."""
    together: dict[tuple[str, str], list[str]] = {}
    for before, fact, after in ways:
        together.setdefault((before, after), []).append(fact)
    lines = [f"    {before} --> {after}: {', '.join(facts)}" for (before, after), facts in together.items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])


def document() -> str:
    """The text of docs/lives.md."""
    life = Life(LifeId(0), PLAN, 5.0)
    declared = Process(0, PLAN, 5.0, DECLARED_REASONS)
    return TEXT.format(
        process=diagram(arrows(declared, OF_A_PROCESS, process.transition)),
        life=diagram(arrows(life, OF_A_LIFE, lifecycle.transition)),
    )


if __name__ == "__main__":
    DOCUMENT.write_text(document())
