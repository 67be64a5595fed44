"""`run-jobs explain`: what will main do, and when?"""

from __future__ import annotations

from runner.commands import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from runner.launch import Launched


def act(options: argparse.Namespace, _: Launched | None) -> int:
    """Say it in words; nothing is started."""
    from runner.errors import InvalidFile

    try:
        described = files.described(options, files.read(options))
    except InvalidFile as invalid:
        return files.show_problems(options, invalid)
    from runner.report.explain import explain

    print(explain(described.plan))
    return 0
