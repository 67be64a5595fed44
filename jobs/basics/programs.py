"""The code of some files in this folder: ordinary functions and classes without run-jobs."""

from __future__ import annotations

from multiprocessing import Process


def worker() -> None:
    """Print a line."""
    print("Worker")


class Worker(Process):
    """A process that prints its name."""

    def run(self) -> None:
        """Do the work of the process."""
        print(f"In {self.name}")
