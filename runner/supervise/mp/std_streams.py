"""Flush stdout and stderr safely, even if user code replaced the two streams."""

from __future__ import annotations

import contextlib
import sys
from multiprocessing import util


def flush_streams() -> None:
    """Write what lies in the buffers of stdout and stderr; an import may have put anything in their places."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()


def flush_whatever_is_there() -> None:
    """Have multiprocessing flush the streams as we do, here and in what is forked: user code may have replaced them."""
    util._flush_std_streams = flush_streams  # type: ignore[attr-defined]  # there is no public way
