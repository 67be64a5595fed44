"""`python -m benchmarks [starts single counter output latency memory tracing steps moments] [--rounds N]`."""

from __future__ import annotations

import argparse
import importlib
import os
import tempfile

from benchmarks.measuring import machine

ALL = ("starts", "single", "counter", "output", "latency", "memory", "tracing", "steps", "moments")


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser("python -m benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(ALL)}; without any, all of them")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = folder  # runs are kept as always, but not among the user's own
        for name in options.names or ALL:
            importlib.import_module(f"benchmarks.{name}").measure(options.rounds)


main()
