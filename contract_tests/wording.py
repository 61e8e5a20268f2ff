"""The words that the reports share, and one way to change every text in a report that the API or the user said."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import replace

from civis_usage.contract_tests.results import Finding, Report, Result, Verdict, Waiver

__all__ = ["counts", "curl", "footer", "headline", "printable", "rewrite", "rewrite_result", "waiver_terms"]


def headline(report: Report) -> str:
    """Give the outcome of the run in one sentence, as its exit code says it."""
    if report.exit_code == 0:
        return "The contract is kept."
    if report.exit_code == 4:
        empty = [result.check.operation for result in report.results if report.code_of(result) == 4]
        return f"Nothing is violated, but there was no data for {', '.join(dict.fromkeys(empty))} (--allow-no-data)."
    if report.exit_code == 3:
        open_rules = _number(sum(report.code_of(result) == 3 for result in report.results), "rule")
        return f"The API could not be judged{f': {report.unjudged}' if report.unjudged else f' by {open_rules}.'}"
    if broken := report.count(Verdict.VIOLATED):
        return f"The contract is violated: {broken} of {_number(len(report.results), 'check')}."
    if report.expired_waivers:
        return f"{_number(len(report.expired_waivers), 'waiver')} expired: renew or delete what no longer holds."
    return (
        f"Nothing is violated, but --strict allows no warning: {_number(report.count(Verdict.WARNED), 'check')} warned."
    )


def counts(report: Report) -> str:
    """Give the number of checks by verdict: ``54 checks: 51 kept, 2 violated, 1 inconclusive``."""
    by_verdict = [f"{number} {verdict}" for verdict in Verdict if (number := report.count(verdict))]
    total = _number(len(report.results), "check")
    return f"{total}: {', '.join(by_verdict)}" if by_verdict else total


def footer(report: Report) -> str:
    """Give the closing line: ``41 requests in 3.2 s``."""
    return f"{_number(report.requests, 'request')} in {report.seconds:.1f} s"


def waiver_terms(waiver: Waiver) -> str:
    """Give a waiver in one line: what it accepts, until when, and why."""
    what = waiver.check if waiver.field is None else f"{waiver.check} ({waiver.field})"
    return f"{what}{f' until {waiver.expires}' if waiver.expires else ''}: {waiver.reason}"


def curl(base_url: str, finding: Finding) -> str | None:
    """Give the shell command that repeats a finding's request, the key as ``$CIVIS_API_KEY``.

    ``None`` where the finding has no request, or a recording was judged, whose numbers no API knows.
    """
    if finding.request is None or not base_url.startswith(("http://", "https://")):
        return None
    key = ' -u "$CIVIS_API_KEY:"' if finding.keyed else ""
    return f"curl -i{key} {shlex.quote(base_url + finding.request)}"


def printable(text: str) -> str:
    r"""Give ``text`` on one line, with ``\n``, ``\x1b``, ``\u202e`` … written out, lest they steer a terminal."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def rewrite(report: Report, change: Callable[[str], str]) -> Report:
    """Give ``report`` with ``change`` applied to every text that the API or the user said."""
    return replace(
        report,
        base_url=change(report.base_url),
        results=tuple(rewrite_result(result, change) for result in report.results),
        unjudged=_optional(report.unjudged, change),
        expired_waivers=tuple(_waiver(waiver, change) for waiver in report.expired_waivers),
        unused_waivers=tuple(_waiver(waiver, change) for waiver in report.unused_waivers),
        notes=tuple(change(note) for note in report.notes),
    )


def rewrite_result(result: Result, change: Callable[[str], str]) -> Result:
    """Give ``result`` with ``change`` applied to every text that the API or the user said."""
    return replace(
        result,
        seen=change(result.seen),
        findings=tuple(_finding(finding, change) for finding in result.findings),
        waived=tuple((_finding(finding, change), _waiver(waiver, change)) for finding, waiver in result.waived),
        inconclusive=_optional(result.inconclusive, change),
    )


def _finding(finding: Finding, change: Callable[[str], str]) -> Finding:
    return replace(
        finding,
        message=change(finding.message),
        field=_optional(finding.field, change),
        request=_optional(finding.request, change),
        example=_optional(finding.example, change),
    )


def _waiver(waiver: Waiver, change: Callable[[str], str]) -> Waiver:
    return replace(waiver, reason=change(waiver.reason))


def _optional(text: str | None, change: Callable[[str], str]) -> str | None:
    return None if text is None else change(text)


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
