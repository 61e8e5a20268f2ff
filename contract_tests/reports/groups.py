"""The groups of findings as HTML: the same for the report in a browser and for the summary in GitHub Actions.

GitHub reads it inside of Markdown, so nothing in it is an empty line, and every character that Markdown could read is
written as a character reference.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from itertools import islice

from civis_usage.contract_tests import explanations
from civis_usage.contract_tests.results import Cause, Finding, Report, Verdict

from .text import curl, evidence, mark, marks, message

__all__ = ["MARKS", "as_text", "render"]

MARKS = {
    Verdict.PASSED: "✅",
    Verdict.FAILED: "❌",
    Verdict.WARNING: "⚠️",
    Verdict.INFO: "💬",
    Verdict.INCONCLUSIVE: "❔",
    Verdict.WAIVED: "☑️",
}
READ = frozenset("&<>\"'|`*_~[]\\@#!:$\r\n")
"""The characters that HTML or Markdown may read."""
SHOWN = 20
"""Findings shown of one group: GitHub's page takes a megabyte."""


def as_text(text: str) -> str:
    """Return ``text`` as text: no tag, table cell, emphasis, code, link, mention or address comes of it."""
    return "".join(f"&#{ord(char)};" if char in READ else char for char in text)


def render(report: Report) -> str:
    """Return what deviates, grouped by cause, as HTML without an empty line."""
    return "\n".join(line for cause in report.causes for line in _group(cause, report))


def _group(cause: Cause, report: Report) -> Iterator[str]:
    is_new = marks(report, cause)
    yield f'<div class="cause {cause.verdict}">'
    icon = f'<span class="mark">{MARKS[cause.verdict]}</span>'  # hidden in the report, which has a bar of the colour
    yield f"<h3>{icon} {as_text(cause.sentence)}{f' <em>({is_new})</em>' if is_new else ''}</h3>"
    yield from _evidence(cause.findings[0][1], report, skipping=cause.sentence)
    yield "<ul>"
    for check in islice(cause.checks, SHOWN):
        yield from _check(check, cause, report)
    yield "</ul>"
    yield "</div>"


def _evidence(finding: Finding, report: Report, skipping: str) -> Iterator[str]:
    lines = [message(finding), *evidence(finding)]
    yield from (f"<p>{as_text(line)}</p>" for line in lines if line != skipping)
    if command := curl(report.base_url, finding):
        yield f'<pre class="curl">{as_text(command)}</pre>'


def _check(check: str, cause: Cause, report: Report) -> Iterator[str]:
    """Yield what a check found, and what the check is."""
    mine = [finding for name, finding in cause.findings if name == check]
    yield f"<li><details><summary><code>{as_text(check)}</code>, {_number(len(mine))}</summary>"
    if known := explanations.find(check):
        page = html.escape(f"{report.documentation}#{check}")
        link = f' <a href="{page}">Its page</a>.' if report.documentation else ""
        yield f"<p>{as_text(known.rule)} ({known.basis}) {as_text(explanations.explain(known).failure)}{link}</p>"
    yield "<ul>"
    for finding in islice(mine, SHOWN):
        is_new = mark(report, check, finding)
        yield f"<li>{as_text(message(finding))}{f' <em>({is_new})</em>' if is_new else ''}</li>"
    if len(mine) > SHOWN:
        yield f"<li>and {len(mine) - SHOWN} more</li>"
    yield "</ul>"
    yield "</details></li>"


def _number(count: int) -> str:
    return "1 finding" if count == 1 else f"{count} findings"
