"""The steps of `do:`, and main's steps on shared things, with their arguments and options.

`STEPS` is the whole vocabulary: the reader, the schema and `runner.supervise.child.steps` use it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.model.records import record

if TYPE_CHECKING:
    from collections.abc import Mapping

VALUE, DURATION, LIMIT, COUNT, TEXT, BOOL, SIGNAL, DEADLY, EXCEPTION, NAME, THING, STEPS_BELOW, NOTHING = (
    "value",
    "duration",
    "limit",
    "count",
    "text",
    "bool",
    "signal",
    "deadly",
    "exception",
    "name",
    "thing",
    "steps",
    "nothing",
)
"""The types of an argument or an option of a step. `SIGNAL`: any signal that a process can ignore. `DEADLY`: one whose
default action terminates the process."""

QUEUES = ("queue", "joinable_queue")
GUARDS = ("lock", "rlock", "semaphore", "bounded_semaphore", "condition", "value")
UNSENT = ("lock", "rlock", "semaphore", "bounded_semaphore", "event", "condition", "barrier", *QUEUES)
"""Things that a process receives only at its start: they cannot be sent as values."""
NUMBERED = ("value", "raw_value")
PLACED = ("array", "dict", "list", "namespace")


@record(frozen=True, slots=True)
class Option:
    """One value in a step: its type, the shared things that it may name, and its default."""

    kind: str
    says: str
    things: tuple[str, ...] = ()
    required: bool = False


@record(frozen=True, slots=True)
class StepType:
    """One step: its description, its syntax, its argument with the key that stores it, and its options.

    With a `bare` value the step may be written as its name alone.
    """

    says: str
    example: str
    key: str
    argument: Option
    options: Mapping[str, Option]
    bare: object = ...
    in_main: bool = False


_TIMEOUT = Option(LIMIT, "The longest wait.")
_AS = Option(NAME, "The name under which the following steps can use the result, as `$NAME`.")
_DO = Option(STEPS_BELOW, "The steps.", required=True)
_TO = Option(THING, "The shared thing.", (*NUMBERED, *PLACED), required=True)
_AT = Option(VALUE, "The index, key or attribute; 0 for an array by default.")


def _guard(says: str) -> Option:
    return Option(THING, says, GUARDS)


STEPS: dict[str, StepType] = {
    "print": StepType(
        "Prints a value.",
        "print: hello",
        "value",
        Option(VALUE, "What to print."),
        {"end": Option(TEXT, "The text after it: a line break by default.")},
        in_main=True,
    ),
    "sleep": StepType("Sleeps.", "sleep: 500ms", "seconds", Option(DURATION, "How long."), {}),
    "spin": StepType(
        "Keeps a processor busy for this much of its time.", "spin: 500ms", "seconds", Option(DURATION, "How long."), {}
    ),
    "exit": StepType(
        "Ends by sys.exit.", "exit: 3", "value", Option(VALUE, "The exit code, or a text."), {}, 0, in_main=True
    ),
    "raise": StepType(
        "Raises a built-in exception.",
        "{raise: ValueError, message: no}",
        "exception",
        Option(EXCEPTION, "Its name, such as ValueError."),
        {"message": Option(VALUE, "Its message.")},
    ),
    "return": StepType(
        "Ends like a target that returns a value, which does not set the exit code.",
        "return: 3",
        "value",
        Option(VALUE, "The value."),
        {},
        None,
    ),
    "crash": StepType(
        "Dies of a signal.",
        "crash: SIGSEGV",
        "signal",
        Option(DEADLY, "The signal: SIGSEGV by default."),
        {},
        "SIGSEGV",
    ),
    "hang": StepType("Waits for ever.", "hang", "nothing", Option(NOTHING, "Nothing."), {}, None),
    "ignore": StepType("Ignores a signal from now on.", "ignore: SIGTERM", "signal", Option(SIGNAL, "The signal."), {}),
    "acquire": StepType(
        "Acquires a guard; after the timeout, goes on without it.",
        "acquire: door",
        "thing",
        _guard("The guard; for a value its own lock."),
        {"timeout": _TIMEOUT, "as": Option(NAME, "Whether it was acquired.")},
        in_main=True,
    ),
    "release": StepType("Releases a guard.", "release: door", "thing", _guard("The guard."), {}, in_main=True),
    "with": StepType(
        "Does steps while holding a guard.",
        "{with: door, do: [print: hello]}",
        "thing",
        _guard("The guard."),
        {"do": _DO},
    ),
    "wait": StepType(
        "Waits for an event to be set, for a condition to be notified, or for all others at a barrier; "
        "after the timeout, a barrier raises `BrokenBarrierError`, and `as` is False for the others.",
        "wait: go",
        "thing",
        Option(THING, "What to wait for.", ("event", "condition", "barrier")),
        {"timeout": _TIMEOUT, "as": Option(NAME, "Whether it came in time; at a barrier the index.")},
    ),
    "notify": StepType(
        "Wakes processes that wait for a condition.",
        "notify: bell",
        "thing",
        Option(THING, "The condition, which must be acquired.", ("condition",)),
        {"n": Option(COUNT, "How many to wake: 1 by default.")},
    ),
    "notify_all": StepType(
        "Wakes all processes that wait for a condition.",
        "notify_all: bell",
        "thing",
        Option(THING, "The condition, which must be acquired.", ("condition",)),
        {},
    ),
    "set": StepType("Sets an event.", "set: go", "thing", Option(THING, "The event.", ("event",)), {}, in_main=True),
    "clear": StepType(
        "Clears an event.", "clear: go", "thing", Option(THING, "The event.", ("event",)), {}, in_main=True
    ),
    "put": StepType(
        "Puts an item into a queue, waiting for room if it is full; after the timeout, `queue.Full` is raised.",
        "{put: 1, into: tasks}",
        "value",
        Option(VALUE, "The item."),
        {"into": Option(THING, "The queue.", QUEUES, required=True), "timeout": _TIMEOUT},
        in_main=True,
    ),
    "get": StepType(
        "Gets an item from a queue, waiting for one; after the timeout, `queue.Empty` is raised.",
        "{get: tasks, as: item}",
        "thing",
        Option(THING, "The queue.", QUEUES),
        {"as": _AS, "timeout": _TIMEOUT},
        in_main=True,
    ),
    "task_done": StepType(
        "Marks an item that was got as done.",
        "task_done: chores",
        "thing",
        Option(THING, "The queue.", ("joinable_queue",)),
        {},
    ),
    "join_queue": StepType(
        "Waits until every item of a queue is done.",
        "join_queue: chores",
        "thing",
        Option(THING, "The queue.", ("joinable_queue",)),
        {},
        in_main=True,
    ),
    "add": StepType(
        "Reads a number, adds to it and writes it back: three separate operations that only a guard makes"
        " atomic; at index 0 of an array unless `at` is given.",
        "{add: 1, to: total}",
        "value",
        Option(VALUE, "How much."),
        {"to": _TO, "at": _AT, "times": Option(COUNT, "How often: once by default.")},
    ),
    "write": StepType(
        "Writes a value into a shared thing; at index 0 of an array unless `at` is given.",
        "{write: 1, to: total}",
        "value",
        Option(VALUE, "The value."),
        {"to": _TO, "at": _AT},
    ),
    "append": StepType(
        "Appends to a list.",
        "{append: 1, to: names}",
        "value",
        Option(VALUE, "The value."),
        {"to": Option(THING, "The list.", ("list",), required=True)},
    ),
    "repeat": StepType(
        "Does steps several times.",
        "{repeat: 3, do: [print: hello]}",
        "times",
        Option(COUNT, "How often."),
        {"do": _DO, "as": Option(NAME, "The name under which the steps can use the round's number, from 0.")},
    ),
    "child": StepType(
        "Starts a child process that does steps, and goes on; a child that is not a daemon is waited for at the end.",
        "{child: helper, do: [print: hello]}",
        "name",
        Option(TEXT, "The name of the process."),
        {"do": _DO, "daemon": Option(BOOL, "Whether it is a daemon: like its parent by default.")},
    ),
}
ORDERS = ("start", "sleep", "join", "terminate", "kill", "show")
"""What main does with processes. These are not steps of `do:`, except `sleep`, which is both."""
IN_DO = tuple(STEPS)
IN_MAIN = tuple(name for name, step in STEPS.items() if step.in_main)
