"""Check before the run, in a temporary forked child, that all targets exist and accept their arguments.

What importing does (threads, open files, prints, an exit) stays in that child.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
from multiprocessing.process import BaseProcess

from runner.model.records import record
from runner.model.safe_repr import text_of, without_our_frames
from runner.supervise.child import coroutines
from runner.supervise.child.calls import OURS, find
from runner.supervise.child.context import python_path
from runner.supervise.imports.stop_during_import import heed
from runner.supervise.mp.forking import fork
from runner.supervise.mp.std_streams import flush_streams
from runner.supervise.starting.user_classes import NO_RUN
from runner.system.clock import monotonic
from runner.system.orphans import ARE_LISTED, children, end_adopted
from runner.system.parent_death import end_with
from runner.system.process_groups import enter_own_group
from runner.system.signals import let_all_through

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn, TypeAlias

    from runner.link.wire import Link
    from runner.model.plan import Plan, ProcessPlan
    from runner.model.problem_ids import ProblemId
    from runner.system.signals import Signals

LIMIT_S = 10.0
LAST_WORDS_S = 0.2
"""For what the child prints when it answers no more; a process that its import has left may keep its output open."""
MOST_OUTPUT = 4_000

Refusal: TypeAlias = "dict[str, Any]"
"""`process` (its number or null), `field`, `message`, `help` (or null) and `id`: one reason not to start.

