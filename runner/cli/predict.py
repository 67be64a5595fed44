"""`run-jobs predict`: ask the user to predict the outcome of a run, then run the file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from runner.cli import files, run
from runner.cli.explain import explained
from runner.cli.prediction_questions import questions_of, without_expectations

if TYPE_CHECKING:
    import argparse

    from runner.cli.prediction_questions import Question
    from runner.link.launch import Launched

_RIGHT, _WRONG, _PASSED = "✓", "✗", "·"


def act(options: argparse.Namespace, launched: Launched | None) -> int:
    """Ask, run, and print which answers were right; return the exit status of the run.

    What the file expects is shown only after the run.
    """
    from runner.model.errors import InvalidFile

    if options.file == "-":
        from runner.cli.streams import fail

        return fail("predict needs stdin for your answers: name a file", 2)
    try:
        plan = files.described(options, files.read(options)).plan
    except InvalidFile as invalid:
        return files.show_problems(options, invalid)
    from runner.report.terminal.explain import expected

    print(f"{explained(without_expectations(plan))}\n\nWhat will happen? (Enter passes)\n")
    questions = questions_of(plan)
    answers = [_ask(question) for question in questions]
    print()
    sys.stdout.flush()
    done = run.run(options, launched)
    if done.run is None:
        return done.status
    print("\nYour predictions:")
    right = asked = 0
    for question, answer in zip(questions, answers, strict=True):
        actual = question.actual(done.run.events, done.run.lines)
        is_right = question.is_right(answer, actual)
        asked += bool(answer)
        right += bool(answer) and is_right
        sign = _PASSED if not answer else _RIGHT if is_right else _WRONG
        said = f"; you said {answer}" if answer and not is_right else ""
        print(f"  {sign} {question.text} {actual}{said}")
    if asked:
        print(f"\n{right} of {asked} right")
    if declared := expected(plan):
        print("\nWhat the file expects:", *declared, sep="\n  ")
    return done.status


def _ask(question: Question) -> str:
    """Ask for a possible answer; empty if there is none, as at the end of the input."""
    prompt = question.text
    while True:
        print(f"  {prompt} ", end="", flush=True)
        line = sys.stdin.readline()
        if not line.endswith("\n"):
            print()
        answer = line.strip()
        if not answer or question.is_possible(answer):
            return answer
        prompt = f"  one of {', '.join(question.choices)}:"
