"""What a job type may ask for, and what it is told when that cannot be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from runner.describe.job_types import Draft, Expansion
from runner.describe.plan.expansion_checks import check_expansion
from runner.model.plan import Progress
from runner.model.shared_things import SharedArray, SharedLock, SharedSemaphore

if TYPE_CHECKING:
    from runner.model.shared_things import SharedPlan

COUNTS = SharedArray("j.counts", "int64", 2, 8)
NO_PLACES_TO_COUNT_IN: list[tuple[SharedPlan, str]] = [
    (COUNTS, "j.count"),
    (SharedLock("j.l"), "j.l"),
    (SharedArray("j.f", "float64", 2, 8), "j.f"),
    (SharedArray("j.s", "int64", 1, 8), "j.s"),
]
TWO = (Draft(target="m:f"), Draft(target="m:f"))


@pytest.mark.parametrize(
    "expansion",
    [
        Expansion(()),
        Expansion(TWO, (COUNTS,), Progress("j.counts", 0)),
        Expansion(
            (Draft(target="m:f", args=({"ref": "j.lock"}, {"ref": "pid"}), kwargs={"a": [{"ref": "$name"}]}),),
            (SharedLock("j.lock"), SharedSemaphore("j.none", 0), SharedArray("j.flags", "bool", 1, 1)),
        ),
    ],
)
def test_what_can_be_is_not_refused(expansion: Expansion) -> None:
    check_expansion(expansion, "j")


def test_an_argument_may_refer_to_what_the_file_shares() -> None:
    expansion = Expansion((Draft(target="m:f", args=({"ref": "door"},)),))

    check_expansion(expansion, "j", {"door": "lock"})
    with pytest.raises(ValueError, match="an argument refers to `door`"):
        check_expansion(expansion, "j", {"dor": "lock"})


def test_a_process_may_have_steps() -> None:
    check_expansion(Expansion((Draft(do=[{"step": "hang", "nothing": None}]),)), "j")


@pytest.mark.parametrize(
    ("expansion", "why"),
    [
        (Expansion((), (SharedLock("j.a"), SharedLock("j.a"))), "two shared things have one name"),
        (Expansion((), (SharedLock("a"),)), "the name of the shared thing `a` does not begin with `j.`"),
        (Expansion((), (SharedSemaphore("j.s", -1),)), "`j.s` cannot have -1 permits"),
        (
            Expansion((), (SharedArray("j.a", "int64", 0, 8),)),
            "`j.a` cannot be 0 numbers of 8 bytes, each a int64",
        ),
        (
            Expansion((), (SharedArray("j.a", "int64", 1, 4),)),
            "`j.a` cannot be 1 numbers of 4 bytes, each a int64",
        ),
        (
            Expansion((), (SharedArray("j.a", "bool", 1, 0),)),
            "`j.a` cannot be 1 numbers of 0 bytes, each a bool",
        ),
        (
            Expansion((Draft(target="m:f", args=([{"ref": "j.lok"}],)),), (SharedLock("j.lock"),)),
            "an argument refers to `j.lok`, which is none of the job's shared things",
        ),
        (
            Expansion((Draft(target="m:f", kwargs={"a": {"ref": "other"}}),)),
            "an argument refers to `other`, which is none of the job's shared things",
        ),
        *(
            (
                Expansion(TWO, (thing,), Progress(array, 1)),
                f"progress is counted in a shared array of int64 with a number for each process, and not in `{array}`",
            )
            for thing, array in NO_PLACES_TO_COUNT_IN
        ),
        (Expansion(TWO, (COUNTS,), Progress("j.counts", -1)), "the work of a process cannot be -1"),
        (Expansion((Draft(),)), "a process has a target, a class or steps"),
        (Expansion((Draft(target="m:f", do=[]),)), "a process has a target, a class or steps"),
        (Expansion((Draft(target="m:f", cls="m:C", do=[]),)), "a process has a target, a class or steps"),
    ],
)
def test_what_cannot_be_is_refused(expansion: Expansion, why: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(why)}$"):
        check_expansion(expansion, "j")
