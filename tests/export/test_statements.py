"""Each step and each built-in worker is the statements that it stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.export.exporting import THINGS, doing, exported, lines_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("step", "lines"),
    [
        ("print: hello", ['print("hello")']),
        ("{print: a, end: b}", ['print("a", end="b")']),
        ("sleep: 100ms", ["time.sleep(0.1)"]),
        ("spin: 1", ["until = time.process_time() + 1", "while time.process_time() < until:", "    pass"]),
        ("exit: 3", ["sys.exit(3)"]),
        ("exit", ["sys.exit()"]),
        ("{raise: ValueError, message: no}", ['raise ValueError("no")']),
        ("raise: ValueError", ["raise ValueError"]),
        ("return: 1", ["return 1"]),
        ("crash: SIGKILL", ["os.kill(os.getpid(), signal.SIGKILL)"]),
        ("crash: SIGINT", ["signal.signal(signal.SIGINT, signal.SIG_DFL)", "os.kill(os.getpid(), signal.SIGINT)"]),
        ("hang", ["while True:", "    signal.pause()"]),
        ("ignore: SIGTERM", ["signal.signal(signal.SIGTERM, signal.SIG_IGN)"]),
        ("{repeat: 2, do: [{print: hi}]}", ["for _ in range(2):", '    print("hi")']),
        ("{repeat: 2, as: n, do: [{print: $n}]}", ["for n in range(2):", "    print(n)"]),
        ("{repeat: 2, as: list, do: [{print: $list}]}", ["for list_ in range(2):", "    print(list_)"]),
        ("print: [.inf, -.inf]", ['print([float("inf"), float("-inf")])']),
        ("{print: {a: [$pid, .nan]}}", ['print({"a": [os.getpid(), float("nan")]})']),
        ("print: $pid of $name", ['print(f"{os.getpid()} of actor")']),
    ],
)
def test_a_step_is_the_statement_that_it_stands_for(step: str, lines: list[str], tmp_path: Path) -> None:
    assert lines_of(exported(doing(step), tmp_path), "actor") == lines


@pytest.mark.parametrize(
    ("step", "lines"),
    [
        ("{with: door, do: [{print: in}]}", ["with door:", '    print("in")']),
        ("acquire: seats", ["seats.acquire()"]),
        ("{acquire: seats, timeout: 1, as: has}", ["seats.acquire(timeout=1)"]),
        ("acquire: total", ["total.get_lock().acquire()"]),
        ("release: door", ["door.release()"]),
        ("set: bell", ["bell.set()"]),
        ("clear: bell", ["bell.clear()"]),
        ("{wait: bell, timeout: 0.5}", ["bell.wait(timeout=0.5)"]),
        ("wait: gate", ["gate.wait()"]),
        ("notify: table", ["table.notify()"]),
        ("{notify: table, n: 2}", ["table.notify(2)"]),
        ("notify_all: table", ["table.notify_all()"]),
        ("{put: 1, into: box}", ["box.put(1)"]),
        ("{put: 1, into: box, timeout: 2}", ["box.put(1, timeout=2)"]),
        ("{get: box, timeout: 2}", ["box.get(timeout=2)"]),
        ("task_done: chores", ["chores.task_done()"]),
        ("join_queue: chores", ["chores.join()"]),
        ("{add: 1, to: total}", ["total.value += 1"]),
        ("{add: -2, to: total, times: 3}", ["for _ in range(3):", "    total.value -= 2"]),
        ("{write: 5, to: bare}", ["bare.value = 5"]),
        ("{write: -.inf, to: row, at: 1}", ["row = row_in(row_memory)", 'row[1] = float("-inf")']),
        ("{append: 1, to: book}", ["book.append(1)"]),
        ("{write: 1, to: ages, at: b}", ['ages["b"] = 1']),
        ("{add: 1, to: weather, at: sky}", ["weather.sky += 1"]),
        ("print: $total", ["print(total.value)"]),
        ("print: now $bare", ['print(f"now {bare.value}")']),
        ("print: $book", ["print(book)"]),
        ("{add: 1, to: row, at: 1}", ["row = row_in(row_memory)", "row[1] += 1"]),
    ],
)
def test_a_step_on_a_thing_is_the_call_that_it_stands_for(step: str, lines: list[str], tmp_path: Path) -> None:
    assert lines_of(exported(doing(step, shared=THINGS), tmp_path), "actor") == lines


def test_what_is_kept_is_used_by_somebody(tmp_path: Path) -> None:
    text = doing("{get: box, as: item}", "print: $item", "{get: box, as: other}", shared="shared: {box: queue}\n")

    assert lines_of(exported(text, tmp_path), "actor") == ["item = box.get()", "print(item)", "box.get()"]


def test_nothing_stands_behind_an_end(tmp_path: Path) -> None:
    assert lines_of(exported(doing("exit: 1", "print: never"), tmp_path), "actor") == ["sys.exit(1)"]


@pytest.mark.parametrize(
    ("worker", "lines"),
    [
        ("noop", []),
        ("say, args: [a, 1]", ['print("a", 1)']),
        ("say, args: [.inf, {1: $name}]", ['print(float("inf"), {1: "actor"})']),
        ("sleep", ["time.sleep(1)"]),
        ("report, args: [2]", ['print("Starting: actor")', "time.sleep(2)", 'print("Exiting : actor")']),
        ("report", ['print("Starting: actor")', 'print("Exiting : actor")']),
        ("fail, args: [no]", ['raise RuntimeError("no")']),
        ("exit_with, args: [2]", ["sys.exit(2)"]),
        ("exit_at_once", ["os._exit(0)"]),
        ("return_value, args: [a]", ['return "a"']),
        ("crash", ["os.kill(os.getpid(), signal.SIGSEGV)"]),
        ("abort", ["os.kill(os.getpid(), signal.SIGABRT)"]),
        (
            "spin, kwargs: {seconds: 0.5}",
            ["until = time.process_time() + 0.5", "while time.process_time() < until:", "    pass"],
        ),
        (
            "allocate, args: [5]",
            ["memory = bytearray(5 * 1024 * 1024)", 'memory[::4096] = b"x" * len(memory[::4096])  # every page of it'],
        ),
        (
            "heartbeat, args: [0.1, 3]",
            ["for beat in range(1, 3 + 1):", '    print(f"actor: beat {beat}")', "    time.sleep(0.1)"],
        ),
        (
            "heartbeat",
            ["beat = 0", "while True:", "    beat += 1", '    print(f"actor: beat {beat}")', "    time.sleep(1)"],
        ),
        (
            "ignore_sigterm, args: [1]",
            ["signal.signal(signal.SIGTERM, signal.SIG_IGN)", 'print("actor ignores SIGTERM")', "time.sleep(1)"],
        ),
    ],
)
def test_a_built_in_worker_is_written_out(worker: str, lines: list[str], tmp_path: Path) -> None:
    script = exported(f"jobs: [{{name: actor, target: {worker}}}]", tmp_path)

    assert lines_of(script, "actor") == lines


def test_variables_of_the_environment_are_constants(tmp_path: Path) -> None:
    script = exported(doing("print: ${env.HOME} ${env.NOWHERE:-there}"), tmp_path)

    assert 'HOME = os.environ["HOME"]\nNOWHERE = os.environ.get("NOWHERE", "there")\n' in script
    assert lines_of(script, "actor") == ['print(f"{HOME} {NOWHERE}")']


def test_variables_of_the_environment_take_no_name_that_means_something(tmp_path: Path) -> None:
    steps = ["print: '${env.print:-p} ${env.os:-x} ${env.actor:-a} ${env.A:-1} ${env.A:-2} ${env._:-u}'"]

    script = exported(doing(*steps, "{child: kid, do: [{print: '${env.os:-x}'}]}"), tmp_path)

    assert [line for line in script.splitlines() if " = os.environ" in line] == [
        'print_ = os.environ.get("print", "p")',
        'os_ = os.environ.get("os", "x")',
        'actor = os.environ.get("actor", "a")',
        'A = os.environ.get("A", "1")',
        'A_ = os.environ.get("A", "2")',
        '__ = os.environ.get("_", "u")',
    ]
    assert lines_of(script, "actor_")[0] == 'print(f"{print_} {os_} {actor} {A} {A_} {__}")'
    assert lines_of(script, "kid") == ["print(os_)"]


def test_the_environment_and_the_folder_are_set_by_the_process(tmp_path: Path) -> None:
    script = exported(f"jobs: [{{name: actor, target: 'm:f', env: {{A: b}}, cwd: {tmp_path}}}]", tmp_path)

    assert lines_of(script, "actor") == ['os.environ.update({"A": "b"})', f'os.chdir("{tmp_path}")', "f()"]
