"""The threads that a process has when it forks."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING, Any

import pytest

from runner.supervise.child import fork_threads, messages

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(("name", "is_named"), [("poller", True), ("QueueFeederThread", False)])
def test_a_fork_beside_threads_is_told_with_their_names(
    name: str, is_named: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    before: list[Callable[[], None]] = []
    said: list[list[Any]] = []
    monkeypatch.setattr(os, "register_at_fork", lambda **hooks: before.append(hooks["before"]))
    monkeypatch.setattr(messages, "tell", lambda text: said.append(json.loads(text)))
    monkeypatch.setattr(fork_threads, "names", [])
    monkeypatch.setattr(fork_threads, "_watched", [])
    others = fork_threads.others()  # as pytest's own timeout may have one
    over = threading.Event()
    thread = threading.Thread(target=over.wait, name=name)
    thread.start()
    fork_threads.watch()

    before[0]()

    found = [*others, *([name] if is_named else [])]
    over.set()
    thread.join()
    assert fork_threads.names == found
    assert said == ([["forked_with", found, True]] if found else [])


def test_a_forked_process_that_forks_before_it_is_watched_keeps_the_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fork_threads, "names", ["refresher"])
    monkeypatch.setattr(fork_threads, "_watched", [os.getppid()])

    fork_threads._note()

    assert fork_threads.names == ["refresher"]
