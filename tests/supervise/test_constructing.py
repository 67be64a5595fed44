"""Processes of classes that a file names, made and not started."""

from __future__ import annotations

import multiprocessing
import os
from typing import TYPE_CHECKING, Any

import pytest

from runner.model.plan import ProcessPlan
from runner.supervise.starting.user_classes import UnusableClass, construct, starts_by_user_code
from runner.supervise.tracing.handles import PlainHandle

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess


class Worker(multiprocessing.Process):
    """A process that keeps what it was made with."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__()
        self.made_with = args, kwargs

    def run(self) -> None:
        """Do nothing."""


class Stubborn(Worker):
    """One whose `run` cannot be put in the place of another."""

    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> None:
        if name == "run":
            raise AttributeError(name)
        super().__setattr__(name, value)


class Starter(Worker):
    """One that has a `start` of its own."""

    def start(self) -> None:
        """Start nothing."""


class Bare(multiprocessing.Process):
    """One that has nothing to run."""


class Forgetful(multiprocessing.Process):
    """One that forgets to call `Process.__init__`."""

    def __init__(self) -> None:
        self.made = True


class Early(multiprocessing.Process):
    """One that uses what `Process.__init__` would have set."""

    def __init__(self) -> None:
        self.daemon = True


class Wrong(Worker):
    """One that lacks an attribute of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.absent()  # type: ignore[attr-defined]  # that is what is wrong


class Broken:
    """One that cannot be made."""

    def __init__(self) -> None:
        raise RuntimeError("broken")


def launch(process: BaseProcess) -> None:
    """Stands for what starts it."""


def made(cls: str, **fields: Any) -> Any:
    door = PlainHandle("the door")
    return construct(ProcessPlan("p", "j", cls=cls, **fields), f"{__name__}:{cls}", {"door": door}, launch)


def test_it_is_made_with_its_arguments_and_has_the_name_of_the_plan() -> None:
    process = made("Worker", args=(1, {"ref": "door"}), kwargs={"parent": {"ref": "pid"}}, daemon=True)

    assert process.made_with == ((1, "the door"), {"parent": os.getpid()})
    assert (process.name, process.daemon) == ("p", True)


def test_its_start_comes_to_us() -> None:
    process = made("Worker")

    assert process._Popen is launch
    assert process.__dict__["run"].__func__ is Worker.run


@pytest.mark.parametrize(
    ("cls", "error", "text"),
    [
        ("Broken", RuntimeError, "broken"),
        ("launch", TypeError, "takes 1 positional argument|missing 1 required"),
        ("os.getpid", TypeError, "makes a int, not a multiprocessing.Process"),
        ("Stubborn", TypeError, "its `run` cannot be set"),
        ("Absent", AttributeError, "Absent"),
        ("Bare", UnusableClass, "`run`"),
        ("Forgetful", UnusableClass, "__init__"),
        ("Early", UnusableClass, "__init__"),
        ("Wrong", AttributeError, "absent"),
    ],
)
def test_what_cannot_be_made_is_refused(cls: str, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        made(cls)


@pytest.mark.parametrize(
    ("cls", "start_method", "expected"),
    [("Worker", "fork", False), ("Starter", "fork", True), ("Worker", "spawn", True), ("Worker", "forkserver", True)],
)
def test_a_start_runs_code_of_a_class_with_its_own_start_and_of_one_that_is_pickled(
    cls: str, start_method: str, expected: bool
) -> None:
    assert starts_by_user_code(made(cls), start_method) is expected
