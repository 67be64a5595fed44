"""`run-jobs export`: the same scenario as a plain script."""

from __future__ import annotations

from runner.commands import files
from runner.streams import fail
from runner.usage import USAGE_ERROR

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from runner.launch import Launched


def act(options: argparse.Namespace, _: Launched | None) -> int:
    """Write the script to the file that `-o` names, or print it."""
    from runner.errors import InvalidFile, RunJobsError

    try:
        plan = files.described(options, files.read(options)).plan
        from runner.export import export

        script = export(plan)
    except InvalidFile as invalid:
        return files.show_problems(options, invalid)
    except RunJobsError as error:
        return fail(str(error), USAGE_ERROR)
    if options.output is None:
        print(script, end="")
        return 0
    try:
        with open(options.output, "w", encoding="utf-8") as file:
            file.write(script)
    except OSError as error:
        return fail(f"`{options.output}` cannot be written: {(error.strerror or '').lower()}", USAGE_ERROR)
    return 0
