"""A process group for each child, which the child does not lead: it signals its own group and hits no other process.

A process that leads a group cannot call `setsid`, as targets do that become daemons. So the leader is a process that
does nothing but exit: the group keeps its number as long as it has a member. Children import this module.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_SHARING_MEMORY = 0x100 | 0x4000
"""CLONE_VM and CLONE_VFORK: the leader copies nothing, and this process goes on when it has ended. No signal tells."""
_ANY_CHILD = 0x40000000
"""__WALL: a child that ends without a signal is otherwise not waited for."""
_STACK_BYTES = 1 << 14


def lead() -> int:
    """The pid of a new leader of a group, for `enter` and `let_go`; 0 where it cannot be had."""
    leader = _clone()
    if leader <= 0:
        return 0
    os.setpgid(leader, leader)
    return leader


def enter(leader: int) -> None:
    """Move this process, a forked child, into the group of this leader, or into one of its own."""
    if leader:
        os.setpgid(0, leader)
    else:
        enter_own_group()


def let_go(leader: int, member: int) -> None:
    """Reap the leader, with this child as a member of its group; 0 stands for no child."""
    if leader:
        if member:
            with contextlib.suppress(OSError):  # it is in the group already, and has gone on
                os.setpgid(member, leader)
        os.waitpid(leader, _ANY_CHILD)


def enter_own_group() -> None:
    """Move this process into a group of its own; where there is no process to lead it, lead it."""
    try:
        leader = lead()
        if leader:
            let_go(leader, os.getpid())
        else:
            _fork_leader()
    except OSError:
        os.setpgid(0, 0)


def _fork_leader() -> None:
    """The same with a forked leader that lives until we are in its group: not every system finds a dead one."""
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


def _load() -> Callable[[], int]:
    """What makes a process that calls `_exit` at once, and gives its pid: 30 µs, where a fork takes 900.

    Gives -1 where there is no such thing.
    """
    if not sys.platform.startswith("linux"):
        return lambda: -1
    try:
        import _ctypes
    except ImportError:  # a Python without libffi
        return lambda: -1

    class Pointer(_ctypes._SimpleCData):  # type: ignore[type-arg]  # what `ctypes.c_void_p` is, without its siblings
        _type_ = "P"

    library = _ctypes.dlopen(None, 0)  # type: ignore[arg-type]  # None is ourselves
    clone, leave = _ctypes.dlsym(library, "clone"), Pointer(_ctypes.dlsym(library, "_exit"))
    # Private: two children of a forkserver may do this at the same time.
    stack = mmap.mmap(-1, _STACK_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    base = Pointer.from_buffer(stack)
    arguments = leave, Pointer(_ctypes.addressof(base) + _STACK_BYTES), _SHARING_MEMORY, 0

    def clone_leader(_kept: object = base) -> int:
        return int(_ctypes.call_function(clone, arguments))

    return clone_leader


_clone = _load()
