"""Give each child its own process group, so that it can signal its group without hitting other processes.

A process that leads a group cannot call `setsid`, which targets call to become daemons. So the leader is a process that
does nothing but exit: the group keeps its number as long as it has a member. Children import this module.
"""

from __future__ import annotations

import mmap
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_SHARING_MEMORY = 0x100
"""CLONE_VM: the leader copies nothing. No signal reports its end."""
_ANY_CHILD = 0x40000000
"""__WALL: without it, `waitpid` ignores a child that ends without a signal."""
_STACK_BYTES = 1 << 10
MAX_LEADERS = 64
"""The limit of leaders that are not reaped: each has a stack of its own, as it may still be exiting."""


def lead(unreaped: int = 0) -> int:
    """Return the pid of a new leader of a group, to be reaped among `unreaped`; 0 if there can be none."""
    leader = _clone(unreaped) if unreaped < MAX_LEADERS else 0
    if leader <= 0:
        return 0
    os.setpgid(leader, leader)
    return leader


class Leaders:
    """The leaders for a row of forked children: created before the forks and reaped after them.

    Work between two forks copies the pages that it touches: a leader would cost six times as much there.
    """

    __slots__ = ("_made",)

    def __init__(self) -> None:
        self._made: list[int] = []

    def make(self, count: int) -> list[int]:
        """Create more leaders, as far as possible; their groups have no members yet."""
        made = []
        for _ in range(count):
            if leader := lead(len(self._made)):
                self._made.append(leader)
                made.append(leader)
        return made

    def let_go(self) -> None:
        """Reap all leaders: a group that has a member keeps its number."""
        for leader in self._made:
            os.waitpid(leader, _ANY_CHILD)
        self._made.clear()


def put(member: int, leader: int) -> None:
    """Move a forked child into the group of this leader; a child that has ended stays in its group."""
    try:  # a context-manager object would be created again between two forks
        os.setpgid(member, leader)
    except OSError:
        return


def enter(leader: int) -> None:
    """Move this process, a forked child, into the group of this leader, or into one of its own."""
    if leader:
        os.setpgid(0, leader)
    else:
        enter_own_group()


def enter_own_group() -> None:
    """Move this process into a group of its own; if there is no other leader, lead the group."""
    try:
        leader = lead()
        if leader:
            put(os.getpid(), leader)
            os.waitpid(leader, _ANY_CHILD)
        else:
            _fork_leader()
    except OSError:
        os.setpgid(0, 0)


def _fork_leader() -> None:
    """Do the same with a forked leader that lives until we are in its group: not every system finds a dead one."""
    read, write = os.pipe()
    leader = os.fork()
    if leader == 0:
        os.close(write)
        os.read(read, 1)
        os._exit(0)
    try:
        os.setpgid(leader, leader)
        os.setpgid(0, leader)
    finally:
        os.close(read)
        os.close(write)
        os.waitpid(leader, 0)


def _load() -> Callable[[int], int]:
    """Return a function that creates a process on one of the stacks that calls `_exit` at once, and returns its pid.

    A fork takes 40 times as long. The function returns -1 if the system has no `clone`.
    """
    if not sys.platform.startswith("linux"):
        return lambda _stack: -1
    try:
        import _ctypes
    except ImportError:  # a Python without libffi
        return lambda _stack: -1

    class Pointer(_ctypes._SimpleCData):  # type: ignore[type-arg]  # what `ctypes.c_void_p` is, without its siblings
        _type_ = "P"

    library = _ctypes.dlopen(None, 0)  # type: ignore[arg-type]  # None is ourselves
    clone, leave = _ctypes.dlsym(library, "clone"), Pointer(_ctypes.dlsym(library, "_exit"))
    # Private: two children of a forkserver may do this at the same time.
    stack = mmap.mmap(-1, MAX_LEADERS * _STACK_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    base = Pointer.from_buffer(stack)
    first = _ctypes.addressof(base)
    arguments = [
        (leave, Pointer(first + (number + 1) * _STACK_BYTES), _SHARING_MEMORY, 0) for number in range(MAX_LEADERS)
    ]

    def clone_leader(stack: int, _kept: object = base) -> int:
        return int(_ctypes.call_function(clone, arguments[stack]))

    return clone_leader


_clone = _load()
