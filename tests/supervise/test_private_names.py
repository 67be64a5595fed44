"""The private names of the standard library that the package stands on, held on each Python that runs the tests."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # it has no stubs
import ast
import multiprocessing
import re
import sys
import threading
import weakref
from multiprocessing import context, forkserver, managers, pool, process, queues, resource_tracker, synchronize, util
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from runner.model import multiprocessing_protocols

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTEXT = multiprocessing.get_context("spawn")
SUPERVISE = Path(__file__).parents[2] / "runner" / "supervise"

NAMES = {
    "_Popen": multiprocessing.Process,
    "_popen": multiprocessing.Process(),
    "_target": multiprocessing.Process(),
    "_args": multiprocessing.Process(),
    "_waiters": threading.Condition(),
    "_kwargs": multiprocessing.Process(),
    "_identity": multiprocessing.Process(),
    "_bootstrap": multiprocessing.Process,
    "_children": process,
    "_config": process.current_process(),
    "_exit_function": util,
    "_exiting": util,
    "_forkserver": forkserver,
    "_forkserver_address": forkserver._forkserver,
    "_forkserver_pid": forkserver._forkserver,
    "_pid": resource_tracker._resource_tracker,
    "_forkserver_alive_fd": forkserver._forkserver,
    "_resource_tracker": resource_tracker,
    "_stop": forkserver._forkserver,
    "_semlock": CONTEXT.Semaphore(1),
    "_make_methods": CONTEXT.RLock(),
    "_lock": CONTEXT.Condition(),
    "_sleeping_count": CONTEXT.Condition(),
    "_woken_count": CONTEXT.Condition(),
    "_wait_semaphore": CONTEXT.Condition(),
    "_cond": CONTEXT.JoinableQueue(),
    "_closed": CONTEXT.Queue(),
    "_joincancelled": CONTEXT.Queue(),
    "_on_queue_feeder_error": CONTEXT.Queue(),
    "_send_bytes": CONTEXT.Queue(),
    "_wlock": CONTEXT.Queue(),
    "_reader": CONTEXT.Queue(),
    "_recv": CONTEXT.Pipe()[0],
    "_send": CONTEXT.Pipe()[1],
    "_recv_bytes": CONTEXT.Queue(),
    "_rlock": CONTEXT.Queue(),
    "_sem": CONTEXT.Queue(),
    "_writer": CONTEXT.Queue(),
    "_bit_generator": np.random.RandomState(),
    "_getframe": sys,
    "_current_frames": sys,
    "_finalizer_registry": util,
    "_cleanup": synchronize.SemLock,
    "_terminate_pool": pool.Pool,
    "_registry": weakref.finalize,
    "_afterfork_registry": util,
    "_flush_std_streams": util,
    "_logger": util,
    "_after_fork": process.BaseProcess,
    "_start_method": multiprocessing.Process,
    "_force_start_method": context,
    "_current_process": process,
    "_parent_process": process,
    "_process_counter": process,
    "_set_native_id": threading.main_thread(),
    "_shutdown": threading,
    "_callback": util.Finalize(None, int, exitpriority=0),
    "_buffer": CONTEXT.Queue(),
    "_sentinel": queues,
    "_finalize_join": queues.Queue,
    "_getvalue": managers.BaseProxy,
}
OF_A_SEMAPHORE = ("_after_fork", "_count", "_get_value", "_is_mine", "_is_zero")
"""Of the C half, which `TracedSemLock` stands in front of."""
OF_THE_SYSTEM = {"_exit", "_clear", "_ncallbacks", "_run_exitfuncs"}
"""`os._exit` is documented; those of atexit are what multiprocessing itself calls."""
WHERE_IT_EXISTS = {"_fork_intent"}
"""Of newer Pythons; `tests/processes/test_forking.py` tests what it is for."""


@pytest.mark.parametrize("name", NAMES)
def test_a_private_name_is_there(name: str) -> None:
    assert hasattr(NAMES[name], name)


@pytest.mark.parametrize("name", OF_A_SEMAPHORE)
@pytest.mark.parametrize("made", [CONTEXT.Lock(), CONTEXT.RLock(), CONTEXT.Semaphore(3), CONTEXT.Queue()._sem])  # type: ignore[attr-defined]  # that is what is tested
def test_a_semaphore_has_what_is_taken_over_of_it(made: object, name: str) -> None:
    assert callable(getattr(made._semlock, name))  # type: ignore[attr-defined]  # that is what is tested


@pytest.mark.parametrize("name", ["_lock", "_sleeping_count", "_woken_count", "_wait_semaphore", "_make_methods"])
@pytest.mark.parametrize("made", [CONTEXT.Event(), CONTEXT.Barrier(2), CONTEXT.JoinableQueue()])
def test_what_is_made_of_a_condition_has_one(made: object, name: str) -> None:
    assert hasattr(made._cond, name)  # type: ignore[attr-defined]  # that is what is tested


@pytest.mark.alone
def test_a_manager_has_its_process() -> None:
    with managers.SyncManager(ctx=multiprocessing.get_context("fork")) as manager:
        assert manager._process.pid in {child.pid for child in multiprocessing.active_children()}  # type: ignore[attr-defined]  # that is what is tested


@pytest.mark.alone
def test_a_pool_has_what_replaces_its_workers() -> None:
    with CONTEXT.Pool(1) as made:
        workers, notifier, replacing = made._terminate._args[3:6]  # type: ignore[attr-defined]  # that is what is tested

        assert workers is made._pool  # type: ignore[attr-defined]  # that is what is tested
        assert notifier is made._change_notifier  # type: ignore[attr-defined]  # that is what is tested
        assert replacing is made._worker_handler  # type: ignore[attr-defined]  # that is what is tested
        assert replacing._state == pool.RUN


def test_shared_memory_has_its_descriptor() -> None:
    memory = SharedMemory(create=True, size=8)

    assert isinstance(memory._fd, int)  # type: ignore[attr-defined]  # that is what is tested
    memory.close()
    memory.unlink()


def test_the_resource_tracker_can_be_stopped() -> None:
    assert callable(resource_tracker._resource_tracker._stop)  # type: ignore[attr-defined]  # that is what is tested


def test_the_c_half_of_signal_takes_numbers() -> None:
    before = _signal.getsignal(_signal.SIGHUP)

    assert _signal.signal(_signal.SIGHUP, _signal.SIG_IGN) == before
    assert _signal.signal(_signal.SIGHUP, before) == _signal.SIG_IGN


def test_a_semaphore_tells_its_value() -> None:
    semaphore = multiprocessing.get_context("spawn").Semaphore(2)
    semaphore.acquire()

    assert isinstance(semaphore, synchronize.Semaphore)
    assert semaphore._semlock._get_value() == 1  # type: ignore[attr-defined]  # that is what is tested


def test_no_other_private_name_of_somebody_elses_is_used() -> None:
    used = set[str]()
    for path in SUPERVISE.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text())))
        own = {node.attr for node in nodes if isinstance(node, ast.Attribute) and _is_self(node.value)}
        own |= {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
        used |= {name for node in nodes for name in _names(node) if re.fullmatch("_[a-zA-Z][a-z_]*", name)} - own

    assert used == NAMES.keys() | OF_THE_SYSTEM | WHERE_IT_EXISTS | {*OF_A_SEMAPHORE, "_fd", "_process", "_state"}


def test_every_private_name_that_a_type_has_is_one_of_these() -> None:
    kinds = [kind for kind in vars(multiprocessing_protocols).values() if getattr(kind, "_is_protocol", False)]
    named = {
        name for kind in kinds for name in (*kind.__annotations__, *vars(kind)) if re.fullmatch("_[a-z][a-z_]*", name)
    }

    assert named - {"_is_protocol", "_abc_impl", "_is_runtime_protocol"} <= NAMES.keys() | {*OF_A_SEMAPHORE, "_fd"}


def _names(node: ast.AST) -> Iterator[str]:
    """The name of an attribute of something else, or text that `getattr` may be asked for."""
    match node:
        case ast.Attribute(value, name) if not _is_self(value):
            yield name
        case ast.Constant(str(text)):
            yield text


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"
