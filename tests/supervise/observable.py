"""Functions of somebody's, which surprise in one way or another."""

from __future__ import annotations

import numpy as np

seen: list[int] = []
count = 0
constant = (1, 2)
_private = 0


def plain(number: int) -> int:
    return number + 1


def counting() -> None:
    global count, _private  # noqa: PLW0603  # that is what surprises
    count += 1
    _private += 1


def collecting() -> None:
    seen.append(1)


def drawing() -> float:
    return float(np.random.rand())  # that is what surprises


def cleaning() -> int:
    try:
        return 1
    finally:
        seen.clear()


def catching() -> int:
    try:
        return int("x")
    except ValueError:
        return 0


class News:
    """No function."""


def after() -> int:
    try:
        return 1
    finally:
        pass
