"""Keys of other tools (Compose, Actions, supervisord, PM2, Kubernetes, systemd …) and what to write here instead.

A key is looked up as `normal` writes it. What it is answered with is made of its value, so that it can be copied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from runner.describe.foreign.entries import call, environment, program, seconds, whole
from runner.describe.foreign.entries import normal as _normal
from runner.describe.foreign.text import field as _field
from runner.records import field, record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@record(frozen=True, slots=True)
class Instead:
    """What to write instead of a key: fields of the job, or of the whole file, and words."""

    says: str = ""
    job: Mapping[str, object] = field(default_factory=dict)
    file: Mapping[str, object] = field(default_factory=dict)

    @property
    def help(self) -> str:
        """All of it as one line."""
        parts = []
        if self.job:
            parts.append(f"write {' and '.join(_field(*each) for each in self.job.items())}")
        if self.file:
            above = "" if self.job else ", at the top of the file"
            parts.append(f"write {' and '.join(_field(*each) for each in self.file.items())}{above}")
        return "; ".join([*parts, self.says] if self.says else parts)


Answer: TypeAlias = "Callable[[Any], Instead]"


def in_a_job(key: object, value: object) -> Instead | None:
    """What to write instead of this key in a job; None if no other tool has it."""
    answer = _IN_A_JOB.get(_normal(key))
    return answer(value) if answer else None


def in_a_file(key: object, value: object) -> Instead | None:
    """What to write instead of this key at the top of a file; None if no other tool has it."""
    answer = _IN_A_FILE.get(_normal(key))
    return answer(value) if answer else None


def in_a_step(name: str) -> str | None:
    """What to write instead of a step of this name; None if no other tool has it."""
    return _IN_STEPS.get(_normal(name))


def instead_of_a_command(command: object) -> str | None:
    """What to write instead of a command, given as text or as a list; None if it is neither."""
    return _program(command).help if program(command) else None


def _says(text: str) -> Answer:
    return lambda _: Instead(text)


def _program(value: object) -> Instead:
    words = program(value) or ["python", "app.py"]
    return Instead("it runs a program, waits for it, and fails if it does", call(words))


def _renamed(name: str, example: object, fits: Callable[[Any], bool]) -> Answer:
    return lambda value: Instead(job={name: value if fits(value) else example})


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value.strip() not in ("", "all") and value.isprintable() and "$" not in value


def _is_plain_list(value: object) -> bool:
    return isinstance(value, list) and "$" not in str(value)


def _environment(value: object) -> Instead:
    return Instead(job={"env": environment(value) or {"NAME": "value"}})


def _count(value: object) -> Instead:
    return Instead("`$index` counts them from 0", {"replicas": whole(value, 2) or 2})


def _grace_period(unit_s: float) -> Answer:
    def answer(value: object) -> Instead:
        says = "how long after SIGTERM a process that still runs is sent SIGKILL"
        return Instead(says, file={"grace_period": seconds(value, unit_s) or 5})

    return answer


def _timeout(unit_s: float, name: str = "timeout") -> Answer:
    def answer(value: object) -> Instead:
        given = {name: seconds(value, unit_s) or 60}
        return Instead(file=given) if name == "time_limit" else Instead(job=given)

    return answer


def _memory(value: object) -> Instead:
    units = {"k": "KiB", "m": "MiB", "g": "GiB", "ki": "KiB", "mi": "MiB", "gi": "GiB", "kb": "KiB", "mb": "MiB"}
    text = str(value).strip()
    number = text.rstrip("kKmMgGiIbB")
    unit = units.get(text[len(number) :].casefold())
    is_size = unit is not None and number.isdecimal() and len(number) < 6
    return Instead(
        "beyond it Python raises MemoryError", {"limits": {"memory": f"{number}{unit}" if is_size else "512MiB"}}
    )


_ENDS = "does not exist yet: a process is started once, and is not started again when it ends"
_ORDER = (
    "does not exist yet: main starts the jobs in their order; write main: with steps such as "
    "[{start: a}, {join: a}, {start: b}] to have one wait for another"
)
_HEALTH = "does not exist yet: a process is running from its start on"
_HERE = "processes run on this machine, in no container: they use its files, ports and network as they are"
_CONTAINER = (
    "processes run on this machine, in no container; to run one, write target: subprocess:check_call and "
    "args: [[docker, run, --rm, IMAGE]]"
)
_LOGS = "what processes write goes to stdout and stderr of run-jobs, with their names: run-jobs FILE > FILE.log"
_USER = "does not exist yet: processes run as the user of run-jobs"
_WATCH = "write run-jobs watch FILE: it runs the file again whenever it is saved"
_CRON = "does not exist yet: have cron or a timer of systemd start run-jobs FILE"
_CONDITION = "there are no conditions in a file: write them in Python, in the target"
_STOP = "a process is stopped by SIGTERM, and by SIGKILL after the file's grace_period"
_GROUP = "what a process has started is ended with the run, always"
_COMMENT = "write it as a comment, after `# `"
_STEPS = "write what a process does step by step under do:, or as a Python function under target:"
_JOBS = "write each of them as an entry of jobs:, with name: and target:"
_SHARED = "write what processes share under shared:, at the top of the file"
_EACH = "write it in the jobs: each has its own"

_JOB_ANSWERS: tuple[tuple[Answer, str], ...] = (
    (_program, "command cmd entrypoint exec execstart script shell run program executable bin"),
    (_environment, "environment envvars variables vars environ"),
    (
        _renamed("cwd", ".", _is_text),
        "working_dir working_directory directory dir chdir workdir folder",
    ),
    (_count, "instances numprocs count scale concurrency parallelism processes procs workers threads"),
    (_renamed("name", "web", _is_text), "container_name process_name id label title hostname"),
    (
        _renamed("target", "package.module:function", lambda value: _is_text(value) and value.count(":") == 1),
        "function func callable entry module method task handler worker",
    ),
    (
        _renamed("args", [1, 2], _is_plain_list),
        "arguments argv params parameters positional",
    ),
    (_renamed("kwargs", {"seconds": 1}, lambda _: False), "with options keywords config data inputs"),
    (_says(f"it {_ENDS}"), "restart autorestart restart_policy always_restart respawn keep_alive"),
    (_says(f"it {_ENDS}"), "max_restarts startretries start_retries restarts restart_delay restart_sec backoff"),
    (_says(f"it {_ENDS}"), "exp_backoff_restart_delay min_uptime startsecs retry retries max_retries attempts"),
    (
        _says(f"it {_ORDER}"),
        "depends_on needs after before requires wants dependencies wait_for wait_on priority order",
    ),
    (
        _says("every job is started; write main: with start: steps for those that are to be started"),
        "autostart auto_start enabled disabled disable profiles",
    ),
    (_says("it does not exist yet: write env: {NAME: value}, or set the variables before run-jobs"), "env_file dotenv"),
    (_grace_period(1), "stop_grace_period stopwaitsecs termination_grace_period_seconds timeout_stop_sec grace_period"),
    (_grace_period(0.001), "kill_timeout"),
    (_timeout(60), "timeout_minutes"),
    (_timeout(1), "timeout_seconds active_deadline_seconds runtime_max_sec time_limit deadline max_time max_runtime"),
    (_timeout(1, "start_delay"), "delay wait initial_delay_seconds start_after"),
    (_timeout(1, "terminate_after"), "stop_after kill_after duration run_for"),
    (_says(_STOP), "stopsignal stop_signal kill_signal exit_signal"),
    (_says(_GROUP), "stopasgroup killasgroup treekill kill_mode"),
    (
        _says(f"it {_HEALTH}"),
        "healthcheck health liveness_probe readiness_probe startup_probe wait_ready listen_timeout",
    ),
    (_says(_CONTAINER), "image build container uses runs_on pull_policy dockerfile"),
    (_says(_HERE), "ports expose networks network network_mode links extra_hosts dns volumes volume_mounts mounts"),
    (_says(_LOGS), "logging stdout_logfile stderr_logfile redirect_stderr stdout stderr out_file error_file log_file"),
    (_says(_LOGS), "log merge_logs log_date_format output error standard_output standard_error"),
    (
        _says("write the program as the first of the words: target: subprocess:check_call, args: [[node, app.js]]"),
        "interpreter interpreter_args node_args exec_interpreter",
    ),
    (_says("write replicas: with how many; there is one way to run a process"), "exec_mode"),
    (_says(f"it {_USER}"), "user uid gid group privileged cap_add security_context umask nice"),
    (_says(_WATCH), "watch ignore_watch watch_delay develop"),
    (_says(f"it {_CRON}"), "cron schedule cron_restart every interval"),
    (_memory, "memory mem_limit memory_limit memory_max max_memory_restart max_memory"),
    (
        _says("write limits: with memory, cpu_seconds, open_files or core, such as limits: {memory: 512MiB}"),
        "resources deploy cpus cpu ulimits mem_reservation rlimits",
    ),
    (_says(_CONDITION), "if when only unless rules condition strategy matrix"),
    (
        _says("write expect: with how it is meant to end, such as expect: {exit_code: 1}"),
        "exitcodes exit_codes exit_code success_exit_status continue_on_error allow_failure ignore_errors",
    ),
    (_says(_COMMENT), "description comment help summary labels annotations"),
    (_says(_STEPS), "steps tasks stages actions before_script after_script pre post pre_start post_start"),
    (_says("its stdin is empty: write what it needs as args:"), "stdin stdin_open tty input interactive"),
    (_says("write daemon: true for a process that is terminated when main has ended"), "background detach daemonize"),
    (_says("write them where they are used; YAML's `&name` and `*name` repeat a value"), "extends template defaults"),
    (_says("there is no such key: variables of the environment come from run-jobs itself"), "secrets configs"),
)
_FILE_ANSWERS: tuple[tuple[Answer, str], ...] = (
    (_says(_JOBS), "services tasks apps processes procs programs workers targets services_ containers pods commands"),
    (_says(_JOBS), "process task service app command cmd target run script program"),
    (
        _says("main starts the jobs in their order; write the steps of main under main:"),
        "steps stages pipeline workflow",
    ),
    (lambda value: Instead(file={"title": str(value) if _is_text(value) else "what it shows"}), "name description"),
    (_says("there is no version of the format: remove it"), "version api_version schema schema_version"),
    (_says(f"{_EACH}: env: {{NAME: value}}"), "env environment vars variables environ envs"),
    (_says("it does not exist yet: write env: {NAME: value} in the jobs"), "env_file dotenv"),
    (_timeout(1, "time_limit"), "timeout max_time deadline max_runtime duration timeout_seconds"),
    (_timeout(60, "time_limit"), "timeout_minutes"),
    (_grace_period(1), "stop_grace_period stopwaitsecs grace kill_timeout shutdown_timeout stop_timeout"),
    (lambda _: Instead(file={"mp_log": "debug"}), "log_level loglevel log logging debug"),
    (lambda _: Instead(file={"start_method": "spawn"}), "method context mp_context mode start"),
    (
        _says("write replicas: in a job, with how many; all jobs run at the same time"),
        "parallel concurrency max_parallel jobs_count replicas",
    ),
    (lambda _: Instead(file={"preload": ["package.module"]}), "imports modules requirements"),
    (_says("a file says all by itself: there is no way to include another one"), "include includes extends import"),
    (_says(_SHARED), "locks queues values shared_memory resources semaphores events"),
    (_says(_EACH), "defaults default cwd working_dir daemon args kwargs replicas restart depends_on needs join"),
    (_says(_HERE), "volumes networks secrets configs ports"),
    (_says(f"it {_CRON}"), "on schedule cron triggers trigger"),
    (_says("write try: with edits worth trying, or --set PATH=VALUE"), "edits overrides set"),
    (_says(_COMMENT), "comment notes author metadata tags permissions labels"),
)


def _by_key(answers: tuple[tuple[Answer, str], ...]) -> dict[str, Answer]:
    return {_normal(key): answer for answer, keys in answers for key in keys.split()}


_IN_A_JOB = _by_key(_JOB_ANSWERS)
_IN_A_FILE = _by_key(_FILE_ANSWERS)
_PROGRAM = "no step starts a program: write a job with target: subprocess:check_call and args: [[echo, hello]]"
_IN_STEPS = {
    _normal(key): says
    for says, keys in (
        (_PROGRAM, "run command cmd shell exec script bash sh uses popen spawn system"),
        (
            "no step calls a function: write a job with target: module:function",
            "call function target import invoke eval",
        ),
        ("write for example - print: hello", "echo log say debug"),
        ("write for example - {put: 1, into: tasks}", "send push enqueue produce publish"),
        ("write for example - {get: tasks, as: item}", "receive recv pop dequeue consume take"),
        ("write for example - {write: 1, to: total}", "assign store save update"),
        ("write for example - sleep: 500ms", "delay pause wait_seconds"),
        (
            "what is done in the meantime is a process of its own: write - {child: helper, do: [print: hello]}",
            "fork parallel background async thread",
        ),
        ("write expect: with values or output, in the file or the job", "assert expect check verify"),
        ("a step is done once: write repeat: around it for more", "retry until every"),
        ("write for example - {raise: ValueError, message: no}", "throw error fail"),
    )
    for key in keys.split()
}
