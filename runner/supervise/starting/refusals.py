"""Explain why a plan or a process cannot be started, when the system lacks a resource or a feature."""

from __future__ import annotations

import sys
from multiprocessing import util

from runner.model.safe_repr import error_of
from runner.model.shared_things import SharedManaged, SharedSemaphore
from runner.system.open_files import RAISE_IT, TOO_MANY_FILES, lacks_files
from runner.system.run_folder import MOST_OF_A_PATH, SOCKET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from runner.model.plan import Plan
    from runner.model.problem_ids import ProblemId


def refusal(field: str, message: str, help_: str | None = None, *, id: ProblemId = "unavailable") -> dict[str, Any]:
    """A reason that concerns a field of the file and no process."""
    return {"process": None, "field": field, "message": message, "help": help_, "id": id}


def not_held_here(plan: Plan) -> list[dict[str, Any]]:
    """What the plan asks for that this system takes, and does not hold processes to."""
    if sys.platform != "darwin":
        return []
    refused = [
        refusal(
            f"shared.{thing.name}",
            f"`{thing.name}` would not be held to its bound: on macOS a bounded semaphore is like any other "
            "(Python's documentation says so)",
            "write `semaphore`, or `lock` for a single permit",
        )
        for thing in plan.shared
        if isinstance(thing, SharedSemaphore) and thing.bounded and thing.permits > 1
    ]
    for number, process in enumerate(plan.processes):
        if process.limits is not None and "memory" in process.limits.given():
            why = refusal("limits.memory", "macOS holds no process to a limit of memory", "leave it out here")
            refused.append(why | {"process": number})
            break
    return refused


def too_few_files() -> dict[str, Any]:
    """That the limit of open files leaves too few for any process."""
    return refusal("jobs", "nothing can be started: too many open files", RAISE_IT)


def cannot_be_set_up(plan: Plan, error: OSError) -> dict[str, Any]:
    """Why what the processes need beside themselves cannot be had."""
    why = (error.strerror or str(error)).lower()
    if error.errno in TOO_MANY_FILES:
        return too_few_files()
    if _needs_sockets(plan) and not _can_have_sockets():
        return refusal(
            "start_method" if plan.start_method == "forkserver" else "shared",
            "there is no folder for sockets, which the forkserver and the process of shared dicts and lists need",
            f"set TMPDIR to a folder that can be written to, with a path of at most {_MOST_OF_A_FOLDER} bytes",
        )
    help_ = "`df /dev/shm` shows what there is; a container is given more with --shm-size"
    process = next((job.processes[0] for job in plan.jobs if job.type != "process" and job.processes), None)
    if process is None:
        return refusal("shared", f"what is shared cannot be made in /dev/shm: {why}", help_)
    refused = refusal("type", f"the shared memory of this job cannot be made in /dev/shm: {why}", help_)
    return refused | {"process": process}


def why_not_started(error: BaseException) -> dict[str, Any]:
    """Why a process could not be started, as events tell it."""
    told = error_of(error)
    if lacks_files(error):
        told["message"] = "the limit of open files (`ulimit -n`) leaves too few to start it: raise it"
    return told


_MOST_OF_A_FOLDER = MOST_OF_A_PATH - len("/run-jobs-0" + SOCKET)


def _needs_sockets(plan: Plan) -> bool:
    return plan.start_method == "forkserver" or any(isinstance(thing, SharedManaged) for thing in plan.shared)


def _can_have_sockets() -> bool:
    """Whether multiprocessing has a folder for them, the run's own or another."""
    try:
        folder = util.get_temp_dir()
    except OSError:
        return False
    return len(folder) + len(SOCKET.rpartition("/")[2]) < MOST_OF_A_PATH
