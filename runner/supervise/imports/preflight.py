"""Check before the run, in a temporary forked child, that all targets exist and accept their arguments.

The effects of importing (threads, open files, prints, an exit) stay in that child.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
from multiprocessing.process import BaseProcess

from runner.link.codec import decode, encode
from runner.model.messages import Looked, Refusal
from runner.model.records import record, replace
from runner.model.safe_repr import text_of, without_our_frames
from runner.supervise.child import coroutines
from runner.supervise.child.calls import OURS, find
from runner.supervise.child.context import python_path
from runner.supervise.imports.stop_during_import import heed
from runner.supervise.mp.forking import fork
from runner.supervise.mp.std_streams import flush_streams
from runner.supervise.starting.user_classes import NO_RUN
from runner.system.clock import monotonic
from runner.system.orphans import ARE_LISTED, children, kill_orphans
from runner.system.parent_death import end_with
from runner.system.process_groups import enter_own_group
from runner.system.signals import unblock_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from runner.link.wire import ToFront
    from runner.model.plan import Plan, ProcessPlan
    from runner.model.problem_ids import ProblemId
    from runner.system.signals import Signals

LIMIT_S = 10.0
LAST_OUTPUT_TIMEOUT_S = 0.2
"""The time for reading the output of a child that answers no more; a process that its import left may keep its output
open."""
MAX_OUTPUT = 4_000


def check(plan: Plan, link: ToFront, signals: Signals, *, in_depth: bool) -> tuple[list[Refusal], dict[str, bool]]:
    """Return why this plan should not start, and its targets that return coroutines: True if that is certain.

    Targets that might return one, or another body that has not run (False), are looked for only `in_depth`, which takes
    some milliseconds for each. Block for at most 10 s; raise `Interrupted`.
    """
    asked = _one_for_each_call(plan)
    return _ask(plan, asked, link, signals, in_depth=in_depth) if asked else ([], {})


def _one_for_each_call(plan: Plan) -> list[int]:
    """Return the numbers of the processes to check: one for each set of processes with the same call.

    Our own targets exist, and their arguments were checked with the file.
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
    plan: Plan, asked: list[int], link: ToFront, signals: Signals, *, in_depth: bool
) -> tuple[list[Refusal], dict[str, bool]]:
    answers, to_answers = os.pipe()
    output, to_output = os.pipe()
    before, supervisor = children(), os.getpid()
    signals.block_stops()
    try:
        pid = fork()
        if pid == 0:
            _answer(plan, asked, to_answers, to_output, supervisor, in_depth=in_depth)
    except OSError as error:
        for end in (answers, to_answers, output, to_output):
            os.close(end)
        message = f"no process can be created to check whether it exists: {error.strerror}"
        return [Refusal(asked[0], "target", message, None, "unavailable")], {}
    finally:
        signals.take()
    os.close(to_answers)
    os.close(to_output)
    try:
        heard = _listen(answers, output, link, len(asked))
    finally:
        os.kill(pid, signal.SIGKILL)
        if (
            not ARE_LISTED
        ):  # then processes that the imports started can be found by its group, which lasts as long as the child
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        kill_orphans(before)
        os.close(answers)
        os.close(output)
    return _conclude(plan, asked, heard)


