"""Random programs: small files of `do:` steps, made from a seed, whose ends `runner.explore` knows.

Each profile is a way to use shared things: `guards` by `with` alone; `signals` between processes (conditions, barriers,
events, queues, values); `releases` by another process than the one that acquired; short `turns` after which a process
ends while it holds something; `kills` in such turns.
"""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Step = dict[str, Any] | str
    Things = dict[str, Any]
    Job = dict[str, Any]

TIME_LIMIT_S = 40
"""Of each program: none takes a second by itself, but the machine may be busy."""
_WORD = re.compile(r'"([A-Za-z_][\w-]*)"')
_WAITS_S = (0.001, 0.003, 0.01)
_TIMEOUT_S = 0.03


def program(seed: int, profile: str) -> str:
    """The file of this seed, as text."""
    source = random.Random(f"{profile} {seed}")
    shared, jobs, main = PROFILES[profile](source)
    lines = [f"time_limit: {TIME_LIMIT_S}", f"shared: {_flow(shared)}", "jobs:", *(f"  - {_flow(job)}" for job in jobs)]
    return "\n".join([*lines, *([f"main: {_flow(main)}"] if main else [])]) + "\n"


def _flow(value: object) -> str:
    """YAML on one line."""
    return _WORD.sub(r"\1", json.dumps(value))


def _named(bodies: list[list[Step]]) -> list[Job]:
    return [{"name": name, "do": body} for name, body in zip("PQRS", bodies, strict=False)]


def _wait(source: random.Random) -> Step:
    steps: list[Step] = [{"print": "x"}, {"sleep": source.choice(_WAITS_S)}]
    return source.choice(steps)


def _last(source: random.Random) -> list[Step]:
    """How a process ends, if not after its last step."""
    ends: list[Step] = [{"exit": source.choice((0, 3))}, {"raise": "ValueError"}, {"crash": "SIGKILL"}]
    return source.choice([[], [], [source.choice(ends)]])


def _guard(source: random.Random) -> Any:
    return source.choice(["lock", "rlock", {"semaphore": source.choice((1, 1, 2))}, "condition", {"value": 0}, "lock"])


def guards(source: random.Random) -> tuple[Things, list[Job], list[Step]]:
    """Nested `with` steps in any order; what a process does inside may end it."""
    shared = {name: _guard(source) for name in "abc"[: source.randint(1, 3)]}
    shared["total"] = source.choice([{"value": 0}, {"raw_value": 0}])

    def body(depth: int) -> list[Step]:
        steps: list[Step] = []
        for _ in range(source.randint(1, 2)):
            choice = source.random()
            if choice < 0.6 and depth < 3:
                steps.append({"with": source.choice(list(shared)[:-1]), "do": body(depth + 1)})
            elif choice < 0.75:
                steps.append({"add": 1, "to": "total"})
            elif choice < 0.95:
                steps.append(_wait(source))
            else:
                steps += _last(source) or [_wait(source)]
        return steps

    jobs = _named([body(0) + _last(source) for _ in range(source.randint(2, 4))])
    return shared, [_replicated(source, job) for job in jobs], []


def _replicated(source: random.Random, job: Job) -> Job:
    return job | {"replicas": 2} if source.random() < 0.15 else job


_SIGNALS: dict[str, Any] = {
    "c": "condition",
    "b": {"barrier": 2},
    "e": "event",
    "q": {"queue": 0},
    "k": {"queue": 1},
    "j": {"joinable_queue": 0},
    "v": {"value": 0},
}


