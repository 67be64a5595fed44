"""Select the returned values that survive a round trip through JSON unchanged.

Children import this module if there is a returned value to report.
"""

from __future__ import annotations

import json
import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.json_types import Json

MAX_BYTES = 32 << 10
"""The size of a value's JSON text, in UTF-8."""
MAX_DEPTH = 100
"""The depth of nested lists and dicts: every reader of a report can read this without reaching a recursion limit."""
_BITS_OF_A_DIGIT = 4


def json_value(value: object) -> Json:
    """Return the value itself if JSON preserves it with its types and its text is short enough, else None.

    JSON does not preserve a tuple, a dict whose keys are not text, NaN or an instance of a subclass. No code of the
    value's class is called: the types are exactly those that JSON has.
    """
    try:
        if not _is_made_of_json_types(value):
            return None
        text = json.dumps(value, ensure_ascii=False)
        is_short = len(text.encode(errors="surrogatepass")) <= MAX_BYTES
        # Two surrogates in a row come back as one character. The text tested here is the text that the record will
        # contain.
        return value if is_short and json.loads(json.dumps(value)) == value else None  # type: ignore[return-value]  # it is made of JSON's types
    except Exception:  # a thread of the target changes it meanwhile, an int has too many digits, no memory is left
        return None


def _is_made_of_json_types(value: object) -> bool:
    """Return whether the value consists of JSON's types alone, and is neither too long nor too deep to be searched."""
    room = MAX_BYTES
    level: list[object] = [value]
    for _ in range(MAX_DEPTH):
        below: list[object] = []
        for one in level:
            room -= _least_length(one)
            if room < 0:
                return False
            if type(one) is list:
                below += one
            elif type(one) is dict:
                if not all(type(key) is str for key in one):
                    return False
                below += one
                below += one.values()
            elif not _is_scalar(one):
                return False
        if not below:
            return True
        level = below
    return False


def _least_length(value: object) -> int:
    """Return the least number of bytes of the value's own text, without its items."""
    if type(value) is str or type(value) is list or type(value) is dict:
        return 2 + len(value)
    return value.bit_length() // _BITS_OF_A_DIGIT if type(value) is int else 1


def _is_scalar(value: object) -> bool:
    if type(value) is float:
        return math.isfinite(value)
    return value is None or type(value) in (bool, int, str)
