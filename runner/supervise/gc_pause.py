"""Keep the garbage collector off while the supervisor imports its modules. `__main__` imports this one first.

All that imports create is needed as long as the supervisor lives: to look for garbage in it takes 4 ms of its boot.
"""

from __future__ import annotations

import gc

gc.disable()


def end() -> None:
    """Switch the collector on again, for what is created from now on."""
    gc.freeze()
    gc.enable()