def signals(source: random.Random) -> tuple[Things, list[Job], list[Step]]:
    """Processes that wake each other, wait for each other and send each other items."""
    names = source.sample(list(_SIGNALS), source.randint(1, 3))
    shared = {name: _SIGNALS[name] for name in names}

    def one() -> Step:
        name = source.choice(names)
        timed = {"timeout": _TIMEOUT_S} if source.random() < 0.15 else {}
        steps: dict[str, list[Step]] = {
            "c": [
                {"with": "c", "do": [{"wait": "c"} | timed]},
                {"with": "c", "do": [source.choice([{"notify": "c"}, {"notify_all": "c"}])]},
            ],
            "b": [{"wait": "b"} | timed],
            "e": [{"wait": "e"} | timed, {"set": "e"}, {"clear": "e"}],
            "q": [{"put": source.choice((1, 2)), "into": "q"}, {"get": "q"} | timed],
            "k": [{"put": source.choice((1, 2)), "into": "k"} | timed, {"get": "k"} | timed],
            "j": [{"put": 1, "into": "j"}, {"get": "j"}, {"task_done": "j"}, {"join_queue": "j"}],
            "v": [{"add": 1, "to": "v"}, {"with": "v", "do": [{"add": 1, "to": "v"}]}],
        }
        return source.choice(steps[name])

    bodies: list[list[Step]] = []
    for _ in range(source.randint(2, 4)):
        body = [step for _ in range(source.randint(1, 4)) for step in ([_wait(source)] if _rarely(source) else [one()])]
        bodies.append(body + (_last(source) if _rarely(source) else []))
    acts = [_act(source, source.choice(names)) for _ in range(source.choice((0, 0, 0, 1, 2)))]
    jobs = [_replicated(source, job) for job in _named(bodies)]
    return shared, jobs, _main(source, jobs, acts)


def _act(source: random.Random, name: str) -> Step:
    """What main does with one of the things of `signals`."""
    acts: dict[str, list[Step]] = {
        "e": [{"set": "e"}, {"clear": "e"}],
        "q": [{"put": 3, "into": "q"}, {"get": "q"}, {"get": "q", "timeout": _TIMEOUT_S}],
        "k": [{"put": 3, "into": "k"}, {"get": "k"}],
        "j": [{"put": 3, "into": "j"}, {"join_queue": "j"}],
        "v": [{"acquire": "v"}],
        "c": [{"acquire": "c"}],
    }
    return source.choice(acts.get(name, [{"print": "x"}]))


def _main(source: random.Random, jobs: list[Job], acts: list[Step]) -> list[Step]:
    """Starts and joins all, with acts somewhere in between; nothing where there is no act."""
    steps: list[Step] = [*({"start": job["name"]} for job in jobs), *({"join": job["name"]} for job in jobs)]
    for act in acts:
        steps.insert(source.randint(1, len(steps) - 1), act)
    return steps if acts else []


def _rarely(source: random.Random) -> bool:
    return source.random() < 0.25


def releases(source: random.Random) -> tuple[Things, list[Job], list[Step]]:
    """Guards that are released by other processes, or by main."""
    kinds: list[Any] = ["lock", {"semaphore": 0}, {"semaphore": 1}, {"bounded_semaphore": 1}, "rlock", "lock"]
    shared = {name: source.choice(kinds) for name in "ab"[: source.choice((1, 1, 2))]}

    def body(depth: int) -> list[Step]:
        steps: list[Step] = []
        for _ in range(source.randint(1, 3)):
            name, choice = source.choice(list(shared)), source.random()
            if choice < 0.25 and depth < 2:
                steps.append({"with": name, "do": body(depth + 1)})
            elif choice < 0.45:
                steps.append({"acquire": name})
            elif choice < 0.55:
                steps.append({"acquire": name, "timeout": _TIMEOUT_S})
            elif choice < 0.85:
                steps.append({"release": name})
            else:
                steps.append(_wait(source))
        return steps

    jobs = _named([body(0) + (_last(source) if _rarely(source) else []) for _ in range(source.randint(2, 4))])
    acts: list[Step] = []
    if source.random() < 0.4:
        acts.append({source.choice(("acquire", "release", "release")): source.choice(list(shared))})
    jobs = [_replicated(source, job) for job in jobs]
    return shared, jobs, _main(source, jobs, acts)


