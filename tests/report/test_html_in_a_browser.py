"""The page of a run in a real browser: what it looks like, and what it does when it is used.

The browser is driven by its own protocol over two pipes (`--remote-debugging-pipe`): JSON messages that end with NUL.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from runner.model.records import replace
from runner.report.page.html import OutputLine, page
from runner.report.timeline.build import timeline_of
from tests.report.test_html_report import KITCHEN, NASTY
from tests.report.test_timeline import created, exited, started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.report.page.html import ReportedRun

NAMES = ("chromium", "chromium-browser", "google-chrome")
PROGRAM = next(filter(None, map(shutil.which, NAMES)), None)
pytestmark = [
    pytest.mark.alone,
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None, reason=f"none of {', '.join(NAMES)} is installed"),
]

ANSWERS_WITHIN_S = 30.0
READS, WRITES = 3, 4
"""The browser's descriptors of the protocol."""
FLAGS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-breakpad",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--disable-extensions",
    "--password-store=basic",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--window-size=1200,900",
)
KEYS = {
    "Tab": 9,
    "Enter": 13,
    "Escape": 27,
    "End": 35,
    "Home": 36,
    "ArrowLeft": 37,
    "ArrowUp": 38,
    "ArrowRight": 39,
    "ArrowDown": 40,
    "+": 187,
    "0": 48,
}
"""The keys that are pressed here, with the numbers that browsers know them by."""


class Browser:
    """A browser with one page. `told` is what it has told by itself, oldest first."""

    def __init__(self, folder: str) -> None:
        """All that it writes goes into the folder."""
        self._reader, browser_writes = os.pipe()
        browser_reads, self._writer = os.pipe()
        self._pid = _spawned(folder, browser_reads, browser_writes)
        os.close(browser_reads)
        os.close(browser_writes)
        self._read = b""
        self._number = 0
        self._session: str | None = None
        self.told: list[dict[str, Any]] = []

    def open(self, url: str) -> None:
        """Show a page; what it asks of the network is told."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        self.call("Page.navigate", url=url)
        while not any(each["method"] == "Page.loadEventFired" for each in self.told):
            self._take()

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """The browser's answer to a command."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._writer, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._take()
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer}"
                result: dict[str, Any] = answer["result"]
                return result

    def _take(self) -> dict[str, Any]:
        """The next message of the browser's, which is kept if it answers nothing."""
        while b"\0" not in self._read:
            ready, _, _ = select.select([self._reader], [], [], ANSWERS_WITHIN_S)
            piece = os.read(self._reader, 1 << 16) if ready else b""
            if not piece:
                raise TimeoutError("the browser has ended, or says nothing")
            self._read += piece
        message, _, self._read = self._read.partition(b"\0")
        said: dict[str, Any] = json.loads(message)
        if "method" in said:
            self.told.append(said)
        return said

    def value(self, expression: str) -> Any:
        """What a JavaScript expression comes to, after the page has been drawn once more."""
        drawn = f"new Promise(done => requestAnimationFrame(() => setTimeout(() => done({expression}))))"
        answer = self.call("Runtime.evaluate", expression=drawn, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        """Press a key and let it go."""
        text = "\r" if key == "Enter" else key if len(key) == 1 else ""
        named: dict[str, Any] = {"key": key, "windowsVirtualKeyCode": KEYS[key]}
        self.call("Input.dispatchKeyEvent", type="keyDown", **named, **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **named)

    def write(self, text: str) -> None:
        """Write into what has the focus."""
        self.call("Input.insertText", text=text)

    def point_at(self, selector: str) -> None:
        """Move the mouse to the middle of the first element that fits."""
        self.call("Input.dispatchMouseEvent", type="mouseMoved", **self._middle(selector))

    def click(self, selector: str) -> None:
        """Click into the middle of the first element that fits."""
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **self._middle(selector))

    def turn_wheel(self, selector: str, by: float, *, control: bool) -> None:
        """Turn the wheel over the first element that fits, with or without Ctrl."""
        more = {"deltaX": 0, "deltaY": by, "modifiers": 2 if control else 0}
        self.call("Input.dispatchMouseEvent", type="mouseWheel", **more, **self._middle(selector))

    def _middle(self, selector: str) -> dict[str, float]:
        found = f"document.querySelector({json.dumps(selector)})"
        self.value(f"{found}.scrollIntoView({{block: 'center', behavior: 'instant'}})")
        box: dict[str, float] = self.value(f"{found}.getBoundingClientRect().toJSON()")
        return {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}

    def close(self) -> None:
        """End the browser, and wait until it and its processes are gone."""
        self._session = None
        with contextlib.suppress(TimeoutError, BrokenPipeError):
            self.call("Browser.close")
            # Its processes have the other end as long as they live.
            while select.select([self._reader], [], [], ANSWERS_WITHIN_S)[0] and os.read(self._reader, 1 << 16):
                pass
        deadline = time.monotonic() + ANSWERS_WITHIN_S
        while os.waitpid(self._pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > deadline:
                os.killpg(self._pid, signal.SIGKILL)
            select.select([], [], [], 0.01)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)
        os.close(self._reader)
        os.close(self._writer)


