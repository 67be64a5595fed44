"""The steps of `do:`: what each becomes, and what no step can be."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.describe.plan.main_field import KNOWN
from runner.describe.steps.reader import NOT_VARIABLES, Scope, StepReader
from runner.describe.steps.step_types import IN_DO, IN_MAIN, STEPS
from runner.model.plan import Act, ProcessPlan, Start
from tests.describe.describing import marked, plan_of, problem_of, problems_of
from tests.effort import share_of

THINGS = {
    "door": "lock",
    "again": "rlock",
    "pool": "{semaphore: 3}",
    "go": "event",
    "bell": "condition",
    "gate": "{barrier: 2}",
    "tasks": "queue",
    "chores": "joinable_queue",
    "total": "value",
    "raw": "raw_value",
    "numbers": "{array: 3}",
    "ages": "dict",
    "names": "list",
    "weather": "namespace",
    "fork0": "lock",
    "fork1": "lock",
    "count0": "value",
    "count1": "value",
}
SHARED = f"shared: {{{', '.join(f'{name}: {kind}' for name, kind in THINGS.items())}}}\n"
DURATIONS = "write seconds (2, 0.5) or text such as 500ms, 1.5s, 1m30s, 2h"
LIMITS = f"{DURATIONS}; or never, for no limit"
PLACES = ", ".join(f"${name}" for name in ("name", "index", "pid", *THINGS))


def file_of(steps: str, more: str = "") -> str:
    """A file whose only process does these steps, in flow style."""
    return f"{SHARED}jobs:\n- name: p\n  do: [{steps}]\n{more}"


def do_of(steps: str, **environ: str) -> list[Any]:
    """The steps as the plan has them."""
    (process,) = plan_of(file_of(steps), **environ).processes
    assert process.do is not None
    return list(process.do)


def ref(name: str) -> Any:
    """A reference, as it is encoded."""
    return {"ref": name}


def test_the_name_in_the_steps_of_a_child_is_its_own() -> None:
    kid, after = do_of("{child: kid, do: [print: $name $index, {child: baby, do: [print: $name]}]}, print: $name")

    assert [step["value"] for step in (kid["do"][0], kid["do"][1]["do"][0], after)] == ["kid 0", "baby", "p"]


@pytest.mark.parametrize(
    ("step", "data"),
    [
        ("print: hello", {"step": "print", "value": "hello"}),
        ("print: ", {"step": "print", "value": None}),
        ("{print: [$pid], end: ''}", {"step": "print", "value": [ref("pid")], "end": ""}),
        ("sleep: 500ms", {"step": "sleep", "seconds": 0.5}),
        ("spin: 2", {"step": "spin", "seconds": 2.0}),
        ("exit", {"step": "exit", "value": 0}),
        ("exit: 3", {"step": "exit", "value": 3}),
        ("exit: ", {"step": "exit", "value": 0}),
        ("raise: ValueError", {"step": "raise", "exception": "ValueError"}),
        ("{raise: OSError, message: no}", {"step": "raise", "exception": "OSError", "message": "no"}),
        ("return", {"step": "return", "value": None}),
        ("return: {a: 1}", {"step": "return", "value": {"dict": [["a", 1]]}}),
        ("crash", {"step": "crash", "signal": "SIGSEGV"}),
        ("crash: ", {"step": "crash", "signal": "SIGSEGV"}),
        ("crash: SIGABRT", {"step": "crash", "signal": "SIGABRT"}),
        ("hang", {"step": "hang", "nothing": None}),
        ("ignore: SIGTERM", {"step": "ignore", "signal": "SIGTERM"}),
        ("acquire: door", {"step": "acquire", "thing": ref("door")}),
        (
            "{acquire: total, timeout: 1, as: got}",
            {"step": "acquire", "thing": ref("total"), "timeout": 1.0, "as": "got"},
        ),
        ("{acquire: pool, timeout: }", {"step": "acquire", "thing": ref("pool")}),
        ("release: again", {"step": "release", "thing": ref("again")}),
        ("{with: bell, do: [hang]}", {"step": "with", "thing": ref("bell"), "do": do_of("hang")}),
        ("{wait: gate, as: place}", {"step": "wait", "thing": ref("gate"), "as": "place"}),
        ("{notify: bell, n: 2}", {"step": "notify", "thing": ref("bell"), "n": 2}),
        ("notify_all: bell", {"step": "notify_all", "thing": ref("bell")}),
        ("set: go", {"step": "set", "thing": ref("go")}),
        ("clear: go", {"step": "clear", "thing": ref("go")}),
        ("{put: $name, into: tasks}", {"step": "put", "value": "p", "into": ref("tasks")}),
        ("{get: chores, as: item}", {"step": "get", "thing": ref("chores"), "as": "item"}),
        ("task_done: chores", {"step": "task_done", "thing": ref("chores")}),
        ("join_queue: chores", {"step": "join_queue", "thing": ref("chores")}),
        (
            "{add: 1, to: total, times: 5}",
            {"step": "add", "value": 1, "to": ref("total"), "times": 5, "kind": "value", "at": 0},
        ),
        ("{add: 1, to: numbers}", {"step": "add", "value": 1, "to": ref("numbers"), "kind": "array", "at": 0}),
        (
            "{write: 1, to: numbers, at: 2}",
            {"step": "write", "value": 1, "to": ref("numbers"), "kind": "array", "at": 2},
        ),
        ("{write: 1, to: ages, at: Bo}", {"step": "write", "value": 1, "to": ref("ages"), "kind": "dict", "at": "Bo"}),
        ("{write: 1, to: names, at: -1}", {"step": "write", "value": 1, "to": ref("names"), "kind": "list", "at": -1}),
        (
            "{write: 1, to: weather, at: sky}",
            {"step": "write", "value": 1, "to": ref("weather"), "kind": "namespace", "at": "sky"},
        ),
        ("{add: 1, to: raw}", {"step": "add", "value": 1, "to": ref("raw"), "kind": "raw_value", "at": 0}),
        ("{append: x, to: names}", {"step": "append", "value": "x", "to": ref("names"), "kind": "list", "at": 0}),
        ("{repeat: 0, do: [hang]}", {"step": "repeat", "times": 0, "do": do_of("hang")}),
        (
            "{child: c, daemon: true, do: [hang]}",
            {"step": "child", "name": "c", "daemon": True, "do": do_of("hang")},
        ),
    ],
)
def test_a_step_becomes_plain_data(step: str, data: dict[str, Any]) -> None:
    assert do_of(step) == [data]


@pytest.mark.parametrize("name", STEPS)
def test_the_example_of_every_step_is_one_that_can_be(name: str) -> None:
    (step,) = do_of(STEPS[name].example)

    assert step["step"] == name


def test_what_a_step_gets_is_known_by_those_below() -> None:
    steps = do_of("{get: tasks, as: item}, {repeat: 2, as: n, do: [print: '$n: $item']}, print: $n")

    assert steps[1]["do"][0]["value"] == {"text": [ref("n"), ": ", ref("item")]}
    assert steps[2]["value"] == ref("n")


def test_a_child_knows_what_its_parent_has_got_and_not_the_other_way_round() -> None:
    child = "{child: c, do: [print: $item, {get: tasks, as: mine}]}"

    assert do_of("{get: tasks, as: item}, " + child)[1]["do"][0]["value"] == ref("item")
    problem = problem_of(file_of("{get: tasks, as: item}, " + child + ", print: $mine"))
    assert (problem.message, marked(problem)) == ("unknown placeholder `$mine`", "$mine")


def test_things_may_be_values() -> None:
    assert do_of("print: [$total, 'of $numbers']")[0]["value"] == [ref("total"), {"text": ["of ", ref("numbers")]}]


def processes_of(steps: str, **environ: str) -> tuple[ProcessPlan, ...]:
    """Two replicas that do these steps."""
    return tuple(plan_of(f"{SHARED}jobs:\n- {{name: p, replicas: 2, do: [{steps}]}}", **environ).processes)


def test_which_thing_a_numbered_name_means_is_known_of_each_process() -> None:
    both = processes_of(
        "{with: fork$index, do: [{add: 1, to: count$index}, {put: $index, into: '${env.Q}'}]}", Q="tasks"
    )

    assert [process.do for process in both] == [
        (
            {
                "step": "with",
                "thing": ref(f"fork{index}"),
                "do": [
                    {"step": "add", "value": 1, "to": ref(f"count{index}"), "kind": "value", "at": 0},
                    {"step": "put", "value": index, "into": ref("tasks")},
                ],
            },
        )
        for index in range(2)
    ]


@pytest.mark.parametrize(
    ("step", "messages"),
    [
        ("acquire: frok$index", ["there is no shared thing `frok0`", "there is no shared thing `frok1`"]),
        ("{put: 1, into: fork$index}", [f"`fork{index}` is a lock, which `into` cannot use" for index in range(2)]),
        ("{add: 1, to: $index}", ["there is no shared thing `0`", "there is no shared thing `1`"]),
        (
            "{repeat: 1, do: [{add: 1, to: count$index, at: 0}]}",
            ["`at` has no effect: a value is one number"],
        ),
    ],
)
def test_what_is_wrong_with_a_numbered_name_is_told_of_each_process(step: str, messages: list[str]) -> None:
    text = f"{SHARED}jobs:\n- {{name: p, replicas: 2, do: [{step}]}}"

    assert [problem.message for problem in problems_of(text)] == messages


@pytest.mark.parametrize(
    ("step", "at", "message", "help"),
    [
        (
            "acquire: $door",
            "$door",
            "`acquire` takes the name of a thing, not its value",
            "write acquire: door",
        ),
        ("slepp: 1", "slepp", "unknown step `slepp`", "did you mean `sleep`?"),
        ("hnag", "hnag", "unknown step `hnag`", "did you mean `hang`?"),
        ("lock: door", "lock", "unknown step `lock`", "to hold a lock, write with: and do:, or acquire: and release:"),
        ("Loop: 3", "Loop", "unknown step `Loop`", "did you mean `repeat`?"),
        ("5: 5", "5", "unknown step `5`", f"steps: {', '.join(f'`{name}`' for name in STEPS)}"),
        ("start: all", "start", "`start` is a step of main's, not of a process", "write it under `main:`"),
        ("join", "join", "`join` is a step of main's, not of a process", "write it under `main:`"),
        ("print", "print", "the step `print` needs an argument", "write for example - print: hello"),
        ("5", "5", "expected a step, found the number 5", "write for example - print: hello"),
        ("null", "null", "expected a step, found nothing", "write for example - print: hello"),
        ("{}", "{}", "the step does nothing", f"a step is one of {', '.join(STEPS)}"),
        ("{into: a}", "{into: a}", "the step does nothing", f"a step is one of {', '.join(STEPS)}"),
        (
            "{sleep: 1, hang: }",
            "hang",
            "a step does one thing, and here are `sleep` and `hang`",
            "begin a new step with `- `",
        ),
        (
            "{put: 1}",
            "{put: 1}",
            "the step `put` needs `into`",
            "write for example - {put: 1, into: tasks}",
        ),
        (
            "{put: 1, into: }",
            "{put: 1, into: }",
            "the step `put` needs `into`",
            "write for example - {put: 1, into: tasks}",
        ),
        ("{put: 1, in: tasks}", "in", "unknown key `in` in a `put` step", "did you mean `into`?"),
        ("{hang: , 5: 5}", "5", "unknown key `5` in a `hang` step", "keys here: `hang`"),
        ("{with: door, do: }", "do", "expected a list of steps, found nothing", "each step begins with `- `"),
        ("{with: door, do: []}", "[]", "the list is empty", "write for example - print: hello"),
        ("{put: 1, into: taks}", "taks", "there is no shared thing `taks`", "did you mean `tasks`?"),
        (
            "acquire: 3",
            "3",
            "expected the name of a shared thing, found the number 3",
            None,
        ),
        (
            "wait: tasks",
            "tasks",
            "`tasks` is a queue, which `wait` cannot use",
            "it takes `event`, `condition`, `barrier`",
        ),
        ("task_done: xyz", "xyz", "there is no shared thing `xyz`", "things that fit here: `chores`"),
        (
            "{add: 1, to: raw, at: 0}",
            "at",
            "`at` has no effect: a raw_value is one number",
            "remove it",
        ),
        (
            "{write: 1, to: ages}",
            "{write: 1, to: ages}",
            "the step `write` needs `at`: a key of the dict",
            "write for example - {write: 1, to: ages, at: x}",
        ),
        (
            "{add: 1, to: names}",
            "{add: 1, to: names}",
            "the step `add` needs `at`: an index of the list",
            "write for example - {add: 1, to: names, at: 0}",
        ),
        ("{add: 1, to: numbers, at: x}", "x", "`at`: expected an index of the array, found the text `x`", None),
        ("{add: 1, to: names, at: true}", "true", "`at`: expected an index of the list, found true", None),
        ("{add: 1, to: ages, at: [1]}", "[1]", "`at`: expected a key of the dict, found a list", None),
        ("{add: 1, to: ages, at: {a: 1}}", "{a: 1}", "`at`: expected a key of the dict, found a mapping", None),
        (
            "{write: 1, to: weather, at: a b}",
            "a b",
            "`at`: expected an attribute of the namespace, found the text `a b`",
            None,
        ),
        ("sleep: soon", "soon", "`sleep`: `soon` is not a duration", DURATIONS),
        ("{get: tasks, timeout: -1}", "-1", "`timeout`: a duration cannot be negative", LIMITS),
        ("{repeat: 1.5, do: [hang]}", "1.5", "`repeat`: expected a whole number from 0, found the number 1.5", None),
        (
            "{repeat: '3', do: [hang]}",
            "'3'",
            "`repeat`: expected a whole number from 0, found the text `3`",
            "write 3 without quotes",
        ),
        ("{notify: bell, n: true}", "true", "`n`: expected a whole number from 0, found true", None),
        ("{child: 5, do: [hang]}", "5", "`child`: expected text, found the number 5", 'put it in quotes: "5"'),
        (
            "{child: c, do: [hang], daemon: no}",
            "no",
            "`daemon`: expected true or false, found the text `no`",
            "`no` is text in YAML 1.2; write false",
        ),
        (
            "crash: SIGSEV",
            "SIGSEV",
            "`crash`: expected the name of a signal, such as SIGTERM, found the text `SIGSEV`",
            "did you mean `SIGSEGV`?",
        ),
        (
            "ignore: SIGTRM",
            "SIGTRM",
            "`ignore`: expected the name of a signal, such as SIGTERM, found the text `SIGTRM`",
            "did you mean `SIGTERM`?",
        ),
        *(
            (
                f"ignore: {name}",
                name,
                f"{name} cannot be ignored",
                "no process can ignore this signal; SIGTERM, for example, can be ignored",
            )
            for name in ("SIGKILL", "SIGSTOP")
        ),
        ("crash: SIGCHLD", "SIGCHLD", "SIGCHLD does not end a process", "write for example crash: SIGKILL"),
        ("raise: SystemExit", "SystemExit", "SystemExit is not an error that a step can raise", "write exit: 3"),
        (
            "raise: KeyboardInterrupt",
            "KeyboardInterrupt",
            "KeyboardInterrupt is not an error that a step can raise",
            "a Ctrl-C is a signal: write crash: SIGINT",
        ),
        ("ignore: 15", "15", "`ignore`: expected the name of a signal, such as SIGTERM, found the number 15", None),
        (
            "ignore: [SIGINT]",
            "[SIGINT]",
            "`ignore`: expected the name of a signal, such as SIGTERM, found a list",
            None,
        ),
        (
            "raise: ValuError",
            "ValuError",
            "`raise`: expected the name of an exception of Python's, such as ValueError, found the text `ValuError`",
            "did you mean `ValueError`?",
        ),
        (
            "raise: out of ideas",
            "out of ideas",
            "`raise`: expected the name of an exception of Python's, such as ValueError, found the text `out of ideas`",
            "write raise: RuntimeError and message: out of ideas",
        ),
        (
            "raise: {}",
            "{}",
            "`raise`: expected the name of an exception of Python's, such as ValueError, found a mapping",
            None,
        ),
        (
            "{get: tasks, as: 5}",
            "5",
            "`as`: expected a name such as item, found the number 5",
            "use letters, digits and _",
        ),
        (
            "{get: tasks, as: a b}",
            "a b",
            "`as`: expected a name such as item, found the text `a b`",
            "use letters, digits and _",
        ),
        (
            "{get: tasks, as: 값}",
            "값",
            "`as`: expected a name such as item, found the text `값`",
            "use letters, digits and _",
        ),
        ("{get: tasks, as: door}", "door", "`$door` has a meaning already", "choose another name"),
        ("print: $nmae", "$nmae", "unknown placeholder `$nmae`", "did you mean `$name`?"),
        (
            "print: [1, {a: x $q}]",
            "$q",
            "unknown placeholder `$q`",
            f"placeholders here: {PLACES}, ${{env.NAME}}; a dollar sign is written $$",
        ),
        ("print: a $", "$", "`$` begins a placeholder, and no name follows", "write $$ for a dollar sign"),
        (
            "acquire: fork$name",
            "$name",
            "`$name` has a meaning only in `args`, `kwargs` and values of `do`",
            "here: $index, ${env.NAME}",
        ),
        (
            "acquire: ${env.NO}",
            "${env.NO}",
            "the environment variable `NO` is not set",
            "set it, or give a default: ${env.NO:-text}",
        ),
    ],
)
def test_what_no_step_can_be_is_shown_where_it_is(step: str, at: str, message: str, help: str | None) -> None:
    text = f"{SHARED}jobs:\n- name: p\n  do:\n  - {step}" if not step.endswith(": ") else file_of(step)

    problem = problem_of(text)

    assert (problem.message, problem.help, marked(problem)) == (message, help, at)


@pytest.mark.parametrize("name", NOT_VARIABLES)
def test_a_variable_means_nothing_else(name: str) -> None:
    problem = problem_of(file_of(f"{{get: tasks, as: {name}}}"))

    assert (problem.message, marked(problem)) == (f"`${name}` has a meaning already", name)


def test_without_things_a_step_is_told_to_declare_one() -> None:
    problem = problem_of("jobs:\n- do: [{get: tasks}]")

    assert (problem.message, problem.help) == ("there is no shared thing `tasks`", "declare it under `shared:`")


@pytest.mark.parametrize(
    ("do", "found"), [("hang", "the text `hang`"), ("{hang: }", "a mapping"), ("5", "the number 5")]
)
def test_steps_are_a_list(do: str, found: str) -> None:
    problem = problem_of(f"jobs:\n- do: {do}")

    assert (problem.message, problem.help) == (
        f"expected a list of steps, found {found}",
        "each step begins with `- `",
    )


def test_all_mistakes_are_told_each_at_its_place() -> None:
    problems = problems_of(file_of("slepp: 1, {repeat: x, do: [hnag, print: $q]}, {put: 1, into: door, timeout: x}"))

    assert [(marked(problem), problem.message.partition(":")[0]) for problem in problems] == [
        ("slepp", "unknown step `slepp`"),
        ("x", "`repeat`"),
        ("hnag", "unknown step `hnag`"),
        ("$q", "unknown placeholder `$q`"),
        ("door", "`door` is a lock, which `into` cannot use"),
        ("x", "`timeout`"),
    ]


def main_of(main: str, **environ: str) -> list[Any]:
    """The steps of main as the plan has them."""
    return list(plan_of(f"{SHARED}jobs:\n- {{name: p, target: m:f}}\nmain: [{main}]", **environ).steps)


def test_main_may_use_shared_things_between_its_other_steps() -> None:
    steps = main_of("{put: 1, into: tasks}, start: p, {get: tasks, as: item}, print: 'got $item', exit")

    assert steps == [
        Act({"step": "put", "value": 1, "into": ref("tasks")}),
        Start(0),
        Act({"step": "get", "thing": ref("tasks"), "as": "item"}),
        Act({"step": "print", "value": {"text": ["got ", ref("item")]}}),
        Act({"step": "exit", "value": 0}),
    ]


def test_main_has_the_environment() -> None:
    assert main_of("print: 'in ${env.X}', {put: 1, into: '${env.Q}'}", X="x", Q="tasks") == [
        Act({"step": "print", "value": "in x"}),
        Act({"step": "put", "value": 1, "into": ref("tasks")}),
    ]


@pytest.mark.parametrize(
    ("step", "at", "message", "help"),
    [
        ("spin: 1", "spin", "`spin` is a step of a process, not of main's", "write it under `do:` of a job"),
        ("hang", "hang", "`hang` is a step of a process, not of main's", "write it under `do:` of a job"),
        ("print", "print", "the step `print` needs an argument", "write for example - print: hello"),
        ("pirnt: 1", "pirnt", "unknown step `pirnt`", "did you mean `print`?"),
        ("{into: tasks}", "{into: tasks}", "the step does nothing", f"a step has one of {', '.join(KNOWN)}"),
        (
            "{print: 1, sleep: 1}",
            "sleep",
            "a step does one thing, and here are `print` and `sleep`",
            "begin a new step with `- `",
        ),
        (
            "{print: 1, exit: 1}",
            "exit",
            "a step does one thing, and here are `print` and `exit`",
            "begin a new step with `- `",
        ),
        ("print: $index", "$index", "`$index` has a meaning only in `args`, `kwargs` and values of `do`", None),
        ("set: go$index", "$index", "`$index` has a meaning only in `args`, `kwargs` and values of `do`", None),
        ("{put: 1, into: '${env.Q}'}", "${env.Q}", "there is no shared thing `nothing`", None),
        ("set: door", "door", "`door` is a lock, which `set` cannot use", "it takes `event`"),
    ],
)
def test_what_main_cannot_do_with_shared_things_is_shown(step: str, at: str, message: str, help: str | None) -> None:
    problem = problem_of(f"{SHARED}jobs:\n- {{name: p, target: m:f}}\nmain:\n- {step}", Q="nothing")

    assert (problem.message, marked(problem).strip("'")) == (message, at)
    assert help in (None, problem.help)


def test_main_can_do_a_part_of_what_a_process_can() -> None:
    assert set(IN_MAIN) < set(IN_DO) == set(STEPS)


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from(
        [*STEPS, *THINGS, "$pid", "$x", "fork$index", "$index", "$", "${env.X}", "SIGTERM", "ValueError"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*STEPS, "into", "to", "at", "do", "as", "timeout", "times"]), inner, min_size=1, max_size=4
        )
    ),
    max_leaves=12,
)


@settings(max_examples=share_of(1000))
@given(anything, st.sampled_from([IN_DO, IN_MAIN]))
def test_anything_becomes_steps_or_has_mistakes_with_their_places(steps: Any, known: tuple[str, ...]) -> None:
    reader = StepReader(Scope({name: kind.strip("{}").split(":")[0] for name, kind in THINGS.items()}, {}), known)

    data = reader.read(steps, ())

    assert bool(reader.faults) or len(data) == len(steps)
    for fault in reader.faults:
        found = steps
        for place in fault.path[:-1]:
            found = found[place]
        assert not fault.path or fault.path[-1] in (found if isinstance(found, dict) else range(len(found)))


@pytest.mark.parametrize(
    ("thing", "value"),
    [
        ("{value: 0, dtype: uint8}", "255"),
        ("{value: 0, dtype: int8}", "-128"),
        ("{value: true}", "5"),
        ("{value: 0, dtype: float32}", "300"),
        ("{value: 0, dtype: uint8}", "$index"),
        ("{value: 0}", "0.5"),
        ("{dict: {}}", "300"),
    ],
)
def test_a_number_is_written_where_it_fits(thing: str, value: str) -> None:
    at = ", at: x" if "dict" in thing else ""

    assert plan_of(f"shared:\n  it: {thing}\njobs:\n- do: [{{write: {value}, to: it{at}}}]").processes


@pytest.mark.parametrize(("dtype", "value"), [("uint8", "300"), ("uint8", "-1"), ("int64", "9223372036854775808")])
def test_a_number_is_not_written_where_it_would_be_cut_off(dtype: str, value: str) -> None:
    problem = problem_of(f"shared:\n  it: {{value: 0, dtype: {dtype}}}\njobs:\n- do: [{{write: {value}, to: it}}]")

    assert marked(problem) == value
    assert problem.message.startswith(f"{dtype} holds ")


def test_a_timeout_that_is_never_over_is_none() -> None:
    plan = plan_of("shared: {go: event}\njobs: [{do: [{wait: go, timeout: never}]}]")

    assert plan.processes[0].do == ({"step": "wait", "thing": {"ref": "go"}},)
