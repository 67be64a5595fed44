"""What is imported before it is needed: next to nothing. Every child pays for the package and for its first code."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ["pydantic", "yaml", "numpy", "structlog", "rich", "asyncio", "logging", "dataclasses", "typing", "argparse"]
OF_THE_SUPERVISOR = [name for name in HEAVY if name not in {"dataclasses", "typing"}]


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("runner", HEAVY),
        ("runner.cli", HEAVY),
        ("runner.cli.usage", [*HEAVY, "re", "shutil", "textwrap"]),
        ("runner.link.launch", HEAVY),
        ("runner.model.arguments", HEAVY),
        ("runner.workers", HEAVY),
        ("runner.supervise.child.first_code", HEAVY),
        ("runner.supervise.sharing.things", HEAVY),
        ("runner.jobtypes.counting", HEAVY),
        ("runner.supervise.supervisor", OF_THE_SUPERVISOR),
        ("runner.supervise.starting.processes", OF_THE_SUPERVISOR),
    ],
)
def test_a_module_imports_nothing_heavy(module: str, heavy: list[str]) -> None:
    # What importing multiprocessing brings by itself is there in every child anyway.
    program = (
        "import sys, multiprocessing.process, multiprocessing.popen_fork, multiprocessing.reduction\n"
        f"before = set(sys.modules); import {module}\n"
        f"print([name for name in {heavy} if name in sys.modules and name not in before])"
    )

    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert found == "[]\n"