def _turns(source: random.Random) -> tuple[Things, list[list[Step]]]:
    """One thing that all processes use in turns."""
    kind = source.choice(
        [
            *("lock", "rlock", {"semaphore": 1}, "condition", {"value": 0}),
            *({"queue": 0}, {"queue": 1}, {"joinable_queue": 0}, {"joinable_queue": 1}, "event", {"barrier": 2}),
        ]
    )
    name = kind if isinstance(kind, str) else next(iter(kind))
    turns: dict[str, list[list[Step]]] = {
        "queue": [[{"put": 1, "into": "g"}], [{"get": "g"}], [{"put": 1, "into": "g"}, {"get": "g"}]],
        "joinable_queue": [
            [{"put": 1, "into": "g"}],
            [{"get": "g"}, {"task_done": "g"}],
            [{"put": 1, "into": "g"}, {"get": "g"}],
        ],
        "event": [[{"wait": "g"}], [{"set": "g"}], [{"clear": "g"}]],
        "barrier": [[{"wait": "g"}]],
        "condition": [
            [{"with": "g", "do": [_wait(source)]}],
            [{"with": "g", "do": [{"notify_all": "g"}]}],
            [{"with": "g", "do": [{"wait": "g", "timeout": 0.005}]}],
        ],
    }
    lasts: dict[str, list[Step]] = {
        "queue": [{"get": "g"}, {"put": 2, "into": "g"}],
        "joinable_queue": [{"get": "g"}, {"put": 2, "into": "g"}, {"join_queue": "g"}],
        "event": [{"wait": "g"}, {"set": "g"}],
        "barrier": [{"wait": "g"}],
        "condition": [{"acquire": "g"}, {"with": "g", "do": [{"wait": "g"}]}],
    }
    bodies = []
    for _ in range(source.randint(2, 3)):
        turn = source.choice(turns.get(name, [[{"with": "g", "do": [_wait(source)]}]]))
        last: list[Step] = [source.choice(lasts.get(name, [{"acquire": "g"}]))] if source.random() < 0.7 else []
        bodies.append([{"repeat": source.randint(2, 5), "do": turn}, *last, *_last(source)])
    return {"g": kind}, bodies


def turns(source: random.Random) -> tuple[Things, list[Job], list[Step]]:
    """Short turns, after which a process may end while it holds something."""
    shared, bodies = _turns(source)
    _together(source, shared, bodies)
    return shared, _named(bodies), []


def _together(source: random.Random, shared: Things, bodies: list[list[Step]]) -> bool:
    """Let all begin at the same moment, or not: a process is often over when the next one has started."""
    is_together = source.random() < 0.6
    if is_together:
        shared["go"] = {"barrier": len(bodies)}
        for body in bodies:
            body.insert(0, {"wait": "go"})
    return is_together


def kills(source: random.Random) -> tuple[Things, list[Job], list[Step]]:
    """Turns, in which one process is killed, terminated, or ended by its own timer, within 2 to 20 ms."""
    shared, bodies = _turns(source)
    is_together = _together(source, shared, bodies)
    jobs = _named(bodies)
    victim = source.choice(jobs)
    after = source.choice((0.002, 0.005, 0.01, 0.02))
    how = source.choice(("kill", "terminate", "kill", "terminate_after", "timeout", "daemon", "join"))
    if how in ("terminate_after", "timeout"):
        victim[how] = after
        return shared, jobs, []
    starts: list[Step] = [{"start": job["name"]} for job in jobs]
    joins: list[Step] = [{"join": job["name"]} for job in jobs if how != "daemon" or job is not victim]
    if how == "daemon":
        victim["daemon"] = True
        return shared, jobs, [*starts, *joins]
    name = victim["name"]
    if is_together:
        shared["begun"] = {"semaphore": 0}
        victim["do"].insert(1, {"release": "begun"})
        starts.append({"acquire": "begun"})
    if how == "join":
        return shared, jobs, [*starts, {"join": name, "timeout": after}, {"terminate": name}, *joins]
    return shared, jobs, [*starts, {"sleep": after}, {how: name}, *joins]


PROFILES: dict[str, Callable[[random.Random], tuple[Things, list[Job], list[Step]]]] = {
    "guards": guards,
    "signals": signals,
    "releases": releases,
    "turns": turns,
    "kills": kills,
}
