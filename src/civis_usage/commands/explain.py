"""``civis-usage explain``: what stands behind a check."""

from __future__ import annotations

from collections.abc import Iterator

import click

from ..client.errors import ConfigurationError
from ..contract_tests.checks import all_checks
from ..contract_tests.explanations import CONSEQUENCES, find, nearest, waiver
from ..contract_tests.explanations import explain as explanation_of
from ..contract_tests.results import Basis, Check
from ..schemas.behavior import QUESTIONS, Question
from .output import Output

__all__ = ["explain"]


@click.command()
@click.argument("check", required=False)
def explain(check: str | None) -> int:
    """Explain CHECK: its rule, basis and source, its requests, what a failure usually means, how to waive it.

    Without CHECK, list all checks. An open question of a behavior file is explained too: its answers, and its evidence.

    \b
    Examples:
      civis-usage explain
      civis-usage explain list-llm-window
      civis-usage explain end_bound
    """
    output = Output()
    if check is None:
        output.show("".join(f"{line}\n" for line in _all(output.width)))
        return 0
    found = find(check)
    if found is None and check in QUESTIONS:
        output.show("".join(f"{line}\n" for line in _question(QUESTIONS[check], output)))
        return 0
    if found is None:
        near = nearest(check)
        hint = f"did you mean {near}?" if near else "`civis-usage explain` lists all."
        raise ConfigurationError(f"There is no check {check!r}: {hint}")
    output.show("".join(f"{line}\n" for line in _one(found, output)))
    return 0


def _one(check: Check, output: Output) -> Iterator[str]:
    explanation, width = explanation_of(check), output.width
    yield click.style(check.id, bold=True) if output.colour else check.id
    for name, text in (
        ("rule", check.rule),
        ("operation", check.operation),
        ("basis", f"{check.basis}: {CONSEQUENCES[check.basis]}"),
        ("source", explanation.source),
        ("requests", explanation.requests),
        ("failure", explanation.failure),
    ):
        yield from _indented(name, text, width)
    first, *others = waiver(check, ["FIELD"]).splitlines()
    yield f"  {'waive':10}{first}"
    yield from (f"{'':12}{line}" for line in others)
    yield from _indented("", "Leave out field for what concerns no field; --write-waivers drafts the file.", width)


def _question(question: Question, output: Output) -> Iterator[str]:
    yield click.style(question.id, bold=True) if output.colour else question.id
    yield from _indented("question", question.text, output.width)
    for number, answer in enumerate(question.answers):
        default = " (the fake, by default)" if question.default == answer.value else ""
        text = f"{answer.title}: {answer.description}{default}"
        yield from _indented("" if number else "answers", text, output.width)
    if question.default not in [each.value for each in question.answers]:
        yield from _indented("default", str(question.default), output.width)
    yield from _indented("basis", f"{Basis.ASSUMED}: the check accepts every answer, and observes it", output.width)
    yield from _indented("evidence", question.evidence, output.width)


def _indented(name: str, text: str, width: int | None) -> list[str]:
    indent = f"  {name:10}"
    return click.wrap_text(text, width or 10_000, indent, " " * len(indent)).splitlines()


def _all(width: int | None) -> Iterator[str]:
    every = all_checks()
    longest = max(len(check.id) for check in every)
    for check in every:
        line = f"{check.id:{longest}}  {check.basis:10}  {check.rule}"
        yield line if width is None or len(line) <= width else f"{line[: width - 3]}..."
    yield ""
    yield from click.wrap_text("civis-usage explain CHECK says more of one.", width or 10_000).splitlines()
