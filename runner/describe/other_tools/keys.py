"""Keys of other tools (Compose, Actions, supervisord, PM2, Kubernetes, systemd …) and their replacements.

A key is looked up in the form that `normal` returns. The answer contains its value, so that it can be copied.
"""

from __future__ import annotations

from runner.describe.other_tools.entries import normal as _normal
from runner.describe.other_tools.entries import program
from runner.describe.other_tools.replacements import (
    LIMITS,
    STOP,
    Answer,
    Instead,
    grace_period,
    is_plain_list,
    is_text,
    memory,
    program_run,
    renamed,
    replicas,
    resources,
    says,
    shutdown,
    timeout,
    variables,
)


def in_a_job(key: object, value: object) -> Instead | None:
    """Return what to write instead of this key in a job; None if no other tool has it."""
    answer = _IN_A_JOB.get(_normal(key))
    return answer(value) if answer else None


def in_a_file(key: object, value: object) -> Instead | None:
    """Return what to write instead of this key at the top of a file; None if no other tool has it."""
    answer = _IN_A_FILE.get(_normal(key))
    return answer(value) if answer else None


def in_a_step(name: str) -> str | None:
    """Return what to write instead of a step of this name; None if no other tool has it."""
    return _IN_STEPS.get(_normal(name))


def instead_of_a_command(command: object) -> str | None:
    """Return what to write instead of a command, given as text or as a list; None if it is neither."""
    return program_run(command).help if program(command) else None


_PRIORITY = "does not exist yet: processes have the priority of run-jobs: nice -n 10 run-jobs FILE"
_NAMESPACE = "there are no namespaces: the name of a process is unique in its run"
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
_GROUP = "what a process has started is ended with the run, always"
_COMMENT = "write it as a comment, after `# `"
_STEPS = "write what a process does step by step under do:, or as a Python function under target:"
_JOBS = "write each of them as an entry of jobs:, with name: and target:"
_SHARED = "write what processes share under shared:, at the top of the file"
_EACH = "write it in the jobs: each has its own"

