"""Convert the argument of `sys.exit` into the exit code that the operating system sees.

Children import this module.
"""

from __future__ import annotations


def exit_status(code: object) -> int:
    """Return the exit code that the system sees for `sys.exit(code)`: its lowest 8 bits, as under a plain
    interpreter."""
    if code is None:
        return 0
    if not isinstance(code, int):
        return 1
    return code & 0xFF if -(2**63) <= code < 2**63 else 0xFF
