"""The report for people at a terminal: one line for each operation, what deviates by cause, and a closing line."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterator

import click

from civis_usage.contract_tests.results import Cause, Finding, Report, Result, Verdict

from . import behavior
from .text import (
    GRAVITY,
    comparison,
    cost,
    curl,
    describe_deviation,
    describe_waiver,
    evidence,
    headline,
    mark,
    marks,
    message,
    operation_name,
    totals,
    without_query,
)

__all__ = ["render"]

_MARKS = {
    Verdict.PASSED: ("✓", "+", "green"),
    Verdict.FAILED: ("✗", "x", "red"),
    Verdict.WARNING: ("!", "!", "yellow"),
    Verdict.INFO: ("·", ".", "cyan"),
    Verdict.INCONCLUSIVE: ("?", "?", "magenta"),
    Verdict.WAIVED: ("~", "~", "blue"),
}
_OUTCOMES = {0: "green", 1: "red", 3: "magenta", 4: "magenta"}


def render(
    report: Report, *, colour: bool = False, ascii_only: bool = False, verbosity: int = 0, width: int | None = None
) -> str:
    """Return ``report`` as lines for a terminal.

    Args:
        report: what was found, redacted.
        colour: whether to write ANSI colours.
        ascii_only: whether to do without ``✓`` and its like.
        verbosity: from 1 on, every check and finding is shown; below 0, only what deviates.
        width: the terminal's columns; commands to copy are never broken. ``None`` for lines of any length.
    """
    lines = _Lines(report, colour, ascii_only, verbosity, width).all()
    text = "".join(f"{line}\n" for line in lines)
    return text.encode("ascii", "backslashreplace").decode() if ascii_only else text


class _Lines:
    """The lines of one report; the style is the same throughout."""

    def __init__(self, report: Report, colour: bool, ascii_only: bool, verbosity: int, width: int | None) -> None:
        self._report = report
        self._colour = colour
        self._mark = 1 if ascii_only else 0
        self._verbosity = verbosity
        self._columns = width

    def all(self) -> Iterator[str]:
        """Yield every line: the cause first, and what deviates last."""
        report = self._report
        closing = self._styled(headline(report), fg=_OUTCOMES[report.exit_code], bold=True)
        if report.exit_code:
            yield from closing
        if self._verbosity >= 0:
            yield from self._head()
            yield from self._operations()
            yield from self._waivers()
            yield from self._notes()
            yield from self._behavior()
        for group in report.causes:
            if self._verbosity >= 0 or group.verdict is not Verdict.INFO:
                yield ""
                yield from self._group(group)
        yield from self._gone()
        if self._verbosity < 0:
            return
        yield from self._inconclusive()
        if report.causes:
            yield ""
            yield from self._styled(f"civis-usage explain {report.causes[0].checks[0]} says more of a check", dim=True)
        yield ""
        if compared := comparison(report):
            yield from self._styled(compared)
        if report.results:
            yield from self._styled(totals(report))
        yield from closing
        yield cost(report)

    def _head(self) -> Iterator[str]:
        report = self._report
        named = ", ".join(map(str, report.organizations))
        organizations = {0: "no organization", 1: f"organization {named}"}.get(
            len(report.organizations), f"organizations {named}"
        )
        yield from self._styled(f"{report.base_url}, {organizations}, {report.started}, seed {report.seed}")

    def _operations(self) -> Iterator[str]:
        if self._report.results:
            yield ""
        operations = [(operation_name(operation), results) for operation, results in self._report.by_operation()]
        longest = max((len(operation) for operation, _ in operations), default=0)
        for operation, results in operations:
            counts = Counter(result.verdict for result in results)
            gravest = next(verdict for verdict in GRAVITY if counts[verdict])
            shown = ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict])
            yield from self._marked(gravest, f"{operation:{longest}}  {shown}")
            if self._verbosity > 0:
                for result in results:
                    yield from self._result(result)

    def _result(self, result: Result) -> Iterator[str]:
        check, outcome = result.check, result.outcome
        seen = outcome.examined if outcome.inconclusive is None else f"inconclusive: {outcome.inconclusive}"
        yield from self._marked(result.verdict, f"{check.id} ({check.basis}): {seen}", 2)
        yield from self._styled(check.rule, 6, dim=True)
        for finding in result.findings:
            is_new = mark(self._report, check.id, finding)
            said = f"{message(finding)} ({is_new})" if is_new else message(finding)
            yield from self._styled(said, 6, fg=_MARKS[result.verdict][2])
            yield from self._evidence(finding, 8)
        for finding, waiver in result.waived:
            yield from self._styled(f"waived: {message(finding)} ({waiver.reason})", 6, fg="blue")

    def _inconclusive(self) -> Iterator[str]:
        """Yield why checks are inconclusive, each reason once."""
        found = Counter(
            self._reason(result) for result in self._report.results if result.verdict is Verdict.INCONCLUSIVE
        )
        if found and not self._report.unjudged:
            yield ""
            for reason, count in found.most_common():
                checks = f"{count} check{'s' * (count != 1)}"
                yield from self._marked(Verdict.INCONCLUSIVE, f"{checks} inconclusive: {reason}")

    def _reason(self, result: Result) -> str:
        """Return why a check is inconclusive; what lacks data is one reason, unless every check is shown."""
        if result.outcome.no_data and self._verbosity <= 0 and not self._report.invisible:
            return f"no data for {operation_name(result.check.operation)} (-v says what was looked for)"
        return without_query(result.outcome.inconclusive or "")

    def _group(self, group: Cause) -> Iterator[str]:
        is_new = marks(self._report, group)
        yield from self._marked(group.verdict, f"{group.sentence} ({is_new})" if is_new else group.sentence)
        finding = group.findings[0][1]
        if message(finding) != group.sentence:
            yield from self._styled(message(finding), 4)
        yield from self._evidence(finding, 4)
        checks = ", ".join(group.checks)
        count = len(group.findings)
        more = f" ({count} findings; -v shows them)" if count > 1 and self._verbosity <= 0 else ""
        yield from self._styled(f"{'check' if len(group.checks) == 1 else 'checks'} {checks}{more}", 4, dim=True)

    def _evidence(self, finding: Finding, indent: int) -> Iterator[str]:
        for line in evidence(finding):
            yield from self._styled(line, indent)
        if command := curl(self._report.base_url, finding):
            yield " " * indent + self._style(command, dim=True)

    def _gone(self) -> Iterator[str]:
        if gone := self._report.gone:
            yield ""
            yield self._style("Gone since the earlier run", bold=True)
            for deviation in gone:
                yield from self._styled(describe_deviation(deviation), 2, fg="green")

    def _waivers(self) -> Iterator[str]:
        waived = [waiver for result in self._report.results for _, waiver in result.waived]
        for title, waivers, hue in (
            ("Waived", dict.fromkeys(waived), "blue"),
            ("Expired waivers (they fail the run)", self._report.expired_waivers, "red"),
            ("Waivers that match nothing (delete them)", self._report.unused_waivers, "yellow"),
        ):
            if waivers:
                yield ""
                yield self._style(title, bold=True)
                for waiver in waivers:
                    yield from self._styled(describe_waiver(waiver), 2, fg=hue)

    def _notes(self) -> Iterator[str]:
        if self._report.notes:
            yield ""
            yield self._style("Notes", bold=True)
            for note in self._report.notes:
                yield from self._styled(note, 2)

    def _behavior(self) -> Iterator[str]:
        """Yield what was seen of the open questions: two lines, and with ``-v`` each question."""
        lines = list(behavior.overview(self._report))
        if not lines:
            return
        yield ""
        yield self._style("Behavior", bold=True)
        for line in lines:
            yield from self._styled(line, 2)
        if self._verbosity > 0:
            for _, line, sightings in behavior.details(self._report):
                yield from self._styled(line, 4)
                for sighting in sightings:
                    yield from self._styled(sighting, 8, dim=True)

    def _marked(self, verdict: Verdict, text: str, indent: int = 0) -> Iterator[str]:
        *marks, hue = _MARKS[verdict]
        yield from self._styled(f"{marks[self._mark]} {text}", indent, fg=hue)

    def _styled(self, text: str, indent: int = 0, **style: str | bool) -> list[str]:
        """Return a text as lines that fit the width, each styled by itself."""
        lines = [" " * indent + text]
        if self._columns is not None and len(lines[0]) > self._columns:
            text = re.sub(r"&(?=\w+=)", " &", text)  # so that a query is broken between its parameters
            lines = textwrap.wrap(
                text, max(20, self._columns), initial_indent=" " * indent, subsequent_indent=" " * (indent + 2),
                break_on_hyphens=False,
            )  # fmt: skip
        return [self._style(line, **style) for line in lines]

    def _style(self, text: str, **style: str | bool) -> str:
        return click.style(text, **style) if self._colour and style else text  # type: ignore[arg-type]
