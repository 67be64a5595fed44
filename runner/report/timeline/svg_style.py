"""The colours and the style sheet of the SVG timeline, for light and dark backgrounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_LIGHT = {
    "paper": "#ffffff",
    "ink": "#1b2027",
    "faint": "#59636e",
    "grid": "#e2e6ea",
    "on-thing": "#ffffff",
    "runs": "#b9e0c4",
    "runs-edge": "#3f8f5d",
    "main": "#dfe3e8",
    "main-edge": "#8a94a0",
    "sleeps": "#e4dcf5",
    "sleeps-edge": "#8d7bc0",
    "joins": "#c4d8f4",
    "joins-edge": "#5b8bd0",
    "good": "#14733b",
    "bad": "#c1121f",
    "warn": "#b45309",
}
_DARK = {
    "paper": "#0f141a",
    "ink": "#e8edf2",
    "faint": "#9aa6b2",
    "grid": "#262e37",
    "on-thing": "#0f141a",
    "runs": "#28603c",
    "runs-edge": "#4fa873",
    "main": "#333c47",
    "main-edge": "#76838f",
    "sleeps": "#43395f",
    "sleeps-edge": "#8f80bd",
    "joins": "#2b4a73",
    "joins-edge": "#5f93d6",
    "good": "#5fd38a",
    "bad": "#ff7b72",
    "warn": "#f0a742",
}
_LIGHT_THINGS = ("#0b6fb8", "#c2410c", "#0f7b4f", "#a3347f", "#8a6100", "#5b4bc4", "#0e7490", "#5f6b3a")
_DARK_THINGS = ("#6cb6ff", "#ff9e64", "#56d19a", "#f28bd0", "#e3b341", "#b3a4ff", "#4fd0e0", "#b5c77d")


def style(things: int) -> str:
    """Return the style sheet of the picture, with colours for this number of shared things."""
    return (
        f".timeline{{{_colors(_LIGHT, _LIGHT_THINGS)}}}"
        f"@media (prefers-color-scheme:dark){{.timeline{{{_colors(_DARK, _DARK_THINGS)}}}}}"
        + "".join(
            f".timeline .thing-{number}{{--thing:var(--thing-{number})}}"
            f".timeline .waiting.thing-{number}{{fill:url(#tl-wait-{number})}}"
            for number in range(things)
        )
        + _RULES
    )


def _colors(named: dict[str, str], things: Sequence[str]) -> str:
    every = named | {f"thing-{number}": color for number, color in enumerate(things)}
    return ";".join(f"--{name}:{color}" for name, color in every.items())


_RULES = """
.timeline{--thing:var(--faint);font:13px system-ui,"Segoe UI","Noto Sans","Noto Sans CJK KR",sans-serif}
.timeline text{fill:var(--ink);dominant-baseline:central}
.timeline .paper{fill:var(--paper)}
.timeline .title{font-size:17px;font-weight:650}
.timeline .name{font-weight:600}
.timeline .small,.timeline .scale text{fill:var(--faint);font-size:12px}
.timeline .scale line{stroke:var(--grid)}
.timeline .label{font-size:12px;pointer-events:none}
.timeline .tight{display:none}
.timeline .span{stroke-width:1}
.timeline .running{fill:var(--runs);stroke:var(--runs-edge)}
.timeline [data-lane="0"] .running{fill:var(--main);stroke:var(--main-edge)}
.timeline .sleeping{fill:var(--sleeps);stroke:var(--sleeps-edge)}
.timeline .joining{fill:var(--joins);stroke:var(--joins-edge)}
.timeline .holding{fill:var(--thing);stroke:var(--thing)}
.timeline .holding+.label{fill:var(--on-thing);font-size:11px;font-weight:600}
.timeline .waiting{fill:url(#tl-wait);stroke:var(--thing)}
.timeline .deadlocked{fill:url(#tl-dead);stroke:var(--bad)}
.timeline .waiting+.label,.timeline .deadlocked+.label{paint-order:stroke;stroke:var(--paper);stroke-width:4}
.timeline .deadlocked+.label{font-weight:600}
.timeline .ground{fill:var(--paper)}
.timeline .stripe{fill:var(--thing);opacity:.55}
.timeline #tl-dead .stripe{fill:var(--bad);opacity:.5}
.timeline .end{font-weight:600;paint-order:stroke;stroke:var(--paper);stroke-width:3}
.timeline .good{fill:var(--good)}
.timeline .bad{fill:var(--bad)}
.timeline .open{fill:var(--faint)}
.timeline .mark{fill:var(--ink)}
.timeline .created{fill:var(--paper);stroke:var(--faint);stroke-width:1.4}
.timeline .mark.SIGTERM{fill:var(--warn)}
.timeline .mark.SIGKILL,.timeline .start_failed{fill:none;stroke:var(--bad);stroke-width:3}
.timeline .arrow{fill:none;stroke:var(--faint);stroke-width:1.2}
.timeline .head{fill:var(--faint)}
.timeline .arrow.start{opacity:.6}
.timeline .arrow.join{stroke-dasharray:3 3}
.timeline.crowd .plot .start,.timeline.crowd .plot .arrow.join{opacity:.07;marker-end:none}
.timeline.crowd .plot .arrow.join{stroke-dasharray:none}
.timeline .arrow.stop{stroke:var(--warn)}
.timeline .head.stop{fill:var(--warn)}
.timeline .arrow.hand_over{stroke:var(--ink);stroke-width:1.8}
.timeline .head.hand_over{fill:var(--ink)}
.timeline .arrow.deadlock{stroke:var(--bad);stroke-width:2}
.timeline .halo{fill:none;stroke:var(--paper);stroke-width:6}
.timeline .head.deadlock{fill:var(--bad)}
"""
