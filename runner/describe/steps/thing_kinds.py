"""The kinds of shared things that `shared:` can declare, with their arguments and options.

The reader and the schema go by these tables.
"""

from __future__ import annotations

from runner.model.records import record

MAX_PERMITS = 32_767
"""The most permits of a semaphore that every system allows."""


MAX_LENGTH = 100_000_000


RESERVED = ("name", "index", "pid", "env", "all")
"""Placeholders and words that have another meaning."""


@record(frozen=True, slots=True)
class Kind:
    """One kind of shared thing: its description, its argument, and the argument used if the name stands alone."""

    says: str
    argument: str
    default: object = ...
    options: tuple[str, ...] = ("trace",)


KINDS: dict[str, Kind] = {
    "lock": Kind("A lock: one process at a time.", "nothing", None),
    "rlock": Kind("A lock that its owner may acquire again.", "nothing", None),
    "semaphore": Kind("A semaphore with a number of permits.", "permits", 1),
    "bounded_semaphore": Kind("A semaphore that must not be released more often than it was acquired.", "permits", 1),
    "event": Kind("An event, to be set and waited for.", "flag", False),
    "condition": Kind("A condition with its lock, to be waited for and notified.", "nothing", None),
    "barrier": Kind("A barrier that opens when a number of processes wait at it.", "parties"),
    "queue": Kind("A queue with room for a number of items: 0 for any number.", "size", 0),
    "joinable_queue": Kind("A queue that counts the items that are not done yet.", "size", 0),
    "value": Kind("A number in shared memory, with a lock of its own.", "number", 0, ("trace", "dtype")),
    "raw_value": Kind("A number in shared memory, with no lock.", "number", 0, ("dtype",)),
    "array": Kind("Numbers in shared memory, as a numpy array: a list, or how many zeros.", "numbers", ..., ("dtype",)),
    "dict": Kind("A dict in a manager's process.", "mapping", {}, ()),
    "list": Kind("A list in a manager's process.", "items", [], ()),
    "namespace": Kind("Attributes in a manager's process.", "mapping", {}, ()),
}


WITHOUT_VALUE = ("lock", "rlock", "semaphore", "bounded_semaphore", "event", "condition", "barrier")
"""Kinds without a last value."""


OPTIONS = {
    "trace": "Whether its waiters and owners are recorded: true by default.",
    "dtype": "numpy's type of the numbers: by default int64, or float64 if one of them has a fraction.",
}
