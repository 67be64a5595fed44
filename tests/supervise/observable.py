"""Functions of somebody's, which surprise in one way or another."""

from __future__ import annotations

import random

import numpy as np

seen: list[int] = []
count = 0
constant = (1, 2)
done = False
best: object = None
late: object = None
state = {"n": 0}
results = [0, 0]
many = [0] * 2000
_private = 0
dice = random.Random()


def plain(number: int) -> int:
    return number + 1


def counting() -> None:
    global count, _private  # noqa: PLW0603  # that is what surprises
    count += 1
    _private += 1


def collecting() -> None:
    seen.append(1)


def rebinding() -> None:
    global done, best, late  # noqa: PLW0603  # that is what surprises
    done = not done
    best = object() if best is None else None
    late = np


def counting_inside() -> None:
    state["n"] += 1
    results[1] += 1
    many[0] += 1


def leaving() -> None:
    counting()
    raise SystemExit(0)


def failing() -> None:
    counting()
    raise ValueError("no")


def drawing() -> float:
    return dice.random()


def draw_and_leave() -> None:
    drawing()
    raise SystemExit(0)


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


def explaining() -> int:
    """Says what it would do.

    finally:
        nothing
    finally: nothing
    """
    try:
        return int("x")
    except ValueError:
        return len(
            """
            finally:
            """
        )


def explaining_first() -> int:
    """Would do nothing.

    finally:
    """
    try:
        return 1
    finally:
        # there is nothing to do

        seen.clear()


def nested() -> int:
    try:
        return 1
    finally:
        try:
            seen.clear()
        finally:
            seen.clear()


def short() -> int:
    try:
        return 1
    finally: seen.clear()  # fmt: skip  # noqa: E701