def _spawned(folder: str, reads: int, writes: int) -> int:
    """The pid of a browser, leader of a group of its own, that speaks the protocol over these two."""
    assert PROGRAM is not None
    environment = {**os.environ, "HOME": folder, "TMPDIR": folder, "XDG_CONFIG_HOME": folder}
    # Far above those that they become: none is to be overwritten by another.
    silent = os.open(os.devnull, os.O_RDWR)
    moved = [fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, 16) for one in (silent, reads, writes)]
    becomes = [(moved[0], 0), (moved[0], 1), (moved[0], 2), (moved[1], READS), (moved[2], WRITES)]
    try:
        return os.posix_spawn(
            PROGRAM,
            [PROGRAM, *FLAGS, f"--user-data-dir={folder}/profile", "about:blank"],
            environment,
            file_actions=[(os.POSIX_SPAWN_DUP2, *pair) for pair in becomes],
            setpgroup=0,
        )
    finally:
        for one in (silent, *moved):
            os.close(one)


@contextlib.contextmanager
def showing(run: ReportedRun) -> Iterator[Browser]:
    """A browser that shows the page of a run."""
    with tempfile.TemporaryDirectory(prefix="b-") as folder:  # a short path: sockets lie in there
        file = Path(folder, "run.html")
        file.write_text(page(run), encoding="utf-8")
        browser = Browser(folder)
        try:
            browser.open(file.as_uri())
            yield browser
        finally:
            browser.close()


@pytest.fixture
def browser() -> Iterator[Browser]:
    """A browser that shows the page of the kitchen."""
    with showing(KITCHEN) as shown:
        yield shown


FACTS = "document.getElementById('facts').textContent"
INVITATION = "Point at something in the timeline to read about it."
FOCUS = "document.activeElement"
SHOWN_LINES = (
    "[...document.querySelectorAll('.output samp')].filter(one => one.checkVisibility()).map(one => one.innerText)"
)


def test_the_page_is_drawn_and_asks_nothing_of_the_network(browser: Browser) -> None:
    boxes = browser.value(
        "[...document.querySelectorAll('#timeline .lane .span')].map(one => one.getBoundingClientRect().toJSON())"
    )

    assert len(boxes) == sum(len(lane.spans) for lane in timeline_of(KITCHEN.events).lanes)
    assert all(box["width"] > 0 and box["height"] > 10 for box in boxes)
    assert browser.value("document.documentElement.scrollWidth <= window.innerWidth")
    asked = [each["params"]["request"]["url"] for each in browser.told if each["method"] == "Network.requestWillBeSent"]
    assert {url.partition(":")[0] for url in asked} == {"file"}
    assert complaints(browser) == []


def complaints(browser: Browser) -> list[dict[str, Any]]:
    """What the browser has found wrong with the page and its script."""
    return [each for each in browser.told if each["method"] in ("Runtime.exceptionThrown", "Log.entryAdded")]


