"""Describes the text of a file, without a process, and installs job types of somebody else's for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from runner.describe.plan.planning import Described, describe
from runner.model.errors import InvalidFile

if TYPE_CHECKING:
    from pathlib import Path

    from runner.describe.job_types import JobType
    from runner.model.errors import Problem
    from runner.model.plan import Plan

FILE = "/nowhere/jobs.yaml"


def described(text: str, **environ: str) -> Described:
    """What a file with this text is, where these are the variables of the environment."""
    return describe(text.encode(), file=FILE, environ=environ)


def plan_of(text: str, **environ: str) -> Plan:
    """The plan of a file with this text."""
    return described(text, **environ).plan


def problems_of(text: str, **environ: str) -> list[Problem]:
    """All problems of a file with this text, which has to have some."""
    with pytest.raises(InvalidFile) as caught:
        described(text, **environ)
    return list(caught.value.problems)


def problem_of(text: str, **environ: str) -> Problem:
    """The only problem of a file with this text."""
    (problem,) = problems_of(text, **environ)
    return problem


def marked(problem: Problem) -> str:
    """What is underlined."""
    return problem.excerpt[problem.column - 1 :][: problem.width]


def install(folder: Path, patch: pytest.MonkeyPatch, **types: type[JobType[Any]] | str) -> None:
    """Have these job types found, each a class or the text of its entry point, as if pip had installed them."""
    info = folder / "others-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: others\nVersion: 1\n")
    places = {
        name: place if isinstance(place, str) else f"{place.__module__}:{place.__qualname__}"
        for name, place in types.items()
    }
    lines = [f"{name} = {place}" for name, place in places.items()]
    (info / "entry_points.txt").write_text("\n".join(["[run_jobs.job_types]", *lines, ""]))
    patch.syspath_prepend(str(folder))
