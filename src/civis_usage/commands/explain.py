"""``civis-usage explain``: what stands behind a check."""

from __future__ import annotations

from collections.abc import Iterator

import click

from ..client.errors import ConfigurationError
from ..contract_tests.checks import checks
from ..contract_tests.explanations import CONSEQUENCES, find, nearest, waiver
from ..contract_tests.explanations import explain as explanation_of
from ..contract_tests.results import Check
from .output import Output

__all__ = ["explain"]


@click.command()
@click.argument("check", required=False)
def explain(check: str | None) -> int:
    """Explain CHECK: its rule, basis and source, its requests, what a failure usually means, how to waive it.

    Without CHECK, list all checks.

    \b
    Examples:
      civis-usage explain
      civis-usage explain list-llm-window
    """
    output = Output()
    if check is None:
        output.show("".join(f"{line}\n" for line in _all(output.width)))
        return 0
    found = find(check)
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


def _indented(name: str, text: str, width: int | None) -> list[str]:
    indent = f"  {name:10}"
    return click.wrap_text(text, width or 10_000, indent, " " * len(indent)).splitlines()


def _all(width: int | None) -> Iterator[str]:
    every = checks(with_drift=True)
    longest = max(len(check.id) for check in every)
    for check in every:
        line = f"{check.id:{longest}}  {check.basis:10}  {check.rule}"
        yield line if width is None or len(line) <= width else f"{line[: width - 3]}..."
    yield ""
    yield from click.wrap_text("civis-usage explain CHECK says more of one.", width or 10_000).splitlines()