def test_nothing_that_comes_from_a_run_runs_as_a_script() -> None:
    script = "<script>document.title = 'taken'</script>"
    events = (created(NASTY), started(0.0, NASTY), exited(1.0, NASTY, script))
    line = OutputLine(
        0.5, f"{NASTY}{script}", "stdout", f"</samp><img src=x onerror=\"document.title='taken'\">{script}"
    )
    nasty = replace(KITCHEN, title=f"{NASTY}{script}", file_text=script, events=events, output=(line,))

    with showing(nasty) as browser:
        assert browser.value("document.title").startswith("</script>")
        assert browser.value("document.querySelectorAll('img').length") == 0
        browser.point_at(".lane[data-lane='1'] .running")
        assert browser.value(FACTS).startswith("</script><script>alert(1)</script>")
        assert complaints(browser) == []


def test_pointing_at_a_bar_shows_its_facts_and_escape_closes_them(browser: Browser) -> None:
    assert browser.value(FACTS) == INVITATION

    browser.point_at(".holding")
    assert browser.value(FACTS) == "waiter-1 holds counter: 700 ms, from 0.500 s to 1.200 s"

    browser.press("Escape")
    assert browser.value(FACTS) == INVITATION


def test_tab_comes_to_the_timeline_and_arrows_go_through_it(browser: Browser) -> None:
    browser.press("Tab")
    assert browser.value(f"{FOCUS}.className") == "skip"
    for _ in range(4):  # the three buttons of the zoom lie before it
        browser.press("Tab")
    assert browser.value(FACTS).startswith("MainProcess ran: 1.8 s")
    assert browser.value(f"getComputedStyle({FOCUS}.querySelector('.span')).strokeWidth") == "2.5px"

    browser.press("ArrowRight")
    assert browser.value(FACTS) == "MainProcess: starts cook (at 0.010 s)"
    browser.press("ArrowDown")
    assert browser.value(f"{FOCUS}.dataset.lane") == "1"
    browser.press("End")
    assert browser.value(FACTS) == "SIGKILL to cook: the grace period is over (at 1.400 s)"
    browser.press("ArrowRight")  # there is nothing more
    browser.press("ArrowUp")
    assert browser.value(f"{FOCUS}.dataset.lane") == "0"
    browser.press("Home")
    browser.press("ArrowUp")
    assert browser.value(FACTS).startswith("MainProcess ran")

    browser.press("Tab")
    assert browser.value(f"{FOCUS}.closest('#timeline')") is None


def test_the_skip_link_leads_to_the_content(browser: Browser) -> None:
    browser.press("Tab")
    assert browser.value(f"{FOCUS}.getBoundingClientRect().top >= 0")
    browser.press("Enter")

    assert browser.value(f"{FOCUS}.id") == "content"


def test_what_has_the_focus_is_seen_to_have_it(browser: Browser) -> None:
    for _ in range(12):
        browser.press("Tab")
        style = f"getComputedStyle({FOCUS}).outlineStyle"
        assert browser.value(style) == "solid" or browser.value(f"{FOCUS}.matches('.fact')")


def test_the_filter_hides_the_lines_of_other_processes(browser: Browser) -> None:
    assert len(browser.value(SHOWN_LINES)) == 3

    browser.click("#filter input[value='0']")
    assert browser.value(SHOWN_LINES) == ["two"]
    assert browser.value("document.getElementById('count').textContent") == "1 of 3 lines"

    browser.click("#filter button[value='none']")
    assert browser.value(SHOWN_LINES) == []
    browser.click("#filter button[value='all']")
    assert len(browser.value(SHOWN_LINES)) == 3


def test_the_filter_finds_lines_by_their_text(browser: Browser) -> None:
    browser.click("#with")
    browser.write("T")
    assert browser.value(SHOWN_LINES) == ["two", "three"]

    browser.write("h")
    assert browser.value(SHOWN_LINES) == ["three"]


ROOM = "document.querySelector('#timeline .plot').getBoundingClientRect().width"
BAR = "document.querySelector('#timeline .holding').getBoundingClientRect()"


def test_the_zoom_stretches_time_and_not_heights(browser: Browser) -> None:
    before = browser.value(f"{BAR}.toJSON()")

    browser.click("#zoom-in")
    browser.click("#zoom-in")
    after = browser.value(f"{BAR}.toJSON()")
    assert after["width"] == pytest.approx(before["width"] * 2.25, rel=0.01)
    assert after["height"] == pytest.approx(before["height"], rel=0.01)
    texts = "[...document.querySelectorAll('.scale text')].map(one => one.textContent)"
    assert "100 ms" in browser.value(texts)

    browser.click("#zoom-out")
    browser.click("#zoom-all")
    assert browser.value(f"{BAR}.width") == pytest.approx(before["width"], rel=0.01)


