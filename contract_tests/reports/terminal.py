"""The report for people at a terminal: verdicts by operation, what was seen, and a command that shows what deviates."""

from __future__ import annotations

from collections.abc import Iterator

import click

from civis_usage.contract_tests.results import Finding, Report, Result, Verdict

from .text import cost, curl, describe_waiver, headline, message, totals

__all__ = ["render"]

_SHOWN = 5
"""Findings shown for one check, unless more is asked for."""

_MARKS = {
    Verdict.PASSED: ("✓", "+", "green"),
    Verdict.FAILED: ("✗", "x", "red"),
    Verdict.WARNING: ("!", "!", "yellow"),
    Verdict.INFO: ("·", ".", "cyan"),
    Verdict.INCONCLUSIVE: ("?", "?", "magenta"),
    Verdict.WAIVED: ("~", "~", "blue"),
}
_OUTCOMES = {0: "green", 1: "red", 3: "magenta", 4: "magenta"}


def render(report: Report, *, colour: bool = False, ascii_only: bool = False, verbosity: int = 0) -> str:
    """Return ``report`` as lines for a terminal.

    Args:
        report: what was found, redacted.
        colour: whether to write ANSI colours.
        ascii_only: whether to do without ``✓`` and its like.
        verbosity: from 1 on, the rule of every check and every finding with its example are shown.

    """
    lines = _Lines(report, colour, ascii_only, verbosity).all()
    text = "".join(f"{line}\n" for line in lines)
    return text.encode("ascii", "backslashreplace").decode() if ascii_only else text


class _Lines:
    """The lines of one report; the style is the same throughout."""

    def __init__(self, report: Report, colour: bool, ascii_only: bool, verbosity: int) -> None:
        self._report = report
        self._colour = colour
        self._mark = 1 if ascii_only else 0
        self._verbose = verbosity > 0
        self._width = max((len(result.check.id) for result in report.results), default=0)

    def all(self) -> Iterator[str]:
        yield from self._head()
        for operation, results in self._report.by_operation():
            yield ""
            yield self._style(operation, bold=True)
            for result in results:
                yield from self._result(result)
        yield from self._waivers()
        yield from self._notes()
        yield ""
        if self._report.results:
            yield totals(self._report)
        yield self._style(headline(self._report), fg=_OUTCOMES[self._report.exit_code], bold=True)
        yield cost(self._report)

    def _head(self) -> Iterator[str]:
        report = self._report
        named = ", ".join(map(str, report.organizations))
        organizations = {0: "no organization", 1: f"organization {named}"}.get(
            len(report.organizations), f"organizations {named}"
        )
        yield f"{report.base_url}, {organizations}, {report.started}, seed {report.seed}"

    def _result(self, result: Result) -> Iterator[str]:
        check = result.check
        *marks, hue = _MARKS[result.verdict]
        name = f"{marks[self._mark]} {check.id:{self._width}}"
        yield f"  {self._style(name, fg=hue)}  {check.basis:10}  {self._dim(self._seen(result))}"
        if self._verbose or result.findings:
            yield f"      {check.rule}"
        yield from self._findings(result)
        for finding, waiver in result.waived:
            until = f", until {waiver.expires}" if waiver.expires else ""
            yield f"      {self._style(f'waived{until}:', fg='blue')} {message(finding)} ({waiver.reason})"

    def _seen(self, result: Result) -> str:
        if result.outcome.inconclusive is None:
            return result.outcome.examined
        more = "" if result.outcome.examined in result.outcome.inconclusive else f" (seen: {result.outcome.examined})"
        return f"inconclusive: {result.outcome.inconclusive}{more}"

    def _findings(self, result: Result) -> Iterator[str]:
        shown = result.findings if self._verbose else result.findings[:_SHOWN]
        for number, finding in enumerate(shown):
            yield f"      {self._style(message(finding), fg=_MARKS[result.verdict][2])}"
            if number == 0 or self._verbose:
                yield from self._counterexample(finding)
        if len(shown) < len(result.findings):
            yield f"      and {len(result.findings) - len(shown)} more (-v shows them)"

    def _counterexample(self, finding: Finding) -> Iterator[str]:
        if finding.example and finding.example not in message(finding):
            yield f"        {finding.example}"
        if command := curl(self._report.base_url, finding):
            yield f"        {self._dim(command)}"

    def _waivers(self) -> Iterator[str]:
        for title, waivers, hue in (
            ("Expired waivers (they fail the run)", self._report.expired_waivers, "red"),
            ("Waivers that match nothing (delete them)", self._report.unused_waivers, "yellow"),
        ):
            if waivers:
                yield ""
                yield self._style(title, bold=True)
                yield from (f"  {self._style(describe_waiver(waiver), fg=hue)}" for waiver in waivers)

    def _notes(self) -> Iterator[str]:
        if self._report.notes:
            yield ""
            yield self._style("Notes", bold=True)
            yield from (f"  {note}" for note in self._report.notes)

    def _dim(self, text: str) -> str:
        return click.style(text, dim=True) if self._colour else text

    def _style(self, text: str, *, fg: str | None = None, bold: bool = False) -> str:
        return click.style(text, fg=fg, bold=bold or None) if self._colour else text