def _answer(plan: Plan, asked: list[int], answers: int, output: int, supervisor: int, *, in_depth: bool) -> NoReturn:
    """Be the child: write a line of answer for each of the asked processes."""
    try:
        end_with(supervisor)
        if ARE_LISTED:
            enter_own_group()
        else:
            os.setpgid(0, 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.stdin = sys.__stdin__
        unblock_all()
        for number in asked:
            # Under spawn the interpreter of the process starts with this path.
            sys.path[:0] = before = python_path(plan.processes[number].env) if plan.start_method == "spawn" else []
            line = encode(_look(number, plan.processes[number], in_depth=in_depth))
            del sys.path[: len(before)]
            flush_streams()
            while line:
                line = line[os.write(answers, line) :]
    except OSError:  # the refusal quotes this message, as it quotes what the import printed
        os.write(2, b"the import closes descriptors that are not its own, as `os.closerange` does\n")
    except BaseException:  # a fault of ours: the refusal quotes the traceback
        import traceback

        os.write(2, traceback.format_exc().encode(errors="backslashreplace"))
    finally:
        os._exit(0)


def _look(number: int, process: ProcessPlan, *, in_depth: bool) -> Looked:
    """Return what is found of one process: why it cannot be started, if it cannot, and whether it returns a coroutine.

    `is_async` is None for a class without `run`, too: its constructor may give it a target.
    """
    field, path = ("class", process.cls) if process.cls is not None else ("target", process.target or "")
    try:
        target = find(path)
    except SystemExit as end:
        message = f"`{path}` cannot be imported: its module calls sys.exit({end.code!r})"
        return Looked(Refusal(number, field, message, None, "import-fails"), path, is_async=False)
    except BaseException as error:
        return Looked(replace(_import_failure(field, path, error), process=number), path, is_async=False)
    refusal = _misuse_of_class(path, target) if field == "class" else _misuse_of_target(path, target)
    body = getattr(target, "run", None) if field == "class" else target
    may = body is BaseProcess.run if field == "class" else in_depth and coroutines.may_return_body(body)
    refusal = refusal or _lazy(field, path, body) or _bind(process, field, path, target)
    is_async = coroutines.is_async(body) or (None if may else False)
    return Looked(None if refusal is None else replace(refusal, process=number), path, is_async)


def _misuse_of_class(path: str, cls: object) -> Refusal | None:
    if not (isinstance(cls, type) and issubclass(cls, BaseProcess)):
        message = f"`{path}` is not a subclass of multiprocessing.Process"
        return _refusal("class", message, "for a function, write `target:`", id="unusable-target")
    if cls.run is BaseProcess.run and cls.__init__ is BaseProcess.__init__:
        help_ = "write what it does as `def run(self)`"
        return _refusal("class", f"`{path}` {NO_RUN}", help_, id="unusable-target", runs_nothing=True)
    return None


def _misuse_of_target(path: str, target: object) -> Refusal | None:
    if isinstance(target, type) and issubclass(target, BaseProcess):
        message = f"`{path}` is a subclass of multiprocessing.Process: calling it creates an object, and runs nothing"
        help_ = "for a class, write `class:`"
        return _refusal("target", message, help_, id="unusable-target", runs_nothing=True)
    if not callable(target):
        message = f"`{path}` cannot be called: it is a {type(target).__name__}"
        return _refusal("target", message, id="unusable-target")
    return None


def _lazy(field: str, path: str, body: object) -> Refusal | None:
    kind = coroutines.lazy_kind(body)
    if kind is None:
        return None
    what, name = (f"`{path}`", path.rpartition(":")[2]) if field == "target" else (f"`run` of `{path}`", "self.steps")
    article = "an" if kind.startswith("a") else "a"
    message = f"{what} returns {article} {kind}: calling it does not run its body"
    help_ = coroutines.INSTEAD[kind].format(name)
    return _refusal(field, message, help_, id="unusable-target", runs_nothing=True)


def _bind(process: ProcessPlan, field: str, path: str, target: Callable[..., object]) -> Refusal | None:
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
            "modules are looked for as Python does, then next to this file, then in the current folder",
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
    """Return whether the error comes from code of the module itself."""
    is_its_own = getattr(error, "obj", None) is not sys.modules[module]
    return is_its_own and without_our_frames(error.__traceback__) is not None


def _where(error: BaseException) -> str | None:
    if isinstance(error, SyntaxError) and error.filename is not None:
        return f"in {error.filename}, line {error.lineno}"
    frame = without_our_frames(error.__traceback__)
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return f"raised in {frame.tb_frame.f_code.co_filename}, line {frame.tb_lineno}" if frame else None


def _refusal(
    field: str, message: str, help_: str | None = None, *, id: ProblemId, runs_nothing: bool = False
) -> Refusal:
    return Refusal(None, field, message, help_, id, runs_nothing)


@record(frozen=True, slots=True)
class _Answers:
    """The child's answers, the beginning of its output, and whether it was stopped by the time limit."""

    answers: bytes
    said: bytes
    too_late: bool = False


def _listen(answers: int, output: int, link: ToFront, asked: int) -> _Answers:
    """Read answers until all are complete, the child ends or the time is over."""
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
            if not data and descriptor == answers:  # the child has ended, or its import has closed the pipe
                deadline = min(deadline, monotonic() + LAST_OUTPUT_TIMEOUT_S)
                is_over = True
            if not data:
                poll.unregister(descriptor)
                waited_for.discard(descriptor)
            elif descriptor == answers or len(heard[output]) < MAX_OUTPUT:
                heard[descriptor] += data
        # The end alone would not do: an import may have left a process that has the pipe open, too.
        if heard[answers].count(b"\n") == asked or (is_over and not waited_for):
            return _Answers(heard[answers], heard[output])
    return _Answers(heard[answers], heard[output], too_late=not is_over)


def _conclude(plan: Plan, asked: list[int], heard: _Answers) -> tuple[list[Refusal], dict[str, bool]]:
    """Return the refusals, and the targets that return coroutines. A process has no answer if its import never
    ended."""
    answered: list[Looked] = [decode(line)[0] for line in heard.answers.decode().split("\n")[:-1]]
    refusals = [each.refusal for each in answered if each.refusal is not None]
    if len(answered) < len(asked):
        number = asked[len(answered)]
        process = plan.processes[number]
        path = process.cls or process.target or ""
        outcome = f"does not end within {LIMIT_S:g} s" if heard.too_late else "ends the process"
        message = f"importing `{path.partition(':')[0]}` {outcome}"
        help_ = "--no-preflight starts without this check"
        refusals.append(Refusal(number, "class" if process.cls else "target", message, help_, "import-fails"))
    if refusals and heard.said:
        text = heard.said[:MAX_OUTPUT].decode(errors="backslashreplace").rstrip()
        help_ = "\n".join(filter(None, [refusals[-1].help, f"it printed:\n{text}"]))
        refusals[-1] = replace(refusals[-1], help=help_)
    return refusals, {each.target: each.is_async is True for each in answered if each.is_async is not False}