def test_the_zoom_has_keys_and_the_wheel_with_control(browser: Browser) -> None:
    whole = browser.value(f"{BAR}.width")
    browser.value("document.querySelector('#timeline .fact').focus()")

    browser.press("+")
    assert browser.value(f"{BAR}.width") == pytest.approx(whole * 1.5, rel=0.01)
    browser.press("0")
    assert browser.value(f"{BAR}.width") == pytest.approx(whole, rel=0.01)

    browser.turn_wheel("#timeline .holding", -100, control=True)
    wait_for(browser, f"{BAR}.width > {whole * 1.1}")
    stretched = browser.value(f"{BAR}.width")
    browser.turn_wheel("#timeline .holding", 100, control=False)
    assert browser.value(f"{BAR}.width") == stretched


def wait_for(browser: Browser, condition: str) -> None:
    """Wait until it holds: a wheel's turn is seen some frames later."""
    deadline = time.monotonic() + ANSWERS_WITHIN_S
    while not browser.value(condition):
        assert time.monotonic() < deadline, condition


def test_names_stay_when_the_timeline_is_scrolled(browser: Browser) -> None:
    name = "document.querySelector('.names text').getBoundingClientRect().left"
    before = browser.value(name)
    for _ in range(3):
        browser.click("#zoom-in")

    browser.value("document.getElementById('timeline').scrollLeft = 300")

    assert browser.value("document.getElementById('timeline').scrollLeft") == 300
    wait_for(browser, f"Math.abs({name} - {before}) < 1")


BACKGROUND = "getComputedStyle(document.body).backgroundColor"
PAPER = "getComputedStyle(document.querySelector('#timeline .paper')).fill"


def test_in_the_dark_the_paper_is_dark(browser: Browser) -> None:
    papers = []
    for scheme in ("light", "dark"):
        browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        papers.append((browser.value(BACKGROUND), browser.value(PAPER)))

    light, dark = "rgb(255, 255, 255)", "rgb(15, 20, 26)"
    assert papers == [(light, light), (dark, dark)]


def test_who_wants_less_motion_has_less(browser: Browser) -> None:
    behavior = "getComputedStyle(document.documentElement).scrollBehavior"
    assert browser.value(behavior) == "smooth"

    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "reduce"}])
    assert browser.value(behavior) == "auto"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_on_what_is_behind_it(browser: Browser, scheme: str) -> None:
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    contrasts = browser.value(f"({CONTRASTS})()")

    assert len(contrasts) > 50
    assert [one for one in contrasts if one[1] < 4.5] == []


CONTRASTS = """() => {
  const light = color => color.match(/[\\d.]+/g).slice(0, 3).map(Number).map(one => one / 255)
    .map(one => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
    .reduce((sum, one, place) => sum + one * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = one => {
    for (; one; one = one.parentElement) {
      const color = getComputedStyle(one).backgroundColor;
      if (color !== 'rgba(0, 0, 0, 0)') return color;
    }
  };
  const found = [];
  for (const one of document.querySelectorAll('body *:not(script):not(svg *)')) {
    if (![...one.childNodes].some(node => node.nodeType === 3 && node.data.trim())) continue;
    const [front, back] = [getComputedStyle(one).color, behind(one)].map(light);
    const contrast = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    found.push([one.outerHTML.slice(0, 60), contrast]);
  }
  return found;
}"""
"""The contrast of each text outside of the picture with what is behind it, as WCAG reckons it."""


@pytest.mark.parametrize("width", [360, 800, 1600])
def test_the_page_fits_into_windows_of_many_widths(browser: Browser, width: int) -> None:
    browser.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)

    wait_for(browser, f"window.innerWidth === {width}")
    assert browser.value("document.documentElement.scrollWidth") <= width
    ends = "[...document.querySelectorAll('.legend > *')].map(one => one.getBoundingClientRect().right)"
    wait_for(browser, f"Math.max(...{ends}) <= {width}")
