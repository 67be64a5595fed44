"""Targets that cannot be had, or not called: one variable says what is wrong with the import of this module."""

from __future__ import annotations

import os
import sys
import time

match os.environ.get("BROKEN"):
    case "raises":
        raise LookupError("at import")
    case "exits":
        sys.exit("at import")
    case "takes long":
        time.sleep(3)
    case "prints":
        print("printed at import")

number = 3


def of_two(first: object, second: object) -> None:
    print(first, second)


class Unpicklable:
    def __reduce__(self) -> str:
        raise TypeError("it cannot be pickled")
