"""The report inside of GitHub Actions: annotations on the run and a Markdown summary on its page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from civis_usage.contract_tests.results import Report, Result, Verdict

from . import groups
from .groups import MARKS, as_text
from .text import (
    by_gravity,
    comparison,
    cost,
    describe_deviation,
    describe_waiver,
    headline,
    mark,
    message,
    totals,
)

__all__ = ["annotate", "command", "summary"]

SHOWN = 20
"""Findings named in one annotation."""
LARGEST = 250_000
"""Characters of the groups from which their sentences alone are shown: GitHub takes a megabyte of UTF-8."""


def annotate(report: Report) -> str:
    """Return the workflow commands that annotate the run: an error or a warning for each thing to look at, one a line.

    A run that fails has an error at least, one that is kept has none.
    """
    lines = []
    if report.unjudged:
        lines.append(command("error", "could not be judged", report.unjudged))
    elif report.exit_code in (3, 4):
        lines.append(command("error", "inconclusive", headline(report)))
    for result in report.results:
        if report.exit_code_for(result) == 1:
            lines.append(command("error", result.check.id, _messages(result, report)))
        elif result.verdict is Verdict.WARNING:
            lines.append(command("warning", result.check.id, _messages(result, report)))
    lines += [command("error", "expired waiver", describe_waiver(waiver)) for waiver in report.expired_waivers]
    lines += [command("warning", "unused waiver", describe_waiver(waiver)) for waiver in report.unused_waivers]
    return "".join(f"{line}\n" for line in lines)


def _messages(result: Result, report: Report) -> str:
    shown = result.findings[:SHOWN]
    marks = [mark(report, result.check.id, finding) for finding in shown]
    said = [f"{new}: {message(each)}" if new else message(each) for new, each in zip(marks, shown, strict=True)]
    return "\n".join([result.check.rule, *said])


def command(name: str, title: str, message: str) -> str:
    """Return the workflow command that annotates a run with a ``message``: ``name`` is ``error`` or ``warning``."""
    return f"::{name} title={_escaped(title, property_value=True)}::{_escaped(message)}"


def _escaped(text: str, *, property_value: bool = False) -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if property_value else text


def summary(report: Report) -> str:
    """Return ``report`` as GitHub's Markdown."""
    return "\n".join(_summary(report)) + "\n\n"


def _summary(report: Report) -> Iterator[str]:
    organizations = ", ".join(map(str, report.organizations)) or "none named"
    yield "## Contract of the Civis `/usage` API"
    yield ""
    yield f"**{as_text(headline(report))}** {as_text(totals(report))}; {cost(report)}."
    yield ""
    if compared := comparison(report):
        yield as_text(compared)
        yield ""
    if report.causes:
        shown = groups.render(report)
        few = [cause.sentence for cause in report.causes[:SHOWN]]
        yield from [shown, ""] if len(shown) < LARGEST else _list("What is probably wrong", few)
    yield f"{as_text(report.base_url)}, organizations: {organizations}, seed {report.seed}, kit {report.version}."
    yield ""
    if report.results:
        yield "| | check | operation | basis | seen |"
        yield "|---|---|---|---|---|"
    yield from (_row(result) for result in by_gravity(report.results))
    yield ""
    yield from _list("Gone", map(describe_deviation, report.gone))
    waived = dict.fromkeys(describe_waiver(waiver) for result in report.results for _, waiver in result.waived)
    yield from _list("Waived", waived)
    yield from _list("Expired waivers", map(describe_waiver, report.expired_waivers))
    yield from _list("Waivers that match nothing", map(describe_waiver, report.unused_waivers))
    yield from _list("Notes", report.notes)


def _row(result: Result) -> str:
    check, outcome = result.check, result.outcome
    seen = outcome.examined if outcome.inconclusive is None else f"{result.verdict}: {outcome.inconclusive}"
    verdict = f"{MARKS[result.verdict]} {result.verdict}"
    return f"| {verdict} | `{check.id}` | `{check.operation}` | {check.basis} | {as_text(seen)} |"


def _list(title: str, lines: Iterable[str]) -> Iterator[str]:
    if shown := [f"- {as_text(line)}" for line in lines]:
        yield from (f"### {title}", "", *shown, "")
