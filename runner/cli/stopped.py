"""The message and the result of a run that was stopped before any process was started."""

from __future__ import annotations

import json

from runner.cli.streams import say
from runner.model.exit_codes import signal_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.plan import Plan


def stopped_early(exit_status: int, *, prints_json: bool, plan: Plan | None = None) -> int:
    """Print that the run was stopped, with its result as JSON if `prints_json`; return the exit status.

    The processes of the plan, if there is one already, have not been started.
    """
    from runner.model.results import ProcessResult, RunResult

    name = signal_name(exit_status - 128)
    cause = f"{name} (Ctrl-C)" if name == "SIGINT" else name
    say(f"stopped by {cause} before any process was started")
    if prints_json:
        processes = {each.name: ProcessResult(each.name, each.job) for each in (plan.processes if plan else ())}
        counts = {"not_started": len(processes)} if processes else {}
        result = RunResult("stopped", exit_status, 0.0, processes, counts=counts)
        print(json.dumps(result.to_json(), ensure_ascii=False))
    return exit_status