With `runs_nothing` a plain program would do nothing instead, and end as if all were well.
"""

_RUNS_NOTHING = {"runs_nothing": True}


def check(plan: Plan, link: Link, signals: Signals, *, in_depth: bool) -> tuple[list[Refusal], dict[str, bool]]:
    """Why this plan should not start, and its targets that return coroutines: True where that is certain.

    Those that might return one, or another body that is still to run (False), are looked for only `in_depth`, which
    takes some milliseconds for each.
    Blocks for at most 10 s; raises `Interrupted`.
    """
    asked = _one_for_each_call(plan)
    return _ask(plan, asked, link, signals, in_depth=in_depth) if asked else ([], {})


def _one_for_each_call(plan: Plan) -> list[int]:
    """The numbers of the processes to look at: one of those that make alike calls.

    Targets of our own are there, and their arguments have been looked at with the file.
    """
    calls: dict[str, int] = {}
    for number, process in enumerate(plan.processes):
        if process.do is not None:
            continue
        path = process.target or process.cls or ""
        if not path.startswith(OURS):
            calls.setdefault(f"{process.job} {path} {len(process.args)} {sorted(process.kwargs)}", number)
    return list(calls.values())


def _ask(
    plan: Plan, asked: list[int], link: Link, signals: Signals, *, in_depth: bool
) -> tuple[list[Refusal], dict[str, bool]]:
    answers, to_answers = os.pipe()
    output, to_output = os.pipe()
    before, supervisor = children(), os.getpid()
    signals.hold_back()
    try:
        pid = fork()
        if pid == 0:
            _answer(plan, asked, to_answers, to_output, supervisor, in_depth=in_depth)
    except OSError as error:
        for end in (answers, to_answers, output, to_output):
            os.close(end)
        message = f"no process can be made to look whether it is there: {error.strerror}"
        return [_refusal("target", message, id="unavailable") | {"process": asked[0]}], {}
    finally:
        signals.take()
    os.close(to_answers)
    os.close(to_output)
    try:
        heard = _listen(answers, output, link, len(asked))
    finally:
        os.kill(pid, signal.SIGKILL)
        if not ARE_LISTED:  # then what the imports have started is known by its group, which lasts as long as the child
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        end_adopted(before)
        os.close(answers)
        os.close(output)
    return _conclude(plan, asked, heard)


def _answer(plan: Plan, asked: list[int], answers: int, output: int, supervisor: int, *, in_depth: bool) -> NoReturn:
    """Be the child: answer for each of the asked processes, a line each."""
    try:
        end_with(supervisor)
        if ARE_LISTED:
            enter_own_group()
        else:
            os.setpgid(0, 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.stdin = sys.__stdin__
        let_all_through()
        for number in asked:
            # Under spawn the interpreter of the process starts with this path.
            sys.path[:0] = before = python_path(plan.processes[number].env) if plan.start_method == "spawn" else []
            answer = _look(plan.processes[number], in_depth=in_depth)
            del sys.path[: len(before)]
            flush_streams()
            line = json.dumps({"process": number} | answer).encode() + b"\n"
            while line:
                line = line[os.write(answers, line) :]
    except OSError:  # the refusal quotes this message, as it quotes what the import printed
        os.write(2, b"the import closes descriptors that are not its own, as `os.closerange` does\n")
    except BaseException:  # a fault of ours: the refusal quotes the traceback
        import traceback

        os.write(2, traceback.format_exc().encode(errors="backslashreplace"))
    finally:
        os._exit(0)


def _look(process: ProcessPlan, *, in_depth: bool) -> dict[str, Any]:
    """The `refusal` of a process, or None, its `target`, and whether that is `async`: None where it might be.

    For a class without `run` it is None, too: its constructor may give it a target.
    """
    field, path = ("class", process.cls) if process.cls is not None else ("target", process.target or "")
    try:
        target = find(path)
    except SystemExit as end:
        message = f"`{path}` cannot be imported: its module calls sys.exit({end.code!r})"
        return {"refusal": _refusal(field, message, id="import-fails"), "target": path, "async": False}
    except BaseException as error:
        return {"refusal": _import_failure(field, path, error), "target": path, "async": False}
    refusal = _misuse_of_class(path, target) if field == "class" else _misuse_of_target(path, target)
    body = getattr(target, "run", None) if field == "class" else target
    may = body is BaseProcess.run if field == "class" else in_depth and coroutines.may_return_body(body)
    return {
        "refusal": refusal or _lazy(field, path, body) or _bind(process, field, path, target),
        "target": path,
        "async": coroutines.is_async(body) or (None if may else False),
    }


def _misuse_of_class(path: str, cls: Any) -> Refusal | None:
    if not (isinstance(cls, type) and issubclass(cls, BaseProcess)):
        message = f"`{path}` is not a subclass of multiprocessing.Process"
        return _refusal("class", message, "for a function, write `target:`", id="unusable-target")
    if cls.run is BaseProcess.run and cls.__init__ is BaseProcess.__init__:
        help_ = "write what it does as `def run(self)`"
        return _refusal("class", f"`{path}` {NO_RUN}", help_, id="unusable-target") | _RUNS_NOTHING
    return None


def _misuse_of_target(path: str, target: Any) -> Refusal | None:
    if isinstance(target, type) and issubclass(target, BaseProcess):
        message = f"`{path}` is a subclass of multiprocessing.Process: to call it makes an object, and runs nothing"
        return _refusal("target", message, "for a class, write `class:`", id="unusable-target") | _RUNS_NOTHING
    if not callable(target):
        message = f"`{path}` cannot be called: it is a {type(target).__name__}"
        return _refusal("target", message, id="unusable-target")
    return None


def _lazy(field: str, path: str, body: Any) -> Refusal | None:
    kind = coroutines.lazy_kind(body)
    if kind is None:
        return None
    what, name = (f"`{path}`", path.rpartition(":")[2]) if field == "target" else (f"`run` of `{path}`", "self.steps")
    article = "an" if kind.startswith("a") else "a"
    message = f"{what} gives {article} {kind}: to call it runs nothing of its body"
    return _refusal(field, message, coroutines.INSTEAD[kind].format(name), id="unusable-target") | _RUNS_NOTHING


def _bind(process: ProcessPlan, field: str, path: str, target: Any) -> Refusal | None:
    from runner.model.signatures import blamed, misfit

    message = misfit(target, path.rpartition(":")[2], process.args, process.kwargs)
    if message is None:
        return None
    return _refusal(blamed(process.args, process.kwargs) or field, message, id="wrong-arguments")


def _import_failure(field: str, path: str, error: BaseException) -> Refusal:
    module, _, name = path.partition(":")
    if isinstance(error, ModuleNotFoundError) and error.name and f"{module}.".startswith(f"{error.name}."):
        return _refusal(
            field,
            f"there is no module `{error.name}`",
            "modules are looked for as Python does, then beside this file, then in the current folder",
            id="unknown-target",
        )
    if isinstance(error, AttributeError) and module in sys.modules and not _within(module, error):
        known = [known for known in vars(sys.modules[module]) if not known.startswith("_")]
        import difflib

        near = difflib.get_close_matches(name, known, 1)
        file = getattr(sys.modules[module], "__file__", None) or "built into Python"
        help_ = f"did you mean `{near[0]}`?" if near else f"`{module}` is {file}"
        return _refusal(field, f"module `{module}` has no `{name}`", help_, id="unknown-target")
    message = f"`{module}` cannot be imported: {type(error).__name__}: {text_of(error)}"
    return _refusal(field, message, _where(error), id="import-fails")


def _within(module: str, error: BaseException) -> bool:
    """Whether the error comes from code of the module itself."""
    is_its_own = getattr(error, "obj", None) is not sys.modules[module]
    return is_its_own and without_our_frames(error.__traceback__) is not None


def _where(error: BaseException) -> str | None:
    if isinstance(error, SyntaxError) and error.filename is not None:
        return f"in {error.filename}, line {error.lineno}"
    frame = without_our_frames(error.__traceback__)
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return f"raised in {frame.tb_frame.f_code.co_filename}, line {frame.tb_lineno}" if frame else None


def _refusal(field: str, message: str, help_: str | None = None, *, id: ProblemId) -> Refusal:
    return {"field": field, "message": message, "help": help_, "id": id}


@record(frozen=True, slots=True)
class _Heard:
    """What the child answered, the beginning of what it printed, and whether time was over before it had ended."""

    answers: bytes
    said: bytes
    too_late: bool = False


def _listen(answers: int, output: int, link: Link, asked: int) -> _Heard:
    """Listen until all that were asked are answered for, the child ends or time is over."""
    heard = {answers: b"", output: b""}
    poll = select.poll()
    for descriptor in (output, answers, link.fileno()):
        poll.register(descriptor, select.POLLIN)
    deadline = monotonic() + LIMIT_S
    is_over, waited_for = False, {answers, output}
    while (left := deadline - monotonic()) > 0:
        for descriptor, _ in poll.poll(left * 1000):
            if descriptor == link.fileno():
                heed(link)
                continue
            data = os.read(descriptor, 65536)
            if not data and descriptor == answers:  # the end of the child, or its import has closed it
                deadline = min(deadline, monotonic() + LAST_WORDS_S)
                is_over = True
            if not data:
                poll.unregister(descriptor)
                waited_for.discard(descriptor)
            elif descriptor == answers or len(heard[output]) < MOST_OUTPUT:
                heard[descriptor] += data
        # The end alone would not do: an import may have left a process that has the pipe, too.
        if heard[answers].count(b"\n") == asked or (is_over and not waited_for):
            return _Heard(heard[answers], heard[output])
    return _Heard(heard[answers], heard[output], too_late=not is_over)


def _conclude(plan: Plan, asked: list[int], heard: _Heard) -> tuple[list[Refusal], dict[str, bool]]:
    """The refusals, and the targets that return coroutines. A process has no answer if its import never ended."""
    answered = [json.loads(line) for line in heard.answers.split(b"\n")[:-1]]
    refusals = [each["refusal"] | {"process": each["process"]} for each in answered if each["refusal"]]
    if len(answered) < len(asked):
        process = plan.processes[asked[len(answered)]]
        path = process.cls or process.target or ""
        outcome = f"does not end within {LIMIT_S:g} s" if heard.too_late else "ends the process"
        message = f"importing `{path.partition(':')[0]}` {outcome}"
        help_ = "--no-preflight starts without this look"
        refusals.append(_refusal("class" if process.cls else "target", message, help_, id="import-fails"))
        refusals[-1]["process"] = asked[len(answered)]
    if refusals and heard.said:
        text = heard.said[:MOST_OUTPUT].decode(errors="backslashreplace").rstrip()
        refusals[-1]["help"] = "\n".join(filter(None, [refusals[-1]["help"], f"it printed:\n{text}"]))
    return refusals, {each["target"]: each["async"] is True for each in answered if each["async"] is not False}
