"""The report inside of GitHub Actions: annotations on the run and a Markdown summary on its page."""

from __future__ import annotations

import html
from collections.abc import Iterator
from itertools import islice

from civis_usage.contract_tests.config import Waiver
from civis_usage.contract_tests.results import Report, Result, Verdict

from .text import cost, curl, describe_waiver, evidence, headline, message, totals

__all__ = ["annotate", "command", "summary"]

_MARKS = {
    Verdict.PASSED: "✅",
    Verdict.FAILED: "❌",
    Verdict.WARNING: "⚠️",
    Verdict.INFO: "💬",
    Verdict.INCONCLUSIVE: "❔",
    Verdict.WAIVED: "☑️",
}
_SHOWN = 20
"""Findings shown for one check: the page takes a megabyte."""


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
            lines.append(command("error", result.check.id, _messages(result)))
        elif result.verdict is Verdict.WARNING:
            lines.append(command("warning", result.check.id, _messages(result)))
    lines += [command("error", "expired waiver", describe_waiver(waiver)) for waiver in report.expired_waivers]
    lines += [command("warning", "unused waiver", describe_waiver(waiver)) for waiver in report.unused_waivers]
    return "".join(f"{line}\n" for line in lines)


def _messages(result: Result) -> str:
    return "\n".join([result.check.rule, *(message(finding) for finding in result.findings[:_SHOWN])])


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
    yield f"**{_text(headline(report))}** {_text(totals(report))}; {cost(report)}."
    yield ""
    yield from _causes(report)
    yield f"{_text(report.base_url)}, organizations: {organizations}, seed {report.seed}, kit {_text(report.version)}."
    yield ""
    if report.results:
        yield "| | check | operation | basis | seen |"
        yield "|---|---|---|---|---|"
    for result in report.results:
        check = result.check
        seen = (
            result.outcome.examined
            if result.outcome.inconclusive is None
            else f"{result.verdict}: {result.outcome.inconclusive}"
        )
        mark = f"{_MARKS[result.verdict]} {result.verdict}"
        yield f"| {mark} | `{check.id}` | `{check.operation}` | {check.basis} | {_text(seen)} |"
    yield ""
    for result in report.results:
        yield from _findings(result, report)
    yield from _list("Expired waivers", report.expired_waivers)
    yield from _list("Waivers that match nothing", report.unused_waivers)
    if report.notes:
        yield "### Notes"
        yield ""
        yield from (f"- {_text(note)}" for note in report.notes)
        yield ""


def _causes(report: Report) -> Iterator[str]:
    for cause in report.causes:
        yield f"### {_MARKS[cause.verdict]} {_text(cause.sentence)}"
        yield ""
        yield f"{len(cause.findings)} findings of {', '.join(f'`{check}`' for check in cause.checks)}."
        yield ""
        first = cause.findings[0][1]
        for text in (*evidence(first), curl(report.base_url, first)):
            if text:
                yield f"<pre>{html.escape(text, quote=False)}</pre>"
        yield ""


def _findings(result: Result, report: Report) -> Iterator[str]:
    if not result.findings and not result.waived:
        return
    yield f"### {_MARKS[result.verdict]} `{result.check.id}`"
    yield ""
    yield _text(result.check.rule)
    yield ""
    for finding in islice(result.findings, _SHOWN):
        yield f"- {_text(message(finding))}"
    if len(result.findings) > _SHOWN:
        yield f"- and {len(result.findings) - _SHOWN} more"
    for finding, waiver in islice(result.waived, _SHOWN):
        yield f"- waived: {_text(message(finding))} ({_text(waiver.reason)})"
    yield ""
    first = next(iter(result.findings), None)
    shown = [text for text in (first.example, curl(report.base_url, first)) if text] if first else []
    for text in shown:
        yield f"<pre>{html.escape(text, quote=False)}</pre>"
        yield ""


def _list(title: str, waivers: tuple[Waiver, ...]) -> Iterator[str]:
    if waivers:
        yield f"### {title}"
        yield ""
        yield from (f"- {_text(describe_waiver(waiver))}" for waiver in waivers)
        yield ""


def _text(text: str) -> str:
    """Return ``text`` as text: no tag, table cell, emphasis, code, link, mention or address comes of it."""
    return "".join(f"&#{ord(char)};" if char in "|`*_~[]\\@#!:$" else char for char in html.escape(text, quote=False))
