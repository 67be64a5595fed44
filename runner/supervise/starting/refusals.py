"""Explain why a plan or a process cannot be started, when the system lacks a resource or a feature."""

from __future__ import annotations

import sys
from multiprocessing import util

from runner.model.messages import Refusal
from runner.model.records import replace
from runner.model.safe_repr import error_of
from runner.model.shared_things import SharedManaged, SharedSemaphore
from runner.system.open_files import RAISE_IT, TOO_MANY_FILES, lacks_files
from runner.system.run_folder import MAX_PATH, SOCKET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.json_types import Error
    from runner.model.plan import Plan
    from runner.model.problem_ids import ProblemId


def refusal(field: str, message: str, help_: str | None = None, *, id: ProblemId = "unavailable") -> Refusal:
    """Return a reason not to start that concerns a field of the file and not a process."""
    return Refusal(None, field, message, help_, id)


def unenforced_limits(plan: Plan) -> list[Refusal]:
    """Return the limits in the plan that this system accepts, but does not enforce."""
    if sys.platform != "darwin":
        return []
    refused = [
        refusal(
            f"shared.{thing.name}",
            f"`{thing.name}` would have no bound: on macOS a bounded semaphore is like any other "
            "(Python's documentation says so)",
            "write `semaphore`, or `lock` for a single permit",
        )
        for thing in plan.shared
        if isinstance(thing, SharedSemaphore) and thing.bounded and thing.permits > 1
    ]
    for number, process in enumerate(plan.processes):
        if process.limits is not None and "memory" in process.limits.given():
            why = refusal("limits.memory", "macOS does not enforce limits of memory", "leave it out here")
            refused.append(replace(why, process=number))
            break
    return refused


def too_few_files() -> Refusal:
    """Return the reason that the limit of open files is too low for any process."""
    return refusal("jobs", "nothing can be started: too many open files", RAISE_IT)


def setup_failure(plan: Plan, error: OSError) -> Refusal:
    """Return why the resources that the processes need cannot be created."""
    why = (error.strerror or str(error)).lower()
    if error.errno in TOO_MANY_FILES:
        return too_few_files()
    if _needs_sockets(plan) and not _can_have_sockets():
        return refusal(
            "start_method" if plan.start_method == "forkserver" else "shared",
            "there is no folder for sockets, which the forkserver and the process of shared dicts and lists need",
            f"set TMPDIR to a folder that can be written to, with a path of at most {_MAX_FOLDER} bytes",
        )
    help_ = "`df /dev/shm` shows what there is; a container is given more with --shm-size"
    process = next((job.processes[0] for job in plan.jobs if job.type != "process" and job.processes), None)
    if process is None:
        return refusal("shared", f"the shared things cannot be created in /dev/shm: {why}", help_)
    refused = refusal("type", f"the shared memory of this job cannot be created in /dev/shm: {why}", help_)
    return replace(refused, process=process)


def start_error(error: BaseException) -> Error:
    """Return why a process could not be started, as events report it."""
    told = error_of(error)
    if lacks_files(error):
        told["message"] = "the limit of open files (`ulimit -n`) leaves too few to start it: raise it"
    return told


_MAX_FOLDER = MAX_PATH - len("/run-jobs-0" + SOCKET)


def _needs_sockets(plan: Plan) -> bool:
    return plan.start_method == "forkserver" or any(isinstance(thing, SharedManaged) for thing in plan.shared)


def _can_have_sockets() -> bool:
    """Return whether multiprocessing has a folder for sockets, the run's own or another."""
    try:
        folder = util.get_temp_dir()
    except OSError:
        return False
    return len(folder) + len(SOCKET.rpartition("/")[2]) < MAX_PATH
