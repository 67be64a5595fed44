"""What a child may do wrong, a line each, and what is told of it: the same under every start method."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.running import events, once_ready, run_text

if TYPE_CHECKING:
    from runner import RunResult

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
TIMER = "TIMER"
"""Stands for the duration of a timer, which starts with the process."""
TERM = {"terminate_after": TIMER}
SUCCEEDED = ("succeeded", 0)
OF_SIGTERM = ("terminated", -15)
SEES_ITS_STACK = sys.version_info >= (3, 14)
"""From 3.14 an overflow of the C stack is an exception, which here ends the one thread that raises it."""

FAULTS: dict[str, tuple[dict[str, Any], tuple[str, int], str]] = {
    # what it does: (more of the job, (outcome, exit code), ended_by)
    "raise_unspeakable": ({}, ("failed", 1), "exception"),
    "raise_a_group": ({}, ("failed", 1), "exception"),
    "exit_with 3": ({"args": ["3"]}, ("failed", 3), "sys_exit"),
    "exit_with None": ({"args": ["None"]}, SUCCEEDED, "sys_exit"),
    "exit_with True": ({"args": ["True"]}, ("failed", 1), "sys_exit"),
    "exit_with text": ({"args": ["'text'"]}, ("failed", 1), "sys_exit"),
    "exit_with a list": ({"args": ["[]"]}, ("failed", 1), "sys_exit"),
    "exit_with 256": ({"args": ["256"]}, SUCCEEDED, "sys_exit"),
    "exit_with -1": ({"args": ["-1"]}, ("failed", 255), "sys_exit"),
    "exit_with 2**31": ({"args": ["2**31"]}, SUCCEEDED, "sys_exit"),
    "exit_with 10**30": ({"args": ["10**30"]}, ("failed", 255), "sys_exit"),
    "segfault_with_a_trace": ({}, ("failed", -11), "signal"),
    "recurse": ({}, ("failed", 1), "exception"),
    "overflow_the_c_stack": ({}, ("failed", -11), "signal") if not SEES_ITS_STACK else ({}, SUCCEEDED, "return"),
    "interrupt_oneself": ({}, ("failed", 1), "exception"),
    "abort": ({}, ("failed", -6), "signal"),
    "leave_at_once 0": ({"args": [0]}, SUCCEEDED, "unreported"),
    "leave_at_once 3": ({"args": [3]}, ("failed", 3), "unreported"),
    "use_more_memory_than_there_can_be": ({}, ("failed", 1), "exception"),
    "use_more_memory_than_allowed": ({"limits": {"memory": "64MiB"}}, ("out_of_memory", 1), "exception"),
    "use_more_time_than_allowed": ({"limits": {"cpu_seconds": 1, "core": 0}}, ("failed", -24), "signal"),
    "use_more_time_than_allowed_and_do_not_care": ({"limits": {"cpu_seconds": 1}}, ("failed", -9), "signal"),
    "open_more_files_than_allowed": ({"limits": {"open_files": 32}}, ("failed", 1), "exception"),
    "raise_a_limit": ({"limits": {"open_files": 32}}, ("failed", 1), "exception"),
    "never_end": ({"timeout": TIMER}, ("timed_out", -15), "signal"),
    "ignore_sigterm after its timeout": ({"timeout": TIMER}, ("timed_out", -9), "signal"),
    "exit_7_on_sigterm after its timeout": ({"timeout": TIMER}, ("timed_out", 7), "sys_exit"),
    "ignore_sigterm": (TERM, ("killed", -9), "signal"),
    "block_sigterm": (TERM, ("killed", -9), "signal"),
    "stop_oneself": (TERM, OF_SIGTERM, "signal"),
    "exit_7_on_sigterm": (TERM, ("failed", 7), "sys_exit"),
    "leave_a_grandchild": ({}, SUCCEEDED, "return"),
    "leave_a_daemon_of_the_old_kind": ({}, SUCCEEDED, "return"),
    "fork_a_hundred": ({}, SUCCEEDED, "return"),
    "close_the_standard_streams": ({}, SUCCEEDED, "return"),
    "close_everything": ({}, SUCCEEDED, "unreported"),
    "forget_stdout": ({}, SUCCEEDED, "return"),
    "read_stdin": ({}, SUCCEEDED, "return"),
    "leave_a_thread": ({}, SUCCEEDED, "return"),
    "raise_in_a_thread": ({}, SUCCEEDED, "return"),
    "leave_shared_memory": ({}, SUCCEEDED, "return"),
    "change_what_is_around": ({}, SUCCEEDED, "return"),
    "print_binary": ({}, SUCCEEDED, "return"),
    "print_at_exit": ({}, SUCCEEDED, "return"),
}

SAID = {
    "raise_unspeakable": "Unspeakable: <exception str() failed>",
    "raise_a_group": "ValueError: one",
    "exit_with text": "text\n",
    "segfault_with_a_trace": "Fatal Python error: Segmentation fault",
    "recurse": "RecursionError: maximum recursion depth exceeded",
    "overflow_the_c_stack": "RecursionError: Stack overflow" if SEES_ITS_STACK else "",
    "interrupt_oneself": "KeyboardInterrupt",
    "use_more_memory_than_there_can_be": "MemoryError",
    "use_more_memory_than_allowed": "MemoryError",
    "open_more_files_than_allowed": "Too many open files",
    "read_stdin": "'' b''\n",
    "raise_in_a_thread": "Exception in thread Thread-1",
    "print_binary": "half a line",
}
"""What can be read in its output, if there is something to read."""


PRINT_READY = {"ignore_sigterm", "block_sigterm", "stop_oneself", "exit_7_on_sigterm"}
"""Deeds that print `ready` before the signal may come."""


def run(fault: str, more: dict[str, Any], start_method: str, grace_period_s: float) -> RunResult:
    deed = fault.split(maxsplit=1)[0]
    job = {"name": "wrong", "target": f"deeds:{deed}"} | more
    other = "{name: other, target: report, args: [0.2, begun, ended]}"
    text = f"grace_period: {grace_period_s}\njobs:\n- {job}\n- {other}\n"
    return once_ready(
        lambda timer_s: run_text(text.replace(TIMER, f"{timer_s}s"), HERE, start_method),
        lambda result: deed not in PRINT_READY or "ready\n" in result.processes["wrong"].output,
    )


@pytest.mark.parametrize("fault", FAULTS)
def test_a_child_that_does_it_is_told_of_truly_and_hurts_nobody(fault: str, start_method: str) -> None:
    more, end, ended_by = FAULTS[fault]

    result = run(fault, more, start_method, grace_period_s=0.5 if end[1] == -signal.SIGKILL else 30)

    wrong, other = result.processes["wrong"], result.processes["other"]
    assert (wrong.outcome, wrong.exit_code) == end
    assert wrong.ended_by == ended_by
    assert SAID.get(fault, "") in wrong.output
    assert (other.outcome, other.output) == ("succeeded", "begun\nended\n")
    assert [event["process"] for event in events(result, "process.exited")].count("wrong") == 1
    assert len(events(result, "run.finished")) == 1
