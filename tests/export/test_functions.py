"""What processes do becomes functions: alike ones share one, and get what they use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.export.exporting import doing, exported, head_of, lines_of

if TYPE_CHECKING:
    from pathlib import Path


def test_a_target_is_imported_and_handed_over(tmp_path: Path) -> None:
    script = exported("jobs: [{target: 'os.path:join', args: [a], kwargs: {b: 1}}]", tmp_path)

    assert "from os.path import join\n" in script
    assert 'multiprocessing.Process(target=join, args=("a",), kwargs={"b": 1})' in script


def test_targets_of_one_name_are_told_apart(tmp_path: Path) -> None:
    script = exported(
        "jobs: [{target: 'os.path:join'}, {target: 'shlex:join'}, {target: 'shlex:shlex.split'}]", tmp_path
    )

    assert "from shlex import join as join_" in script
    assert "target=shlex.split" in script


@pytest.mark.parametrize("more", ["target", "class"])
def test_of_an_attribute_path_its_first_name_is_imported(more: str, tmp_path: Path) -> None:
    jobs = ", ".join(f"{{{more}: 'tt:{path}'}}" for path in ("K.m", "K.Inner.n", "f"))

    script = exported(f"jobs: [{jobs}]", tmp_path)

    assert "\nfrom tt import K, f\n" in script
    calls = ("K.m", "K.Inner.n", "f")
    assert all(f"target={call}" in script if more == "target" else f"{call}()" in script for call in calls)


def test_a_target_that_needs_what_only_its_process_knows_is_called_there(tmp_path: Path) -> None:
    text = "shared: {row: {array: 2}}\njobs: [{name: actor, target: 'm:f', args: [$row, $pid], kwargs: {to: $name}}]"

    assert lines_of(exported(text, tmp_path), "actor") == [
        "row = row_in(row_memory)",
        'f(row, os.getpid(), to="actor")',
    ]


def test_a_shared_value_among_values_is_its_number(tmp_path: Path) -> None:
    shared = "shared: {total: {value: 4}, log: list, q: queue}\n"
    text = doing("{append: $total, to: log}", "{put: [$total], into: q}", "print: $total", shared=shared)

    assert lines_of(exported(text, tmp_path), "actor") == [
        "log.append(total.value)",
        "q.put([total.value])",
        "print(total.value)",
    ]


def test_replicas_are_one_function_and_one_comprehension(tmp_path: Path) -> None:
    text = doing("print: $name is $index", more="    replicas: 3\n")

    script = exported(text, tmp_path)

    assert head_of(script, "actor") == "def actor(index: int) -> None:"
    assert lines_of(script, "actor") == [
        "name = multiprocessing.current_process().name",
        'print(f"{name} is {index}")',
    ]
    assert '    multiprocessing.Process(target=actor, args=(index,), name=f"actor-{index}")' in script
    assert "    for index in range(3)" in script


def test_replicas_that_use_different_things_are_made_one_by_one(tmp_path: Path) -> None:
    shared = "shared: {fork0: lock, fork1: lock}\n"
    script = exported(
        doing("{with: fork$index, do: [{print: eats}]}", shared=shared, more="    replicas: 2\n"), tmp_path
    )

    assert head_of(script, "actor") == "def actor(fork: Lock) -> None:"
    assert 'multiprocessing.Process(target=actor, args=(fork1,), name="actor-1")' in script


def test_what_is_kept_can_be_called_as_its_things_are(tmp_path: Path) -> None:
    steps = ["{acquire: fork$index, timeout: 1, as: fork}", "{print: has $fork}", "{release: fork$index}"]
    steps += ["{put: 1, into: inbox$index}", "{get: inbox$index, as: inbox}", "{print: $inbox}"]
    shared = "shared: {fork0: lock, fork1: lock, inbox0: queue, inbox1: queue}\n"

    script = exported(doing(*steps, shared=shared, more="    replicas: 2\n"), tmp_path)

    assert head_of(script, "actor") == "def actor(fork: Lock, inbox: Queue[int]) -> None:"
    assert lines_of(script, "actor") == [
        "fork_ = fork.acquire(timeout=1)",
        'print(f"has {fork_}")',
        "fork.release()",
        "inbox.put(1)",
        "inbox_ = inbox.get()",
        "print(inbox_)",
    ]


def test_what_differs_in_more_than_a_number_is_made_one_by_one(tmp_path: Path) -> None:
    script = exported("jobs: [{name: a$index-$index, target: 'm:f', args: [$name, [$index]], replicas: 2}]", tmp_path)

    assert 'multiprocessing.Process(target=f, args=("a1-1", [1]), name="a1-1")' in script


def test_things_of_other_kinds_are_used_by_other_functions(tmp_path: Path) -> None:
    shared = "shared: {way0: lock, way1: semaphore}\n"
    script = exported(doing("{with: way$index, do: [{print: in}]}", shared=shared, more="    replicas: 2\n"), tmp_path)

    assert head_of(script, "actor_") == "def actor_(way1: Semaphore) -> None:"
    assert 'multiprocessing.Process(target=actor_, args=(way1,), name="actor-1")' in script


def test_jobs_that_do_the_same_with_other_things_share_a_function(tmp_path: Path) -> None:
    text = """shared: {fork0: lock, fork1: lock}
