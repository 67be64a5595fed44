"""Suppress the forkserver's warning about forking with threads. The forkserver imports this module.

The forkserver imports this module after the modules that it preloads. Its children and their children get the warning
filters that the preloaded modules have set.
"""

from __future__ import annotations

import os

from runner.supervise.mp.forking import without_fork_warning

_context = without_fork_warning()
_entered = [_context]


def _warn_again() -> None:
    """Restore the filters in a child, once: the processes that the child forks run this, too."""
    while _entered:
        _entered.pop().__exit__(None, None, None)


_context.__enter__()
os.register_at_fork(after_in_child=_warn_again)
