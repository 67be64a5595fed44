"""What the author of a job type imports: from `runner.jobtypes`, and for one version from the old paths."""

from __future__ import annotations

from importlib import import_module

import pytest

import runner.jobtypes
from runner.cli import main
from runner.describe import job_types
from runner.model import plan

OLD = {
    "runner.describe.jobtype": ("Draft", "Expansion", "JobModel", "JobType"),
    "runner.describe.checking": ("fault",),
    "runner.jobresult": ("End", "JobResult"),
    "runner.plan": ("Progress", "SharedArray", "SharedLock", "SharedSemaphore"),
}


@pytest.mark.parametrize(("path", "name"), [(path, name) for path, names in OLD.items() for name in names])
def test_an_old_path_gives_the_same_and_warns_of_the_new_one(path: str, name: str) -> None:
    module = import_module(path)

    with pytest.warns(DeprecationWarning, match=f"^{path} has moved: import {name} from runner.jobtypes$") as warned:
        assert getattr(module, name) is getattr(runner.jobtypes, name)
    assert warned[0].filename == __file__


def test_a_name_that_is_not_public_is_found_where_it_is_now() -> None:
    with pytest.warns(DeprecationWarning, match="import START_METHODS from runner.model.plan$"):
        assert import_module("runner.plan").START_METHODS is plan.START_METHODS


def test_what_an_old_path_never_had_it_does_not_have() -> None:
    for name in ("Nothing", "__wrapped__"):
        with pytest.raises(AttributeError):
            getattr(import_module("runner.jobresult"), name)


def test_everything_for_job_types_has_one_home() -> None:
    assert sorted(runner.jobtypes.__all__) == sorted(name for names in OLD.values() for name in names)
    assert runner.jobtypes.JobType is job_types.JobType
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        _ = runner.jobtypes.Nothing  # type: ignore[attr-defined]  # that is what is tested


def test_the_command_is_a_function_of_its_package() -> None:
    assert callable(main)
