"""Flush stdout and stderr safely, even if user code replaced the two streams."""

from __future__ import annotations

import contextlib
import sys
from multiprocessing import util


def flush_streams() -> None:
    """Flush the buffers of stdout and stderr; an import may have replaced the streams with anything."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()


def flush_whatever_is_there() -> None:
    """Have multiprocessing flush the streams as we do, here and in forked processes: user code may have replaced
    them."""
    util._flush_std_streams = flush_streams  # type: ignore[attr-defined]  # there is no public way
