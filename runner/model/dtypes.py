"""Number types by their numpy names, with their `memoryview` formats, `ctypes` names and ranges."""

from __future__ import annotations

from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    Format: TypeAlias = Literal["b", "h", "i", "q", "B", "H", "I", "Q", "f", "d", "?"]
    Numbers: TypeAlias = memoryview[int] | memoryview[float] | memoryview[bool]


@record(frozen=True, slots=True)
class DType:
    """One type: its `memoryview` format, its name in `ctypes`, its size in bytes, and the lowest and highest whole
    number.

    `least` and `highest` are None for types that are not whole numbers.
    """

    format: Format
    ctype: str
    itemsize: int
    least: int | None = None
    highest: int | None = None

    def view(self, data: bytes | memoryview) -> Numbers:
        """Return the bytes as numbers of this type."""
        numbers: Numbers = memoryview(data).cast(self.format)
        return numbers


def _signed(format_: Format, bits: int) -> DType:
    return DType(format_, f"c_int{bits}", bits // 8, -(1 << bits - 1), (1 << bits - 1) - 1)


def _unsigned(format_: Format, bits: int) -> DType:
    return DType(format_, f"c_uint{bits}", bits // 8, 0, (1 << bits) - 1)


DTYPES: dict[str, DType] = {
    "int8": _signed("b", 8),
    "int16": _signed("h", 16),
    "int32": _signed("i", 32),
    "int64": _signed("q", 64),
    "uint8": _unsigned("B", 8),
    "uint16": _unsigned("H", 16),
    "uint32": _unsigned("I", 32),
    "uint64": _unsigned("Q", 64),
    "float32": DType("f", "c_float", 4),
    "float64": DType("d", "c_double", 8),
    "bool": DType("?", "c_bool", 1, 0, 1),
}
