"""What a comparison found, as a value, as lines for a terminal, and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from .difference import Class, Difference, rewritten

__all__ = ["SCHEMA_VERSION", "DriftReport", "json_text", "terminal_text"]

SCHEMA_VERSION = 1
"""Raised when a field of the JSON is removed or changes its meaning; a new field does not raise it."""

_STYLES = {
    Class.BREAKING: ("✗", "x", "red"),
    Class.DEPRECATED: ("!", "!", "yellow"),
    Class.COMPATIBLE: ("+", "+", "green"),
    Class.WORDING: ("·", ".", "cyan"),
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

    def count(self, weight: Class) -> int:
        """Give the number of differences of a class."""
        return sum(each.weight is weight for each in self.differences)

    @property
    def exit_code(self) -> int:
        """0 where nothing breaks; 1 breaking; 3 could not be judged."""
        return 3 if self.unjudged else int(self.count(Class.BREAKING) > 0)

    @property
    def headline(self) -> str:
        """The outcome in one sentence."""
        if self.unjudged:
            return f"The API's spec could not be judged: {self.unjudged}"
        if breaking := self.count(Class.BREAKING):
            return f"The API's spec has drifted from the contract: {breaking} breaking."
        if deprecated := self.count(Class.DEPRECATED):
            return f"Nothing in the API's spec breaks the contract, but {deprecated} deprecated: it is to go."
        return "The API's spec keeps the contract."

    @property
    def totals(self) -> str:
        """The number of differences by class: ``3 differences: 1 breaking, 2 wording``."""
        total = len(self.differences)
        counted = [f"{number} {weight}" for weight in Class if (number := self.count(weight))]
        words = f"{total} difference" if total == 1 else f"{total} differences"
        return f"{words}: {', '.join(counted)}" if counted else "No differences"

    def rewritten(self, change: Callable[[str], str]) -> DriftReport:
        """Give the report with ``change`` applied to every text that the API or the user said."""
        return replace(
            self,
            source=change(self.source),
            differences=rewritten(self.differences, change),
            unjudged=None if self.unjudged is None else change(self.unjudged),
        )


def terminal_text(
    report: DriftReport, *, wording: bool = False, paint: Paint | None = None, ascii_only: bool = False
) -> str:
    """Give ``report`` as lines for a terminal.

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
    shown = [each for each in report.differences if wording or each.weight is not Class.WORDING]
    for operation, differences in groupby(shown, key=lambda each: each.operation):
        yield ""
        yield operation
        for each in differences:
            *marks, colour = _STYLES[each.weight]
            yield f"  {paint(f'{marks[ascii_only]} {each.weight:10}', colour)}  {each.sentence}"
    yield ""
    hidden = report.count(Class.WORDING) and not wording
    yield f"{report.totals}{' (--wording shows them)' if hidden else ''}."
    yield paint(report.headline, "red" if report.exit_code else "green")


def json_text(report: DriftReport, *, ascii_only: bool = False) -> str:
    """Give ``report`` as JSON, as ``report.schema.json`` describes it.

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
        "totals": {"differences": len(report.differences)} | {str(each): report.count(each) for each in Class},
        "differences": [_difference(each) for each in report.differences],
    }
    text = json.dumps(document, indent=2, ensure_ascii=ascii_only)
    return text.encode(errors="backslashreplace").decode() + "\n"  # a lone surrogate, as JSON spells it


def _difference(difference: Difference) -> dict[str, object]:
    return {
        "operation": difference.operation,
        "place": difference.place,
        "what": difference.what,
        "contract": difference.contract,
        "spec": difference.spec,
        "class": str(difference.weight),
    }
