"""The code that some files of this folder run: ordinary functions and classes, that know nothing of run-jobs."""

from __future__ import annotations

from multiprocessing import Process


def worker() -> None:
    """Print a line."""
    print("Worker")


class Worker(Process):
    """A process that says its name."""

    def run(self) -> None:
        """What the process does."""
        print(f"In {self.name}")
