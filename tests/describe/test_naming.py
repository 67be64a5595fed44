"""The names of processes, in creation order, and what is said where two are the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from runner.describe.job_types import Draft, Expansion, JobModel, JobType
from runner.model.plan import Start
from tests.describe.describing import install, marked, plan_of, problem_of, problems_of

if TYPE_CHECKING:
    from pathlib import Path


class TwinsJob(JobModel):
    """Two processes with one name."""

    type: Literal["twins"]


class Twins(JobType[TwinsJob]):
    """Gives the same name twice: the job's, with this behind it."""

    name = "twins"
    model = TwinsJob
    suffix = "-twin"

    def expand(self, job: TwinsJob, label: str) -> Expansion:
        return Expansion((Draft(label + self.suffix, target="m:f"), Draft(label + self.suffix, target="m:f")))


def names_of(text: str, **environ: str) -> list[str]:
    return [process.name for process in plan_of(text, **environ).processes]


@pytest.mark.parametrize(
    ("jobs", "names"),
    [
        ("- {target: m:f}\n- {target: m:f, replicas: 2}\n- {target: m:f}", [f"Process-{n}" for n in (1, 2, 3, 4)]),
        ("- {name: a, target: m:f}\n- {target: m:f}", ["a", "Process-2"]),
        ("- {class: 'm:Counter'}\n- {class: pkg.m.Counter, replicas: 2}", ["Counter-1", "Counter-2", "Counter-3"]),
        ("- {class: 'm:Outer.Inner'}", ["Inner-1"]),
        ("- {name: w, target: m:f, replicas: 2}", ["w-0", "w-1"]),
        ("- {name: w, target: m:f, replicas: 1}", ["w"]),
        ("- {name: w$index, target: m:f}", ["w0"]),
        ("- {name: 'w${index}es', target: m:f, replicas: 2}", ["w0es", "w1es"]),
        ("- {name: 'w-${env.HOST}', target: m:f, replicas: 2}", ["w-here-0", "w-here-1"]),
        ("- {name: '$index${env.UNSET:-x}', target: m:f, replicas: 2}", ["0x", "1x"]),
        ("- {type: shared_counter, workers: 3}\n- {target: m:f}", ["counter-0", "counter-1", "counter-2", "Process-4"]),
    ],
)
def test_a_process_has_its_jobs_name_or_the_one_that_multiprocessing_would_give(jobs: str, names: list[str]) -> None:
    assert names_of(f"jobs:\n{jobs}", HOST="here") == names


def test_main_knows_each_process_by_its_name_and_all_of_a_job_by_the_jobs() -> None:
    plan = plan_of(
        """
jobs:
- {name: w, target: m:f, replicas: 2}
- {target: m:f, replicas: 2}
- {name: x$index, target: m:f}
- {name: '${index}es', target: m:f}
main:
- start: [w-1, w-0, 'jobs[1]', x$index, '${index}es']
"""
    )

    assert plan.steps == tuple(map(Start, (1, 0, 2, 3, 4, 5)))


@pytest.mark.parametrize(
    ("jobs", "line", "message"),
    [
        ("- {name: a, target: m:f}\n- {target: m:f}\n- {name: a, target: m:f}", 4, "`a` is taken by the job in line 2"),
        ("- {name: w, target: m:f, replicas: 2}\n- {name: w-1, target: m:f}", 3, "`w-1` is taken by the job in line 2"),
        ("- {name: w-1, target: m:f}\n- {name: w, target: m:f, replicas: 2}", 3, "`w-1` is taken by the job in line 2"),
        ("- {name: a, target: m:f}\n- {name: '${env.A}', target: m:f}", 3, "`a` is taken by the job in line 2"),
        ("- {type: shared_counter}\n- {name: counter, target: m:f}", 3, "`counter` is taken by the job in line 2"),
    ],
)
def test_a_name_that_two_jobs_share_is_shown_at_the_later_one(jobs: str, line: int, message: str) -> None:
    problem = problem_of(f"jobs:\n{jobs}", A="a")

    assert (problem.line, problem.message) == (line, f"the name {message}")


@pytest.mark.parametrize("name", ["Process-2", "jobs[1]"])
def test_a_name_that_is_another_ones_default_is_shown_where_it_is_written(name: str) -> None:
    problem = problem_of(f"jobs:\n- {{name: '{name}', target: m:f}}\n- {{target: m:f}}")

    assert problem.message == f"the name `{name}` is taken by the job in line 3"
    assert (problem.line, marked(problem)) == (2, f"'{name}'")


def test_a_job_is_reported_once_however_many_names_it_shares() -> None:
    problems = problems_of(
        "jobs:\n- {name: w, target: m:f, replicas: 3}\n- {name: x, target: m:f}\n"
        "- {name: w, target: m:f, replicas: 3}\n- {name: x, target: m:f}"
    )

    assert [(problem.line, problem.message) for problem in problems] == [
        (4, "the name `w` is taken by the job in line 2"),
        (5, "the name `x` is taken by the job in line 3"),
    ]


@pytest.mark.parametrize("suffix", ["-twin", ""])
def test_a_job_type_that_gives_one_name_to_several_processes_is_found_out(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, twins=Twins)
    monkeypatch.setattr(Twins, "suffix", suffix)

    problem = problem_of("jobs:\n- type: twins\n  name: t")

    assert problem.message == f"several processes of this job are named `t{suffix}`"
    assert problem.help == "put $index into the name"
    assert (problem.line, marked(problem)) == (3, "t")
