"""Random scenarios of processes that take two guards each, with a known answer: which wait for ever, in which circle.

`python -m tests.deadlocks 1000 --seed 1` runs 1,000 of them, and says how soon circles were found.

Each process takes its first guard, meets all others at a barrier, and takes its second one. So what each of them holds
when it asks for the second is certain, and whether they go on follows: who wants what nobody has at the barrier gets it
sooner or later, who wants another one's first guard waits for that one's end.
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import runner
from runner.model.plan import JobPlan, Join, Plan, ProcessPlan, Start
from runner.model.shared_things import SharedBarrier, SharedLock, SharedRLock, SharedSemaphore
from tests import trials

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner import RunResult
    from runner.model.json_types import StepData
    from runner.model.plan import StartMethod
    from runner.model.shared_things import SharedPlan

MAX_DURATION_S = 0.1
"""After the last one of a circle has begun to wait, until it is told."""


@dataclass(frozen=True)
class Scenario:
    """`kinds` are those of the guards; process N takes guard N first, and `seconds[N]` then."""

    kinds: tuple[str, ...]
    seconds: tuple[int, ...]

    @property
    def blockers(self) -> dict[int, int]:
        """For whom each process waits that cannot have its second guard at once."""
        return {
            process: second
            for process, second in enumerate(self.seconds)
            if second < len(self.seconds) and not (second == process and self.kinds[second] == "rlock")
        }

    @property
    def circles(self) -> set[frozenset[int]]:
        """Those that wait for each other."""
        found = set[frozenset[int]]()
        for start in self.blockers:
            way = [start]
            while way[-1] in self.blockers and self.blockers[way[-1]] not in way:
                way.append(self.blockers[way[-1]])
            after = self.blockers.get(way[-1])
            if after is not None:
                found.add(frozenset(way[way.index(after) :]))
        return found

    @property
    def stuck(self) -> set[int]:
        """Those that never come to their ends."""
        caught = set[int]().union(*self.circles)
        while more := {process for process, other in self.blockers.items() if other in caught} - caught:
            caught |= more
        return caught

    def plan(self, start_method: StartMethod = "fork") -> Plan:
        """The scenario as a plan."""
        numbers = range(len(self.seconds))
        guards: dict[str, Callable[[str], SharedPlan]] = {
            "lock": SharedLock,
            "rlock": SharedRLock,
            "semaphore": lambda name: SharedSemaphore(name, 1),
        }
        return Plan(
            file="random",
            start_method=start_method,
            processes=tuple(ProcessPlan(f"p{number}", f"p{number}", do=self._steps(number)) for number in numbers),
            steps=(*map(Start, numbers), *map(Join, numbers)),
            jobs=tuple(JobPlan(f"p{number}", "process", (number,)) for number in numbers),
            shared=(
                *(guards[kind](f"g{number}") for number, kind in enumerate(self.kinds)),
                SharedBarrier("all_hold", len(self.seconds)),
            ),
        )

    def _steps(self, number: int) -> tuple[StepData, ...]:
        both: list[StepData] = [{"step": "print", "value": "both"}]
        second: StepData = {"step": "with", "thing": {"ref": f"g{self.seconds[number]}"}, "do": both}
        first: StepData = {
            "step": "with",
            "thing": {"ref": f"g{number}"},
            "do": [{"step": "wait", "thing": {"ref": "all_hold"}}, second],
        }
        return (first,)


def at_random(source: random.Random) -> Scenario:
    """A scenario of two to five processes."""
    processes = source.randint(2, 5)
    guards = processes + source.randint(0, 2)
    kinds = tuple(source.choice(("lock", "rlock", "semaphore")) for _ in range(guards))
    return Scenario(kinds, tuple(source.randrange(guards) for _ in range(processes)))


def wrong_with(scenario: Scenario, result: RunResult) -> str | None:
    """What is not as it must be, in a few words."""
    ended = {int(name[1:]) for name, process in result.processes.items() if process.outcome == "succeeded"}
    everybody = set(range(len(scenario.seconds)))
    if ended != everybody - scenario.stuck:
        return f"came to their ends: {sorted(ended)}"
    told = [event for event in result.events if event.event == "note" and event.fields["about"] == "deadlock"]
    if len(told) != len(scenario.circles):
        return f"{len(told)} circles were told"
    if (result.deadlock is None) != (not scenario.circles):
        return f"the circle is {result.deadlock}"
    if result.deadlock is not None and frozenset(int(name[1:]) for name in result.deadlock) not in scenario.circles:
        return f"{result.deadlock} is none of the circles"
    return None


def found_within(result: RunResult) -> float | None:
    """Seconds from when the circle closed until it was told."""
    if result.deadlock is None:
        return None
    told = next(event.t for event in result.events if event.event == "note" and event.fields["about"] == "deadlock")
    waits = [
        event.t
        for event in result.events
        if event.event == "shared.waiting" and event.fields["operation"] == "acquire"
        if event.fields["process"] in result.deadlock
    ]
    closed = max(waits, default=told)  # who has only noted that it waits may be ended before it says so
    return told - closed


def main() -> int:
    """Run as many as the command line says; returns the exit status."""
    times: list[float] = []

    def trial(seed: int) -> str | None:
        scenario = at_random(random.Random(seed))
        result = runner.run(scenario.plan())
        within = found_within(result)
        times.extend([] if within is None else [within])
        fault = wrong_with(scenario, result)
        return None if fault is None else f"{scenario}: {fault}"

    status = trials.make(trial)
    if times:
        times.sort()
        median, most, late = times[len(times) // 2], times[-1], sum(time > MAX_DURATION_S for time in times)
        found = f"found after {median * 1000:.0f} ms (median), {most * 1000:.0f} ms (most)"
        print(f"{len(times)} circles, {found}; {late} late")
    return status


if __name__ == "__main__":
    sys.exit(main())
