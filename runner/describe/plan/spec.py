"""The model of a file's top level. Jobs and `main` are checked separately."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from runner.describe.fields.types import Duration, Limit, Module
from runner.describe.job_types import Model
from runner.model.words import NoteWord


class RunExpectModel(Model):
    """What the whole run is declared to come to. Every other end fails it; a declared end has the exit status 0."""

    outcome: Literal["succeeded", "failed", "timed_out"] | None = None
    """The outcome."""

    deadlock: bool | None = None
    """Whether processes come to wait for each other in a circle."""

    values: dict[str, object] = Field(default_factory=dict)
    """The last values of shared things, by name."""

    notes: list[NoteWord] = Field(default_factory=list)
    """What notes the run must report, such as `lost_updates`."""


class RunFile(Model):
    """Processes to run together on this machine, declared."""

    title: str | None = None
    """What the file shows or does, in a few words."""

    start_method: Literal["fork", "spawn", "forkserver"] | None = None
    """How processes are started: by default `fork` on Linux, `spawn` elsewhere."""

    mp_log: Literal["subdebug", "debug", "info", "subwarning", "warning", "error", "critical"] | None = None
    """The level of multiprocessing's own log (`log_to_stderr`); without it, that log is silent."""

    grace_period: Duration = 5.0
    """How long after SIGTERM a process that has not ended is sent SIGKILL."""

    time_limit: Limit = None
    """How long the whole run may take; then its running processes are stopped, and the run fails."""

    preload: list[Module] = Field(default_factory=list)
    """Modules imported once, before any process starts: under fork and forkserver processes share them."""

    shared: Annotated[object, WithJsonSchema({})] = None  # read by `runner.describe.steps.shared_things`
    """Things that processes share, created before the first start: targets receive them as `$name`."""

    jobs: Annotated[list[object], Field(min_length=1)]
    """What to run, in creation order, which default names (`Process-1`, …) count by."""

    main: list[object] | None = None
    """The whole script of main. Without it: start each job, join each that is joined."""

    expect: RunExpectModel | None = None
    """What the whole run is declared to come to."""

    try_: list[Annotated[dict[str, object], Field(min_length=1)]] = Field(default_factory=list, alias="try")
    """Edits worth trying, each a mapping of paths, as `--set` takes them, to values; `title` is its description."""
