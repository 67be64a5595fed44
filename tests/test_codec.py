"""Messages as lines, and back: every kind of record, with every field that is more than plain JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.link.codec import decode, encode
from runner.model import messages
from runner.model.errors import SupervisorFault
from runner.model.plan import Plan, ProcessPlan, Start

if TYPE_CHECKING:
    from runner.model.messages import Order, Told

PLAN = Plan("f", "fork", (ProcessPlan("p", "j", target="m:f", args=(1, "two")),), (Start(0),), ())
STATE = messages.ObjectState(7, "started", alive=True, exit_code=None, repr="<Process>")
REFUSAL = messages.Refusal(0, "target", "there is no module `m`", None, "unknown-target", runs_nothing=True)
LAST = messages.LastValues(
    {"c": "AA=="}, {"box": [1, None]}, {"n": messages.Added(2.5, (0, 1), ("door",))}, ((1, "n"),)
)
WAITS = (messages.Wait(0, "right", "lock", "acquire"), messages.Wait(1, "left", "lock", "acquire"))


@pytest.mark.parametrize(
    "message",
    [
        messages.Run(PLAN, preflight=True, run="ab12", room=30),
        messages.Check(PLAN),
        messages.Stop(),
        messages.Refused((REFUSAL, messages.Refusal(None, "shared", "no", "do", "unavailable"))),
        messages.Refused(()),
        messages.Checked({"m:f": True}),
        messages.Looked(None, "m:f", is_async=None),
        messages.Looked(REFUSAL, "m:f", is_async=False),
        messages.Begun(1.5, 2.5, ("<Process>", "<Process daemon>"), {"3": "<Mine>"}),
        messages.Started(0.1 + 0.2, 3, 7, "<Process>"),
        messages.Shown(1.5, 3, STATE, "L"),
        messages.Shown(1.5, 3, None, "L"),
        messages.StartFailed(1.5, 3, {"type": "OSError", "message": "", "traceback": ""}),
        messages.StopSent(1.5, 15, messages.Sender(9, None, was_started=True, command="bash")),
        messages.TargetReported(1.5, 0, "globals", ("m", ["a", "b"])),
        messages.MainStopped(1.5, None, None),
        messages.Progressed({"c": [1, 2]}),
        messages.Stuck(
            1.5, WAITS, {"left": (0,)}, {}, ((0, 1), (2,)), standstill=False, in_vain=("n",), bereft=(), died=()
        ),
        messages.Ended(1.5, "deadlock", (("poller", "m"), ("other", None)), (), LAST),
        messages.ImportBegun("line\nwith é and \ud800"),
    ],
)
def test_a_message_is_one_line_that_gives_it_back(message: Order | Told | messages.Looked) -> None:
    line = encode(message)

    assert line.count(b"\n") == 1
    assert decode(line.decode()) == (message, 0)


def test_the_number_of_descriptors_that_come_along_is_in_the_line() -> None:
    assert decode(encode(messages.Stop(), 2).decode()) == (messages.Stop(), 2)


def test_a_line_has_the_values_of_a_message_without_their_names() -> None:
    assert encode(messages.Shown(1.5, 3, STATE, "L")) == b'[0,"Shown",1.5,3,[7,"started",true,null,"<Process>"],"L"]\n'


def test_values_of_the_user_are_given_back_as_they_are_even_if_they_look_like_a_record() -> None:
    end = messages.Ended(1.5, None, (), (), messages.LastValues({}, {"box": ["Stop", {"Stop": []}]}, {}, ()))

    assert decode(encode(end).decode())[0] == end


def test_a_message_that_is_not_known_is_a_fault() -> None:
    with pytest.raises(SupervisorFault, match="an unknown message"):
        decode('[0,"Hello",1]')
