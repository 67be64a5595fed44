"""Random programs, each run for real and held against every end that `runner.explore` knows of it.

`python -m tests.random_programs 1000 --seed 7 --profile kills --method spawn` runs so many, several at once, and says
what went wrong: a run that was ended by the time limit, one that ended in a way that the model does not know, one that
was ended as waiting for ever where it can go on, or a note that is not true in that state.
"""

from __future__ import annotations

import argparse
import math
import os
import pickle
import select
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import product, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import runner
from runner.explore import Exploration, TooManyStates, Unmodelled, explore
from runner.model.plan import START_METHODS
from runner.model.records import replace
from tests.programs import PROFILES, TIME_LIMIT_S, program
from tests.verdicts import wrong_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner import RunResult
    from runner.model.plan import Plan, StartMethod

ROOT = Path(__file__).parents[1]
MAX_STATES = 20_000
"""A random program that has more is left out."""
MOST_STATES_OF_A_FILE = 300_000
HANGS_AFTER_S = 3 * TIME_LIMIT_S


@dataclass(frozen=True)
class Case:
    """A random program, and all of its ends."""

    name: str
    text: str
    plan: Plan
    found: Exploration


@dataclass
class Tally:
    """What came of the programs of one command; what went wrong is written into the folder `keep` at once."""

    keep: Path | None = None
    runs: int = 0
    left_out: int = 0
    wrong: list[str] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)

    def add(self, case: Case, result: RunResult | None) -> None:
        """Count a run; None is one that never came back."""
        self.runs += 1
        self.ends["hangs" if result is None else result.outcome] += 1
        why = "it hangs" if result is None else wrong_with(case.plan, case.found.ends, result)
        if why is None:
            return
        self.wrong.append(f"{case.name}: {why}")
        print(f"WRONG {self.wrong[-1]}", flush=True)
        if self.keep is not None:
            self.keep.mkdir(parents=True, exist_ok=True)
            (self.keep / f"{case.name}-{case.plan.start_method}.yaml").write_text(told(case, why, result))

    def __str__(self) -> str:
        late = sum("time limit" in why for why in self.wrong)
        ends = ", ".join(f"{count} {outcome}" for outcome, count in sorted(self.ends.items()))
        return (
            f"{self.runs} programs ({ends}), {self.left_out} left out, which the model cannot go through; "
            f"{len(self.wrong)} wrong, {late} of them ended by the time limit"
        )


def cases(count: int, seed: int, profiles: list[str], method: StartMethod, tally: Tally) -> Iterator[Case]:
    """So many programs of each profile that the model can go through."""
    with tempfile.TemporaryDirectory() as folder:
        for number, profile in product(range(seed, seed + count), profiles):
            file = Path(folder, f"{profile}-{number}.yaml")
            file.write_text(program(number, profile))
            yield from _case(file, method, tally, MAX_STATES)
            file.unlink()


def cases_of_files(count: int, files: list[Path], method: StartMethod, tally: Tally) -> Iterator[Case]:
    """Each of these files so many times."""
    for file in files:
        for case in _case(file, method, tally, MOST_STATES_OF_A_FILE):
            yield from repeat(case, count)


def _case(file: Path, method: StartMethod, tally: Tally, most_states: int) -> Iterator[Case]:
    plan = replace(runner.load(file), start_method=method)
    try:
        yield Case(file.stem, file.read_text(), plan, explore(plan, most_states=most_states))
    except (TooManyStates, Unmodelled):
        tally.left_out += 1


