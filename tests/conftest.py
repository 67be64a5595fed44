"""Fixtures for all tests; one of them sees that each leaves nothing behind."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.effort import START_METHODS, share_of
from tests.traces import left_after_a_while, mark, traces

if TYPE_CHECKING:
    from collections.abc import Iterator

# A process started in the background ignores SIGINT and SIGQUIT, one under nohup SIGHUP, and its children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
# The time that an example takes depends on the machine alone.
settings.register_profile(
    "of_these_tests", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=share_of(100)
)
settings.load_profile("of_these_tests")
# readline, which pytest imports, sets them behind Python's back: commands that tests run would break lines there.
os.unsetenv("COLUMNS")
os.unsetenv("LINES")
forks: list[str] = []
"""The calls of `os.fork` by this process since the test began."""
os.register_at_fork(before=lambda: forks.append("fork"))
mark()


@pytest.fixture(params=START_METHODS)
def start_method(request: pytest.FixtureRequest) -> str:
    """Each of multiprocessing's start methods in turn."""
    return str(request.param)


@pytest.fixture(autouse=True, scope="session")
def _the_same_everywhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Plans and what is temporary are kept in folders of the tests; any terminal is one like most."""
    # A short path: sockets lie in there.
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="tests-") as temporary:
        patch.setenv("TMPDIR", temporary)
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patch.setenv("TERM", "xterm-256color")
        patch.delenv("NO_COLOR", raising=False)
        yield


@pytest.fixture(autouse=True)
def _forks_alone(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that forks pytest's own process is marked `alone`: a worker of xdist has a second thread."""
    forks.clear()
    yield
    assert not forks or request.node.get_closest_marker("alone"), "it forks in pytest's own process: mark it `alone`"


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> Iterator[None]:
    """After each test there is no process, descriptor, shared memory or zombie that was not there before."""
    before = traces()
    yield
    left = left_after_a_while(before)
    assert not left, f"left behind: {left}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what needs Linux, where these tests run elsewhere, or as if they did (`as_on_macos`)."""
    for item in items:
        marker = item.get_closest_marker("linux")
        if marker is not None and sys.platform != "linux":
            item.add_marker(pytest.mark.skip(reason=f"only Linux has it: {marker.args[0]}"))
