"""How what the processes write is shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runner.model.events import Output
from runner.report.terminal.output import Prefixed, Raw
from tests.output import split


class Written:
    """Takes what is written."""

    def __init__(self) -> None:
        self.pieces: list[tuple[str, bytes]] = []

    def __call__(self, stream: str, pieces: list[bytes | memoryview]) -> None:
        self.pieces.append((stream, b"".join(pieces)))

    @property
    def data(self) -> bytes:
        return b"".join(data for _, data in self.pieces)


def prefixed(*, color: bool = False, escapes: bool = False) -> tuple[Prefixed, Written]:
    written = Written()
    return Prefixed(["a", "long"], written, color=color, escapes=escapes), written


def show(shown: Prefixed, *outputs: Output) -> None:
    for output in split(*outputs):
        shown.show(output)


def test_each_line_gets_its_name_in_one_column() -> None:
    shown, written = prefixed()

    show(shown, Output(0, "stdout", b"one\ntwo\n"), Output(1, "stderr", b"three\n"))

    assert written.pieces == [("stdout", "a    │ one\na    │ two\n".encode()), ("stderr", "long │ three\n".encode())]


def test_half_a_line_waits_for_its_end_or_the_process_end() -> None:
    shown, written = prefixed()

    show(shown, Output(0, "stdout", b"ha"))
    assert written.data == b""
    show(shown, *(Output(0, "stdout", data) for data in (b"ha", b"lf\nrest", b"")))

    assert written.data == "a    │ half\na    │ rest\n".encode()


def test_a_terminal_is_not_steered_and_colours_end_with_their_line() -> None:
    shown, written = prefixed(escapes=True)

    show(shown, Output(0, "stdout", b"\x1b[2Jgone \x1b[31mred\r\nnext\x07\rover\n"))

    assert written.data == ("a    │ \\x1b[2Jgone \x1b[31mred\x1b[0m\na    │ next\\x07\\x0dover\n".encode())


def test_a_line_that_is_rewritten_is_one_line_on_a_terminal_and_has_a_state_until_then() -> None:
    written = Written()
    shown = Prefixed(["a", "long"], written, color=False, escapes=True, terminals=frozenset({"stderr"}))

    shown.show(Output(0, "stderr", b"\r10%\r20%\x07"))
    shown.show(Output(1, "stderr", b"\r"))
    shown.show(Output(1, "stdout", b"\r10%\r20%"))

    assert written.pieces == []
    assert shown.states() == ["a    │ 20%\\x07".encode()]
    shown.show(Output(0, "stderr", b"\r30%\n"))
    assert (written.data, shown.states()) == ("a    │ 30%\\x07\n".encode(), [])


def test_names_are_coloured_on_request() -> None:
    shown, written = prefixed(color=True)

    show(shown, Output(0, "stdout", b"one\n"))

    assert written.data == "\x1b[36ma    │\x1b[0m one\n".encode()


def test_the_supervisors_own_output_has_the_name_of_multiprocessing() -> None:
    shown, written = prefixed()

    show(shown, Output(None, "stderr", b"log\n"))

    assert written.data == "MainProcess │ log\n".encode()


def test_raw_output_is_passed_on() -> None:
    written = Written()

    Raw(written).show(Output(0, "stdout", b"\x00half"))
    Raw(written).show(Output(0, "stdout", b""))

    assert written.pieces == [("stdout", b"\x00half")]


@given(st.binary(max_size=300).map(lambda data: data.replace(b"\x00", b"\n")), st.data())
def test_no_byte_is_lost_however_it_comes(data: bytes, cuts: st.DataObject) -> None:
    shown, written = prefixed()

    pieces, rest = [], data
    while rest:
        size = cuts.draw(st.integers(1, len(rest)))
        pieces.append(rest[:size])
        rest = rest[size:]
    show(shown, *(Output(0, "stdout", piece) for piece in [*pieces, b""]))

    whole = data if data.endswith(b"\n") or not data else data + b"\n"
    prefix = "a    │ ".encode()
    assert written.data == b"".join(prefix + line + b"\n" for line in whole.split(b"\n")[:-1])
