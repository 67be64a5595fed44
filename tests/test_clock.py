"""The clocks, which a preload cannot replace."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from runner.system import clock

if TYPE_CHECKING:
    import pytest


def test_the_clocks_go_on_when_those_of_the_module_time_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    before = time.monotonic(), time.time()
    for name in ("monotonic", "time", "sleep"):
        monkeypatch.setattr(time, name, lambda *_: 0.0)

    clock.sleep(0.001)

    assert clock.monotonic() > before[0]
    assert clock.wall() > before[1]
