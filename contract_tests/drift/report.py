"""The result of a comparison, as a value, as lines for a terminal, and as JSON for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from civis_usage.contract_tests.exit_code import ExitCode
from civis_usage.schemas.json_format import shown

from .compare import Difference, Severity, rewrite

__all__ = ["SCHEMA_VERSION", "DriftReport", "json_text", "terminal_text"]

SCHEMA_VERSION = 2
"""Raised when a field of the JSON is removed or changes its meaning; a new field does not raise it."""

_STYLES = {
    Severity.BREAKING: ("✗", "x", "red"),
    Severity.DEPRECATED: ("!", "!", "yellow"),
    Severity.COMPATIBLE: ("+", "+", "green"),
    Severity.WORDING: ("·", ".", "cyan"),
}
Paint = Callable[[str, str], str]


@dataclass(frozen=True)
class DriftReport:
    """The differences between the contract and one spec."""

    version: str
    """The kit's."""
    source: str
    """A file, or a URL without credentials."""
    dialect: str | None
    """``None`` where no spec could be read."""
    differences: tuple[Difference, ...] = ()
    unjudged: str | None = None
    """Why the spec could not be judged; ``None`` where it could."""

    def count(self, severity: Severity) -> int:
        """Return the number of differences of a severity."""
        return sum(each.severity is severity for each in self.differences)

    @property
    def exit_code(self) -> ExitCode:
        """0 where nothing breaks; 1 breaking; 3 could not be judged."""
        if self.unjudged:
            return ExitCode.NOT_JUDGED
        return ExitCode.VIOLATED if self.count(Severity.BREAKING) else ExitCode.KEPT

    @property
    def headline(self) -> str:
        """The outcome in one sentence."""
        if self.unjudged:
            return f"The API's spec could not be judged: {self.unjudged}"
        if breaking := self.count(Severity.BREAKING):
            return f"The API's spec has drifted from the contract: {breaking} breaking."
        if deprecated := self.count(Severity.DEPRECATED):
            return f"Nothing in the API's spec breaks the contract, but it announces an end: {deprecated} deprecated."
        return "The API's spec keeps the contract."

    @property
    def totals(self) -> str:
        """The number of differences by severity: ``3 differences: 1 breaking, 2 wording``."""
        total = len(self.differences)
        counted = [f"{number} {severity}" for severity in Severity if (number := self.count(severity))]
        words = f"{total} difference" if total == 1 else f"{total} differences"
        return f"{words}: {', '.join(counted)}" if counted else "No differences"

    def rewrite(self, change: Callable[[str], str]) -> DriftReport:
        """Return the report with ``change`` applied to every text that the API or the user said."""
        return replace(
            self,
            source=change(self.source),
            differences=tuple(rewrite(each, change) for each in self.differences),
            unjudged=None if self.unjudged is None else change(self.unjudged),
        )


def terminal_text(
    report: DriftReport, *, wording: bool = False, paint: Paint | None = None, ascii_only: bool = False
) -> str:
    """Return ``report`` as lines for a terminal.

    Args:
        report: what was found, redacted.
        wording: whether differences in wording are shown, not only counted.
        paint: colours a text by the name of a colour; ``None`` for none.
        ascii_only: whether to do without ``✗``, ``→`` and their like.
    """
    text = "".join(f"{line}\n" for line in _lines(report, wording, paint or (lambda text, _: text), ascii_only))
    return text.replace("→", "->").encode("ascii", "backslashreplace").decode() if ascii_only else text


def _lines(report: DriftReport, wording: bool, paint: Paint, ascii_only: bool) -> Iterator[str]:
    yield f"{report.source} ({report.dialect}) against the contract; each line: contract → spec"
    shown = [each for each in report.differences if wording or each.severity is not Severity.WORDING]
    for operation, differences in groupby(shown, key=lambda each: each.operation):
        yield ""
        yield operation
        for each in differences:
            *marks, colour = _STYLES[each.severity]
            yield f"  {paint(f'{marks[ascii_only]} {each.severity:10}', colour)}  {each.sentence}"
    yield ""
    hidden = report.count(Severity.WORDING) and not wording
    yield f"{report.totals}{' (--wording shows them)' if hidden else ''}."
    yield paint(report.headline, "red" if report.exit_code else "green")


def json_text(report: DriftReport, *, ascii_only: bool = False) -> str:
    """Return ``report`` as JSON, as ``report.schema.json`` describes it.

    Args:
        report: what was found, redacted.
        ascii_only: whether to escape all other characters: for a stream whose encoding may be any.
    """
    document = {
        "schema_version": SCHEMA_VERSION,
        "kit_version": report.version,
        "source": report.source,
        "dialect": report.dialect,
        "exit_code": report.exit_code,
        "headline": report.headline,
        "unjudged": report.unjudged,
        "totals": {"differences": len(report.differences)} | {str(each): report.count(each) for each in Severity},
        "differences": [_difference(each) for each in report.differences],
    }
    return shown(document, ascii_only=ascii_only) + "\n"


def _difference(difference: Difference) -> dict[str, object]:
    return {
        "id": difference.id,
        "operation": difference.operation,
        "location": difference.location,
        "keyword": difference.keyword,
        "contract": difference.contract,
        "spec": difference.spec,
        "severity": str(difference.severity),
    }
