"""The exceptions of the package, and `Problem`, which describes an error in a file with its position."""

from __future__ import annotations

import os

from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.problem_ids import ProblemId

_PACKAGE = os.path.dirname(os.path.dirname(__file__))


class RunJobsError(Exception):
    """The root of what this package raises; its text is a whole sentence for the user."""

    exit_status = 3
    """What the command ends with."""


def told_as_fault(error: BaseException) -> str:
    """Return the message for an unforeseen exception: what it was, and where in this package."""
    place, found = "", error.__traceback__
    while found is not None:
        file = found.tb_frame.f_code.co_filename
        if file.startswith(_PACKAGE):
            place = f" (runner{file.removeprefix(_PACKAGE)}, line {found.tb_lineno})"
        found = found.tb_next
    return f"a fault of run-jobs itself, which is worth a report: {type(error).__name__}: {error}{place}"


@record(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a file (or a `--set`), and where.

    `line` and `column` count from 1, in characters; 0 means that the problem has no place (an unreadable file).
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
        super().__init__("\n".join(f"{p.file}:{p.line}:{p.column}: {p.message}" for p in problems))


class UsageError(RunJobsError):
    """The command was asked for something that it cannot do."""

    exit_status = 2


class UnsupportedPlatform(RunJobsError):
    """This operating system cannot run a plan."""

    exit_status = 2


class SupervisorFault(RunJobsError):
    """The supervisor did something that it never should: a fault of run-jobs itself, or of what it had to import.

    `message` says what; `said` is the end of what the supervisor wrote.
    """

    def __init__(self, message: str, said: str = "") -> None:
        self.message = message
        self.said = said.rstrip()
        super().__init__(f"{message}; it wrote:\n{self.said}" if self.said else message)