_JOB_ANSWERS: tuple[tuple[Answer, str], ...] = (
    (program_run, "command cmd entrypoint exec execstart script shell run program executable bin"),
    (variables, "environment envvars variables vars environ"),
    (
        renamed("cwd", ".", is_text),
        "working_dir working_directory directory dir chdir workdir folder",
    ),
    (replicas, "instances numprocs count scale concurrency parallelism processes procs workers threads"),
    (renamed("name", "web", is_text), "container_name process_name id label title"),
    (
        renamed("target", "package.module:function", lambda value: is_text(value) and str(value).count(":") == 1),
        "function func callable entry module method task handler worker",
    ),
    (
        renamed("args", [1, 2], is_plain_list),
        "arguments argv params parameters positional",
    ),
    (renamed("kwargs", {"seconds": 1}, lambda _: False), "with options keywords config data inputs"),
    (says(f"it {_ENDS}"), "restart autorestart restart_policy always_restart respawn keep_alive availability"),
    (says(f"it {_ENDS}"), "max_restarts startretries start_retries restarts restart_delay restart_sec backoff"),
    (
        says(f"it {_ENDS}"),
        "exp_backoff_restart_delay min_uptime startsecs retry retries max_retries attempts on_failure",
    ),
    (
        says(f"it {_ENDS}"),
        "remain_after_exit backoff_seconds restart_seconds",
    ),
    (
        says(f"it {_ORDER}"),
        "depends_on needs after before requires wants dependencies wait_for wait_on priority order",
    ),
    (
        says("every job is started; write main: with start: steps for those that are to be started"),
        "autostart auto_start enabled disabled disable profiles",
    ),
    (says("it does not exist yet: write env: {NAME: value}, or set the variables before run-jobs"), "env_file dotenv"),
    (grace_period(1), "stop_grace_period stopwaitsecs termination_grace_period_seconds timeout_stop_sec grace_period"),
    (grace_period(1), "graceful_timeout"),
    (grace_period(0.001), "kill_timeout"),
    (timeout(60), "timeout_minutes"),
    (timeout(1), "timeout_seconds active_deadline_seconds runtime_max_sec time_limit deadline max_time max_runtime"),
    (timeout(1, "start_delay"), "delay wait initial_delay_seconds start_after"),
    (timeout(1, "terminate_after"), "stop_after kill_after duration run_for"),
    (shutdown, "shutdown"),
    (says(STOP), "stopsignal stop_signal kill_signal exit_signal"),
    (says(_GROUP), "stopasgroup killasgroup treekill kill_mode init"),
    (
        says(f"it {_HEALTH}"),
        "healthcheck health liveness_probe readiness_probe startup_probe wait_ready listen_timeout",
    ),
    (says(_CONTAINER), "image build container uses runs_on pull_policy dockerfile"),
    (
        says(_HERE),
        "platform hostname domainname devices gpus shm_size tmpfs read_only sysctls ipc pid runtime isolation",
    ),
    (says(_HERE), "cap_drop cgroup cgroup_parent security_opt userns_mode group_add mac_address external_links"),
    (says(_HERE), "ports expose networks network network_mode links extra_hosts dns volumes volume_mounts mounts"),
    (says(_LOGS), "logging stdout_logfile stderr_logfile redirect_stderr stdout stderr out_file error_file log_file"),
    (says(_LOGS), "log merge_logs log_date_format output error standard_output standard_error log_type log_location"),
    (says(_LOGS), "combine_logs stdout_logfile_maxbytes stderr_logfile_maxbytes syslog_identifier"),
    (
        says("write the program as the first of the words: target: subprocess:check_call, args: [[node, app.js]]"),
        "interpreter interpreter_args node_args exec_interpreter",
    ),
    (says("write replicas: with how many; there is one way to run a process"), "exec_mode"),
    (says(f"it {_USER}"), "user uid gid group privileged cap_add security_context umask"),
    (says(f"it {_PRIORITY}"), "nice niceness ionice cpu_shares cpuset oom_score_adj"),
    (says(_WATCH), "watch ignore_watch watch_delay develop"),
    (says(f"it {_CRON}"), "cron schedule cron_restart every interval"),
    (memory, "memory mem_limit memory_limit memory_max max_memory_restart max_memory"),
    (resources, "resources deploy"),
    (says(LIMITS), "cpus cpu ulimits mem_reservation rlimits rlimit pids_limit limit_nofile cpu_count cpu_quota"),
    (says(_CONDITION), "if when only unless rules condition strategy matrix except stage trigger"),
    (
        says("write expect: with how it is meant to end, such as expect: {exit_code: 1}"),
        "exitcodes exit_codes exit_code success_exit_status continue_on_error allow_failure ignore_errors",
    ),
    (says("all jobs run at the same time; write replicas: for more processes of this one"), "parallel"),
    (says(_NAMESPACE), "namespace"),
    (says(_COMMENT), "description comment help summary labels annotations tags tag metadata"),
    (says(_STEPS), "steps tasks stages actions before_script after_script pre post pre_start post_start"),
    (says(_STEPS), "hooks lifecycle exec_start_pre exec_start_post exec_stop exec_reload init_containers pre_stop"),
    (says("its stdin is empty: write what it needs as args:"), "stdin stdin_open tty input interactive is_tty"),
    (
        says("write daemon: true for a process that is terminated when main has ended"),
        "background detach daemonize is_daemon",
    ),
    (says("write them where they are used; YAML's `&name` and `*name` repeat a value"), "extends template defaults"),
    (says("there is no such key: variables of the environment come from run-jobs itself"), "secrets configs"),
)
_FILE_ANSWERS: tuple[tuple[Answer, str], ...] = (
    (says(_JOBS), "services tasks apps processes procs programs workers targets services_ containers pods commands"),
    (says(_JOBS), "process task service app command cmd target run script program"),
    (
        says("main starts the jobs in their order; write the steps of main under main:"),
        "steps stages pipeline workflow",
    ),
    (lambda value: Instead(file={"title": str(value) if is_text(value) else "what it shows"}), "name description"),
    (says("there is no version of the format: remove it"), "version api_version schema schema_version"),
    (says(f"{_EACH}: env: {{NAME: value}}"), "env environment vars variables environ envs"),
    (says("it does not exist yet: write env: {NAME: value} in the jobs"), "env_file dotenv"),
    (timeout(1, "time_limit"), "timeout max_time deadline max_runtime duration timeout_seconds"),
    (timeout(60, "time_limit"), "timeout_minutes"),
    (grace_period(1), "stop_grace_period stopwaitsecs grace kill_timeout shutdown_timeout stop_timeout shutdown"),
    (lambda _: Instead(file={"mp_log": "debug"}), "log_level loglevel log logging debug"),
    (lambda _: Instead(file={"start_method": "spawn"}), "method context mp_context mode start"),
    (
        says("write replicas: in a job, with how many; all jobs run at the same time"),
        "parallel concurrency max_parallel jobs_count replicas",
    ),
    (lambda _: Instead(file={"preload": ["package.module"]}), "imports modules requirements"),
    (says("a file cannot include another one"), "include includes extends import"),
    (says(_SHARED), "locks queues values shared_memory resources semaphores events"),
    (says(_EACH), "defaults default cwd working_dir daemon args kwargs replicas restart depends_on needs join"),
    (says(_HERE), "volumes networks secrets configs ports platform hostname"),
    (says(_GROUP), "init"),
    (says(f"it {_ENDS}"), "availability on_failure"),
    (says(f"it {_PRIORITY}"), "nice niceness"),
    (says(_NAMESPACE), "namespace"),
    (says(f"it {_CRON}"), "on schedule cron triggers trigger"),
    (says("write try: with edits worth trying, or --set PATH=VALUE"), "edits overrides set"),
    (says(_COMMENT), "comment notes author metadata tags permissions labels"),
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
            "steps in the background are a process of their own: write - {child: helper, do: [print: hello]}",
            "fork parallel background async thread",
        ),
        ("write expect: with values or output, in the file or the job", "assert expect check verify"),
        ("a step is done once: write repeat: around it for more", "retry until every"),
        ("write for example - {raise: ValueError, message: no}", "throw error fail"),
    )
    for key in keys.split()
}
