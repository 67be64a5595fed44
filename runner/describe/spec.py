"""The top level of a file. Jobs are checked one by one with their type's model, and `main` as a script."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from runner.describe.fields import Duration, Module
from runner.describe.jobtype import Model


class RunFile(Model):
    """Processes to run together on this machine, declared."""

    title: str | None = None
    """What the file shows or does, in a few words."""

    start_method: Literal["fork", "spawn", "forkserver"] | None = None
    """How processes are started: `fork` on Linux unless said, `spawn` elsewhere."""

    mp_log: Literal["subdebug", "debug", "info", "subwarning", "warning", "error", "critical"] | None = None
    """The level of multiprocessing's own log (`log_to_stderr`); without it, that log is silent."""

    grace_period: Duration = 5.0
    """How long after SIGTERM a process that is still there is sent SIGKILL."""

    time_limit: Duration | None = None
    """How long the whole run may take; what is running then is stopped, and the run fails."""

    preload: list[Module] = Field(default_factory=list)
    """Modules imported once, before any process starts: under fork and forkserver processes share them."""

    jobs: Annotated[list[object], Field(min_length=1)]
    """What to run, in creation order, which default names (`Process-1`, …) count by."""

    main: list[object] | None = None
    """The whole script that main goes through. Without it: start each job, join each that is joined."""


NOT_YET = {"shared": "declared shared things are not available yet; the job type `shared_counter` makes its own"}
"""Keys that the design has and this version does not, with what to say about them."""
