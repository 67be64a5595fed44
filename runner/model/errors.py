"""The exceptions of the package, and `Problem`, which describes an error in a file with its position."""

from __future__ import annotations

import os

from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.problem_ids import ProblemId

_PACKAGE = os.path.dirname(os.path.dirname(__file__))


class RunJobsError(Exception):
    """The base class of this package's exceptions; its text is a complete sentence for the user."""

    exit_status = 3
    """The exit status of the command after this error."""


def fault_message(error: BaseException) -> str:
    """Return the message for an unforeseen exception: the exception, and its place in this package."""
    place, found = "", error.__traceback__
    while found is not None:
        file = found.tb_frame.f_code.co_filename
        if file.startswith(_PACKAGE):
            place = f" (runner{file.removeprefix(_PACKAGE)}, line {found.tb_lineno})"
        found = found.tb_next
    return f"a fault of run-jobs itself, which is worth a report: {type(error).__name__}: {error}{place}"


@record(frozen=True, slots=True)
class Problem:
    """One mistake in a file (or in a `--set`), and its position.

    `line` and `column` count from 1, in characters; 0 means that the problem has no position (an unreadable file).
    `width` is the number of characters to underline. `excerpt` is the whole line, without its end. `id` is the kind of
    the mistake, as `runner.model.problem_ids` lists them.
    """

    file: str
    line: int
    column: int
    width: int
    excerpt: str
    message: str
    help: str | None = None
    id: ProblemId = "invalid-value"


class InvalidFile(RunJobsError):
    """A file that cannot be run; nothing was started. `problems` are in the order of the file."""

    exit_status = 2

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(map(_line_of, problems)))


def _line_of(problem: Problem) -> str:
    """Return where and what a problem is; one of the whole file has no line."""
    place = f"{problem.file}:{problem.line}:{problem.column}" if problem.line else problem.file
    return f"{place}: {problem.message}"


class UsageError(RunJobsError):
    """The command cannot do what its arguments ask for."""

    exit_status = 2


class UnsupportedPlatform(RunJobsError):
    """This operating system cannot run a plan."""

    exit_status = 2


class SupervisorFault(RunJobsError):
    """The supervisor failed unexpectedly: a fault of run-jobs itself, or of a module that it had to import.

    `message` describes the fault; `said` is the end of the supervisor's output.
    """

    def __init__(self, message: str, said: str = "") -> None:
        self.message = message
        self.said = said.rstrip()
        super().__init__(f"{message}; it wrote:\n{self.said}" if self.said else message)
