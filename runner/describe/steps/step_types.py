"""The steps of `do:`, and main's steps on shared things, with their arguments and options.

`STEPS` is the whole vocabulary: the reader, the schema and `runner.supervise.child.steps` go by it.
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
"""What an argument or an option of a step can be: a signal can be ignored, a deadly one ends who does not mind it."""

QUEUES = ("queue", "joinable_queue")
GUARDS = ("lock", "rlock", "semaphore", "bounded_semaphore", "condition", "value")
UNSENT = ("lock", "rlock", "semaphore", "bounded_semaphore", "event", "condition", "barrier", *QUEUES)
"""What a process gets when it is started, and never later: it is no value."""
NUMBERED = ("value", "raw_value")
PLACED = ("array", "dict", "list", "namespace")


@record(frozen=True, slots=True)
class Option:
    """What stands in a step: of what kind, which shared things it may name, and what it is if it is not given."""

    kind: str
    says: str
    things: tuple[str, ...] = ()
    required: bool = False


@record(frozen=True, slots=True)
class StepType:
    """One step: what it does, how it is written, its argument with the key that it is kept under, and its options.

    With a `bare` value the step may be written as its name alone.
    """

    says: str
    example: str
    key: str
    argument: Option
    options: Mapping[str, Option]
    bare: object = ...
    in_main: bool = False


_TIMEOUT = Option(LIMIT, "How long to wait at most.")
_AS = Option(NAME, "The name under which the following steps have the result, as `$NAME`.")
_DO = Option(STEPS_BELOW, "The steps.", required=True)
_TO = Option(THING, "The shared thing.", (*NUMBERED, *PLACED), required=True)
_AT = Option(VALUE, "The index, key or attribute; 0 for an array unless given.")


def _guard(says: str) -> Option:
    return Option(THING, says, GUARDS)


STEPS: dict[str, StepType] = {
    "print": StepType(
        "Prints a value.",
        "print: hello",
        "value",
        Option(VALUE, "What to print."),
        {"end": Option(TEXT, "What follows it: a line break unless given.")},
        in_main=True,
    ),
    "sleep": StepType("Sleeps.", "sleep: 500ms", "seconds", Option(DURATION, "How long."), {}),
    "spin": StepType(
        "Keeps a processor busy for so much of its time.", "spin: 500ms", "seconds", Option(DURATION, "How long."), {}
    ),
    "exit": StepType(
        "Ends by sys.exit.", "exit: 3", "value", Option(VALUE, "The exit code, or a text."), {}, 0, in_main=True
    ),
    "raise": StepType(
        "Raises an exception of Python's.",
        "{raise: ValueError, message: no}",
        "exception",
        Option(EXCEPTION, "Its name, such as ValueError."),
        {"message": Option(VALUE, "What it says.")},
    ),
    "return": StepType(
        "Ends as a target that returns a value, which is no exit code.",
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
        Option(DEADLY, "The signal: SIGSEGV unless given."),
        {},
        "SIGSEGV",
    ),
    "hang": StepType("Waits for ever.", "hang", "nothing", Option(NOTHING, "Nothing."), {}, None),
    "ignore": StepType("Ignores a signal from now on.", "ignore: SIGTERM", "signal", Option(SIGNAL, "The signal."), {}),
    "acquire": StepType(
        "Acquires a guard; goes on without it when the timeout is over.",
        "acquire: door",
        "thing",
        _guard("The guard; of a value its own lock."),
        {"timeout": _TIMEOUT, "as": Option(NAME, "Whether it was acquired.")},
        in_main=True,
    ),
    "release": StepType("Releases a guard.", "release: door", "thing", _guard("The guard."), {}, in_main=True),
    "with": StepType(
        "Does steps while it has a guard.",
        "{with: door, do: [print: hello]}",
        "thing",
        _guard("The guard."),
        {"do": _DO},
    ),
    "wait": StepType(
        "Waits for an event to be set, for a condition to be notified, or for all others at a barrier; when the "
        "timeout is over, a barrier raises `BrokenBarrierError`, and `as` is False of the others.",
        "wait: go",
        "thing",
        Option(THING, "What to wait for.", ("event", "condition", "barrier")),
        {"timeout": _TIMEOUT, "as": Option(NAME, "Whether it came in time; at a barrier the place.")},
    ),
    "notify": StepType(
        "Wakes who waits for a condition.",
        "notify: bell",
        "thing",
        Option(THING, "The condition, which must be acquired.", ("condition",)),
        {"n": Option(COUNT, "How many to wake: 1 unless given.")},
    ),
    "notify_all": StepType(
        "Wakes all who wait for a condition.",
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
        "Puts an item into a queue; a full one is waited for; when the timeout is over, `queue.Full` is raised.",
        "{put: 1, into: tasks}",
        "value",
        Option(VALUE, "The item."),
        {"into": Option(THING, "The queue.", QUEUES, required=True), "timeout": _TIMEOUT},
        in_main=True,
    ),
    "get": StepType(
        "Gets an item from a queue, waiting for one; when the timeout is over, `queue.Empty` is raised.",
        "{get: tasks, as: item}",
        "thing",
        Option(THING, "The queue.", QUEUES),
        {"as": _AS, "timeout": _TIMEOUT},
        in_main=True,
    ),
    "task_done": StepType(
        "Says that an item that was got is done.",
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
        "Reads a number, adds to it and writes it back: three motions that only a guard keeps together; in the place 0 "
        "of an array unless `at` is given.",
        "{add: 1, to: total}",
        "value",
        Option(VALUE, "How much."),
        {"to": _TO, "at": _AT, "times": Option(COUNT, "How often: once unless given.")},
    ),
    "write": StepType(
        "Writes a value into a shared thing; into the place 0 of an array unless `at` is given.",
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
        {"do": _DO, "as": Option(NAME, "The name under which the steps have the round's number, from 0.")},
    ),
    "child": StepType(
        "Starts a process of its own that does steps, and goes on; what is no daemon is waited for at the end.",
        "{child: helper, do: [print: hello]}",
        "name",
        Option(TEXT, "The name of the process."),
        {"do": _DO, "daemon": Option(BOOL, "Whether it is a daemon: as its parent unless given.")},
    ),
}
ORDERS = ("start", "sleep", "join", "terminate", "kill", "show")
"""What main does with processes, which are no steps of `do:`; but `sleep` is one of both."""
IN_DO = tuple(STEPS)
IN_MAIN = tuple(name for name, step in STEPS.items() if step.in_main)
