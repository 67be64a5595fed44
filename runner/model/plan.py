"""The plan: a checked and expanded file, as frozen data that can be converted to and from JSON.

Everything after the reading of the file works from the plan alone. Names and numbers are final: a process's number is
its index in `Plan.processes`, which is creation order.
"""

from __future__ import annotations

from runner.model.arguments import references
from runner.model.records import field, fields_of, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal, TypeAlias

    from runner.model.json_types import Json, StepData
    from runner.model.shared_things import SharedPlan

    StartMethod: TypeAlias = Literal["fork", "spawn", "forkserver"]

START_METHODS: tuple[StartMethod, ...] = ("fork", "spawn", "forkserver")


@record(frozen=True, slots=True)
class Start:
    """Main starts the process."""

    process: int


@record(frozen=True, slots=True)
class Sleep:
    """Main sleeps for `seconds`, more than 0."""

    seconds: float


@record(frozen=True, slots=True)
class Join:
    """Main waits for the process's end, at most `timeout` seconds (None: without a limit)."""

    process: int
    timeout: float | None = None


@record(frozen=True, slots=True)
class Terminate:
    """Main sends SIGTERM to the process; SIGKILL follows after the grace period."""

    process: int


@record(frozen=True, slots=True)
class Kill:
    """Main sends SIGKILL to the process."""

    process: int


@record(frozen=True, slots=True)
class Show:
    """Main shows the process's state, liveness, exit code and repr under `label`."""

    process: int
    label: str


@record(frozen=True, slots=True)
class Act:
    """Main does something with shared things, prints or exits: a step that a process's `do` can have too."""

    step: StepData


Step: TypeAlias = Start | Sleep | Join | Terminate | Kill | Show | Act


@record(frozen=True, slots=True)
class Expect:
    """How the file declares that a process ends: with this exit code (negative: by that signal), with this outcome.

    `output` are all lines that it writes to stdout, `before` the processes that end after it.
    """

    exit_code: int | None = None
    outcome: str | None = None
    output: tuple[str, ...] | None = None
    before: tuple[str, ...] = ()

    @property
    def says_the_end(self) -> bool:
        """Whether this declares how the process ends."""
        return self.exit_code is not None or self.outcome is not None


@record(frozen=True, slots=True)
class Declared:
    """What the file declares of the whole run; a value of None declares nothing.

    `values` are the last values of shared things, by name; `notes` are the `about` words of the notes that the run must
    report.
    """

    outcome: str | None = None
    deadlock: bool | None = None
    values: dict[str, Json] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@record(frozen=True, slots=True)
class Limits:
    """The resources that the system lets a process have. A limit of None is inherited from run-jobs.

    `memory` (private memory) and `core` (the size of a core dump) are bytes, `cpu_seconds` is processor time.
    """

    memory: int | None = None
    cpu_seconds: int | None = None
    open_files: int | None = None
    core: int | None = None

    def given(self) -> dict[str, int]:
        """Return the limits that are set, by name."""
        return {name: most for name, most in fields_of(self).items() if most is not None}


@record(frozen=True, slots=True)
class ProcessPlan:
    """One process: its target and the rules of its life. Exactly one of `target`, `cls` and `do` is given.

    `args` and `kwargs` are encoded (see `runner.model.arguments`), `do` are steps (see
    `runner.describe.steps.step_types`). `cwd` is absolute. `env` is added to the environment. At most one of
    `terminate_after` and `timeout` is given, in seconds after the process's own start.
    """

    name: str
    job: str
    target: str | None = None
    cls: str | None = None
    do: tuple[StepData, ...] | None = None
    args: tuple[Json, ...] = ()
    kwargs: dict[str, Json] = field(default_factory=dict)
    daemon: bool = False
    env: dict[str, str] = field(default_factory=dict)
    cwd: str | None = None
    terminate_after: float | None = None
    timeout: float | None = None
    on_terminate: Literal["die", "unwind"] = "die"
    expect: Expect | None = None
    limits: Limits | None = None


@record(frozen=True, slots=True)
class Progress:
    """Where a job counts its completed work: one number of the array for each of its processes, up to `total`."""

    array: str
    total: int


@record(frozen=True, slots=True)
class JobPlan:
    """One entry of `jobs:`: its processes, and the data that its type needs to report a result.

    `options` are the checked fields that the file gave, as JSON.
    """

    name: str
    type: str
    processes: Sequence[int]
    options: dict[str, Json] = field(default_factory=dict)
    progress: Progress | None = None


@record(frozen=True, slots=True)
class Plan:
    """A whole run. `paths` are appended to `sys.path`; `grace_period` and `time_limit` are seconds."""

    file: str
    start_method: StartMethod
    processes: Sequence[ProcessPlan]
    steps: Sequence[Step]
    jobs: tuple[JobPlan, ...]
    title: str | None = None
    mp_log: str | None = None
    grace_period: float = 5.0
    time_limit: float | None = None
    preload: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    shared: tuple[SharedPlan, ...] = ()
    expect: Declared | None = None

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """The processes in groups, by their numbers: two that use the same shared thing are in one group.

        So are those that others connect. A process that shares nothing is a group of its own. Main is in no group.
        """
        things = {thing.name for thing in self.shared}
        group_of = list(range(len(self.processes)))
        members: dict[int, list[int]] = {number: [number] for number in group_of}
        first_user: dict[str, int] = {}
        for number, process in enumerate(self.processes):
            for name in things & references([*process.args, *process.kwargs.values(), *(process.do or ())]):
                one, other = group_of[number], group_of[first_user.setdefault(name, number)]
                if one == other:
                    continue
                smaller, larger = sorted((one, other), key=lambda group: len(members[group]))
                for member in members[smaller]:
                    group_of[member] = larger
                members[larger] += members.pop(smaller)
        return tuple(sorted(tuple(sorted(group)) for group in members.values()))
