"""The words of the file, of events and of results, one list for each kind of word."""

from __future__ import annotations

from typing import Literal, NewType, TypeAlias

Outcome: TypeAlias = Literal["lost", "timed_out", "killed", "terminated", "out_of_memory", "succeeded", "failed"]
"""How a process ended: the first that holds."""

RunOutcome: TypeAlias = Literal["succeeded", "failed", "timed_out", "stopped", "faulted"]
"""The outcome of a run; it is `faulted` if its supervisor died."""

StopReason: TypeAlias = Literal[
    "terminate_after",
    "timeout",
    "main",
    "main_ended",
    "grace_period",
    "stop_requested",
    "time_limit",
    "holder_died",
    "deadlock",
    "standstill",
    "waits_for_ever",
]
"""Why a process was sent SIGTERM or SIGKILL, or the run was stopped."""

EndedBy: TypeAlias = Literal["return", "exception", "sys_exit", "signal", "unreported"]
"""What ended a process, as the process recorded it, or as the system reported it."""

EndSource: TypeAlias = Literal["child", "supervisor"]
"""The process that took the time of an end: the child that ended, or the supervisor that noticed the end."""

TargetWord: TypeAlias = Literal[
    "drawn",
    "exit_functions_run",
    "finally",
    "forked_with",
    "globals",
    "left_for_exit",
    "lives_on",
    "read_stdin",
    "remaining",
    "unfinalized",
    "unsent",
    "unwritten",
    "worked",
]
"""What a process reports about its target, in `messages.TargetReported`."""

NoteWord: TypeAlias = Literal[
    "cpu_limit",
    "daemon_children",
    "daemon_terminated",
    "deadlock",
    "env_without_effect",
    "exit_code_truncated",
    "exit_skipped",
    "exit_text",
    "extra_release",
    "finally_skipped",
    "foreign_signal",
    "forked_with_threads",
    "global_not_shared",
    "holder_died",
    "item_lost",
    "join_before_get",
    "join_timed_out",
    "left_running",
    "lives_on",
    "lost",
    "lost_updates",
    "lost_wakeup",
    "manager_died",
    "missing_poison_pill",
    "never_started",
    "no_room",
    "no_stdin",
    "out_of_memory",
    "overflow",
    "print_order",
    "return_value",
    "same_random_numbers",
    "sigterm_ignored",
    "slow_start",
    "standstill",
    "stop_requested",
    "time_limit",
    "timeout",
    "unreported",
    "who_waits",
]
"""What a note is about, as `expect.notes` names it."""

NotAsDeclared: TypeAlias = Literal["not_as_declared"]
"""The `about` of a note that reports a difference from what the file expects."""

ForeignWord = NewType("ForeignWord", str)
"""The `about` of a note of a job type, which the author of the type chooses."""
