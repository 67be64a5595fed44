"""Select the returned values that survive a round trip through JSON unchanged.

Children import this module when there is a returned value to report.
"""

from __future__ import annotations

import json
import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.plan import Json

MOST_BYTES = 32 << 10
"""Of the JSON text of a value, in UTF-8."""
MOST_DEPTH = 100
"""Of lists and dicts in each other: every reader of a report takes this many without reaching a recursion limit."""
_BITS_OF_A_DIGIT = 4


def json_value(value: object) -> Json:
    """The value itself if JSON gives back an equal one of the same types and its text is short enough, else None.

    A tuple, a dict with other keys than text, NaN and an instance of a subclass do not come back as they were. No code
    of the value's own is called: the types are exactly those that JSON has.
    """
    try:
        if not _is_made_of_json_types(value):
            return None
        text = json.dumps(value, ensure_ascii=False)
        is_short = len(text.encode(errors="surrogatepass")) <= MOST_BYTES
        # Two surrogates in a row come back as one character. What is escaped here is what the record will contain.
        return value if is_short and json.loads(json.dumps(value)) == value else None  # type: ignore[return-value]  # it is made of JSON's types
    except Exception:  # a thread of the target changes it meanwhile, an int has too many digits, no memory is left
        return None


def _is_made_of_json_types(value: object) -> bool:
    """Whether the value consists of JSON's types alone, and is neither too long nor too deep to be looked at."""
    room = MOST_BYTES
    level: list[object] = [value]
    for _ in range(MOST_DEPTH):
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
    """At least how many bytes the value's own text takes, its items not counted."""
    if type(value) is str or type(value) is list or type(value) is dict:
        return 2 + len(value)
    return value.bit_length() // _BITS_OF_A_DIGIT if type(value) is int else 1


def _is_scalar(value: object) -> bool:
    if type(value) is float:
        return math.isfinite(value)
    return value is None or type(value) in (bool, int, str)
