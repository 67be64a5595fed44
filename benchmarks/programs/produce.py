"""Writes so many lines of 80 bytes: in blocks of 64 KiB of whole lines, as a target or a program, or one by one."""

import os
import sys

LINE = b"x" * 79 + b"\n"
BLOCK = LINE * (65536 // len(LINE))


def produce(lines: int) -> None:
    rest = memoryview(LINE * (lines % (len(BLOCK) // len(LINE))))
    for _ in range(lines // (len(BLOCK) // len(LINE))):
        _write(memoryview(BLOCK))
    _write(rest)


def print_lines(lines: int) -> None:
    for _ in range(lines):
        print("x" * 79)


def _write(data: memoryview) -> None:
    while data:
        data = data[os.write(1, data) :]


if __name__ == "__main__":
    produce(int(sys.argv[1]))