jobs:
  - {name: thinker 1, do: [{with: fork0, do: [{with: fork1, do: [{print: $name}]}]}]}
  - {name: thinker 2, do: [{with: fork1, do: [{with: fork0, do: [{print: $name}]}]}]}
"""

    script = exported(text, tmp_path)

    assert head_of(script, "thinker") == "def thinker(first_fork: Lock, second_fork: Lock) -> None:"
    assert 'target=thinker, args=(fork1, fork0), name="thinker 2"' in script


def test_two_jobs_with_nothing_in_common_have_functions_of_their_own(tmp_path: Path) -> None:
    script = exported("jobs: [{name: Ada, do: [{print: hi}]}, {name: Grace, do: [{print: hi}]}]", tmp_path)

    assert "def ada()" in script
    assert "def grace()" in script


def test_three_jobs_that_do_the_same_share_a_function(tmp_path: Path) -> None:
    jobs = ", ".join(f"{{name: {name}, do: [{{print: hi}}]}}" for name in ("Ada", "Grace", "Hedy"))

    assert '    """What Ada, Grace and Hedy do."""' in exported(f"jobs: [{jobs}]", tmp_path)


def test_a_child_is_a_function_that_gets_what_it_uses(tmp_path: Path) -> None:
    text = doing(
        "{repeat: 2, as: n, do: [{child: kid, daemon: true, do: [{put: $n $name, into: box}, {put: $n, into: box}]}]}",
        shared="shared: {box: queue}\n",
        more="    replicas: 2\n",
    )

    script = exported(text, tmp_path)

    assert head_of(script, "kid") == "def kid(n: int, box: Queue[str | int]) -> None:"
    assert lines_of(script, "actor") == [
        "for n in range(2):",
        '    multiprocessing.Process(target=kid, args=(n, box), name="kid", daemon=True).start()',
    ]


def test_a_child_that_uses_an_array_gets_its_memory(tmp_path: Path) -> None:
    text = doing("{child: kid, do: [{add: 1, to: row, at: 0}]}", shared="shared: {row: {array: 2}}\n")

    script = exported(text, tmp_path)

    assert lines_of(script, "actor") == ['multiprocessing.Process(target=kid, args=(row_memory,), name="kid").start()']
    assert lines_of(script, "kid") == ["row = row_in(row_memory)", "row[0] += 1"]


def test_items_of_queues_are_typed_by_what_is_put(tmp_path: Path) -> None:
    text = """shared: {a: queue, b: queue, c: queue, seen: {dict: {}}, book: {list: [1]}}
jobs:
  - {name: first, do: [{put: 1, into: a}, {put: null, into: a}, {wait: gate, as: place}, {put: $place, into: c}]}
  - {name: second, do: [{get: a, as: it}, {put: $it, into: b}, {write: $it, to: seen, at: x}, {append: [1], to: book}]}
  - {name: third, do: [{get: b}, {get: c}]}
""".replace("shared: {", "shared: {gate: {barrier: 1}, ")

    script = exported(text, tmp_path)

    assert head_of(script, "third") == "def third(b: Queue[int | None], c: Queue[int]) -> None:"
    assert "seen: DictProxy[str, int | None]" in script
    assert "book: ListProxy[int | list[Any]]" in script


def test_items_can_be_of_several_types(tmp_path: Path) -> None:
    steps = ["{put: $pid, into: box}", "{put: [1], into: box}", "{put: {a: 1}, into: box}", "{put: $name, into: box}"]

    script = exported(doing(*steps, shared="shared: {box: queue}\n"), tmp_path)

    assert head_of(script, "actor") == "def actor(box: Queue[int | list[Any] | dict[Any, Any] | str]) -> None:"


def test_objects_of_a_class_with_names_are_made_one_by_one(tmp_path: Path) -> None:
    script = exported("jobs: [{name: w, class: 'm:Worker', replicas: 2}]", tmp_path)

    assert "processes = [Worker(), Worker()]\n" in script
    assert 'processes[1].name = "w-1"\n' in script
