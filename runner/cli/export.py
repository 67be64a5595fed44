"""`run-jobs export`: write the file as a plain Python script."""

from __future__ import annotations

import os

from runner.cli import files
from runner.cli.streams import fail, say
from runner.cli.usage import USAGE_ERROR

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from runner.describe.plan.planning import Described
    from runner.link.launch import Launched
    from runner.model.plan import Plan


def act(options: argparse.Namespace, _: Launched | None) -> int:
    """Write the script to the file that `-o` names, or print it."""
    from runner.model.errors import InvalidFile, RunJobsError

    try:
        described = files.described(options, files.read(options))
        plan = described.plan
        from runner.export import export

        script = export(plan, _coroutines(described))
    except InvalidFile as invalid:
        return files.show_problems(options, invalid)
    except RunJobsError as error:
        return fail(str(error), USAGE_ERROR)
    if options.output is None:
        print(script, end="")
        return 0
    try:
        if spared := _why_spared(options):
            return fail(f"`{options.output}` is {spared}", USAGE_ERROR)
        with open(options.output, "w", encoding="utf-8") as file:
            file.write(script)
    except OSError as error:
        return fail(f"`{options.output}` cannot be written: {(error.strerror or '').lower()}", USAGE_ERROR)
    _say_what_it_imports(options, plan)
    return 0


def _coroutines(described: Described) -> dict[str, bool]:
    """Return the targets that return coroutines, or might (False); only importing them shows that; none if an import
    fails.

    Raise `InvalidFile` for targets that a run refuses because their bodies would not run: a script would end as if all
    were well.
    """
    from runner.describe.plan.supervisor_refusals import invalid_file
    from runner.model.errors import RunJobsError
    from runner.session import Refused, Session

    plan = described.plan
    if all((process.target or "runner.").startswith("runner.") and process.cls is None for process in plan.processes):
        return {}
    with Session() as session:
        try:
            return session.check(plan)
        except Refused as refused:
            if empty := [each for each in refused.refusals if each.runs_nothing]:
                raise invalid_file(described, empty) from None
            return {}
        except RunJobsError:
            return {}


def _why_spared(options: argparse.Namespace) -> str:
    """Return what the output is, if a script must not overwrite it; empty if it may."""
    if not os.path.isfile(options.output):
        return ""
    if os.path.samefile(0 if options.file == "-" else options.file, options.output):
        return "the file that is exported"
    names = (options.output, os.path.realpath(options.output))
    is_yaml = any(name.lower().endswith((".yaml", ".yml")) for name in names)
    return "a file of YAML, which a script would overwrite" if is_yaml else ""


def _say_what_it_imports(options: argparse.Namespace, plan: Plan) -> None:
    """Print which modules next to the file the script needs next to it."""
    folder = os.path.dirname(os.path.abspath(options.file))
    if os.path.dirname(os.path.abspath(options.output)) == folder:
        return
    paths = {process.target or process.cls or "" for process in plan.processes}
    modules = {path.partition(":")[0].partition(".")[0] for path in paths}
    files = sorted(f"{name}.py" for name in modules if os.path.exists(os.path.join(folder, f"{name}.py")))
    if files:
        what = ", ".join(files)
        say(f"the script imports {what} from the folder of {options.file}: copy it, too")