class Worker:
    """A process that runs one program after the other."""

    def __init__(self) -> None:
        command = [sys.executable, "-c", "from tests.random_programs import work; work()"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests = self._process.stdin
        self.answers = self._process.stdout
        self.case: Case | None = None
        self._since = time.monotonic()

    def begin(self, case: Case) -> None:
        """Run a program."""
        self.case, self._since = case, time.monotonic()
        pickle.dump(case.plan, self._requests)
        self._requests.flush()

    def result(self) -> RunResult:
        """What came of it; waits for the rest of the answer."""
        result: RunResult = pickle.load(self.answers)
        return result

    def take_case(self) -> Case:
        """The program whose run is over."""
        case, self.case = self.case, None
        if case is None:
            raise AssertionError("an answer without a question")
        return case

    @property
    def hangs(self) -> bool:
        """Whether the run takes longer than its own time limit allows."""
        return self.case is not None and time.monotonic() - self._since > HANGS_AFTER_S

    def end(self) -> None:
        """End the process, and what it runs."""
        if self.hangs:
            self._process.kill()
        self._requests.close()
        self._process.wait()
        self.answers.close()


def work() -> None:
    """Run each plan that comes over stdin, and send the result over stdout."""
    while True:
        try:
            plan = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        pickle.dump(runner.run(plan), sys.stdout.buffer)
        sys.stdout.flush()


def run_all(upcoming: Iterator[Case], tally: Tally, *, at_once: int = 4, within_s: float = math.inf) -> None:
    """Run the programs; no new one begins after `within_s` seconds."""
    deadline = time.monotonic() + within_s
    workers = [Worker() for _ in range(at_once)]
    try:
        while True:
            for worker in workers:
                case = next(upcoming, None) if worker.case is None and time.monotonic() < deadline else None
                if case is not None:
                    worker.begin(case)
            busy = [worker for worker in workers if worker.case is not None]
            if not busy:
                return
            ready = select.select([worker.answers for worker in busy], [], [], 1)[0]
            for worker in busy:
                if worker.answers in ready:
                    tally.add(worker.take_case(), worker.result())
                elif worker.hangs:
                    worker.end()
                    tally.add(worker.take_case(), None)
                    workers[workers.index(worker)] = Worker()
    finally:
        for worker in workers:
            worker.end()


def told(case: Case, why: str, result: RunResult | None) -> str:
    """A wrong run as a file: the program, its ends, and what was seen."""
    ends = sorted({str(end) for end in case.found.ends})
    lines = [f"# {case.name} ({case.plan.start_method}): {why}", "# right: one of"]
    lines += [f"#   {end}" for end in ends[:40]] + [f"#   … {len(ends) - 40} more"] * (len(ends) > 40)
    if result is not None:
        lines.append(f"# seen: {result.outcome}, deadlock {result.deadlock}, values {result.values}")
        lines += [f"#   {line}" for line in _seen(result)]
    return "\n".join([*lines, case.text])


def _seen(result: RunResult) -> Iterator[str]:
    for one in result.processes.values():
        yield f"{one.name}: exit code {one.exit_code}, {one.outcome}, stopped by {one.stop_reason}"
    for event in result.events:
        if event.event == "note" or event.event.startswith("main."):
            said = {name: value for name, value in event.fields.items() if name != "run"}
            yield f"{event.t:.3f} {event.event} {said}".replace("\n", " ")


def main(arguments: list[str]) -> int:
    """Run what the command line asks for; gives how many were wrong."""
    options: Any = _parser().parse_args(arguments)
    seed = int.from_bytes(os.urandom(3)) if options.seed is None else options.seed
    print(f"seed {seed}, {options.method}", flush=True)
    tally = Tally(options.keep)
    if options.file:
        upcoming = cases_of_files(options.count, options.file, options.method, tally)
    else:
        upcoming = cases(options.count, seed, options.profile or list(PROFILES), options.method, tally)
    run_all(upcoming, tally, at_once=options.at_once, within_s=options.within)
    print(tally)
    return len(tally.wrong)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.random_programs", description=__doc__)
    parser.add_argument("count", type=int, help="how many programs of each profile, or how often each file is run")
    parser.add_argument("--file", action="extend", nargs="+", type=Path, help="run these files instead of random ones")
    parser.add_argument("--seed", type=int, help="the number of the first one (random)")
    parser.add_argument("--profile", action="append", choices=list(PROFILES), help="several can be given (all)")
    parser.add_argument("--method", choices=START_METHODS, default="fork")
    parser.add_argument("--at-once", type=int, default=4, help="how many run at the same time (4)")
    parser.add_argument("--within", type=float, default=math.inf, metavar="SECONDS", help="begin no more after this")
    parser.add_argument("--keep", type=Path, help="the folder for what went wrong")
    return parser


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))
