"""Check the expansion that a job type returns, so that errors reach the type's author early."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runner.describe.fields import targets
from runner.describe.fields.placeholders import IN_TEXT, check
from runner.model.arguments import references
from runner.model.shared_things import SharedArray, SharedSemaphore

if TYPE_CHECKING:
    from collections.abc import Collection

    from runner.describe.job_types import Draft, Expansion
    from runner.model.plan import Progress
    from runner.model.shared_things import SharedPlan

_SIZED = re.compile(r"[a-z]+(\d+)")
"""The name of a dtype with its size in bits."""


def check_expansion(expansion: Expansion, label: str, declared: Collection[str] = ()) -> None:
    """Raise `ValueError` (or an error of targets and placeholders) if a type asks for something impossible.

    `declared` are the names of the file's own shared things.
    """
    shared = {thing.name: thing for thing in expansion.shared}
    if len(shared) < len(expansion.shared):
        raise ValueError("two shared things have one name")
    for thing in expansion.shared:
        _check_shared(thing, label)
    for draft in expansion.processes:
        _check_draft(draft)
        for name in references([*draft.args, *draft.kwargs.values()]):
            if name not in shared and name not in declared and name != "pid" and not name.startswith("$"):
                raise ValueError(f"an argument refers to `{name}`, which is none of the job's shared things")
    if expansion.progress is not None:
        _check_progress(expansion.progress, shared.get(expansion.progress.array), len(expansion.processes))


def _check_shared(thing: SharedPlan, label: str) -> None:
    if not thing.name.startswith(f"{label}."):
        raise ValueError(f"the name of the shared thing `{thing.name}` does not begin with `{label}.`")
    match thing:
        case SharedArray(_, dtype, length, itemsize):
            sized = _SIZED.fullmatch(dtype)
            if length < 1 or itemsize < 1 or (sized is not None and int(sized[1]) != 8 * itemsize):
                raise ValueError(f"`{thing.name}` cannot be {length} numbers of {itemsize} bytes, each a {dtype}")
        case SharedSemaphore(_, permits) if permits < 0:
            raise ValueError(f"`{thing.name}` cannot have {permits} permits")


def _check_draft(draft: Draft) -> None:
    if [draft.target, draft.cls, draft.do].count(None) != 2:
        raise ValueError("a process has a target, a class or steps")
    if draft.target is not None:
        targets.normalized_target(draft.target)
    if draft.cls is not None:
        targets.normalized_class(draft.cls)
    for text in (draft.name, draft.cwd, *draft.env.values()):
        if text is not None:
            check(text, IN_TEXT, None)


def _check_progress(progress: Progress, array: SharedPlan | None, processes: int) -> None:
    if not isinstance(array, SharedArray) or array.dtype != "int64" or array.length < processes:
        what = "a shared array of int64 with a number for each process"
        raise ValueError(f"progress is counted in {what}, and not in `{progress.array}`")
    if progress.total < 0:
        raise ValueError(f"the work of a process cannot be {progress.total}")
