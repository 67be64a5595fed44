"""`python -m tests`: all tests, those that can share the machine beside each other, then those marked `alone`.

All other words go to pytest: files, `-k`, `-x`, `--durations`. `-m` chooses by markers as ever: the check every few
minutes of work is `python -m tests -m "not slow"`. `-n` says how many tests run beside each other.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

NOTHING_TO_DO = 5
"""pytest's status when no test was chosen."""


def main(words: list[str]) -> int:
    """Run both groups; returns the first bad status of the two."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("-m", dest="chosen", default="")
    parser.add_argument("-n", dest="workers", default=str(2 * (os.cpu_count() or 1)))
    asked, rest = parser.parse_known_args(words)
    statuses = [
        subprocess.run([sys.executable, "-m", "pytest", *options, *rest], check=False).returncode
        for options in (
            ["-n", asked.workers, "-m", _both(asked.chosen, "not alone")],
            ["-m", _both(asked.chosen, "alone")],
        )
    ]
    bad = [status for status in statuses if status not in (0, NOTHING_TO_DO)]
    return bad[0] if bad else min(statuses)


def _both(chosen: str, group: str) -> str:
    return f"({chosen}) and {group}" if chosen else group


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
