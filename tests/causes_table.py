"""The table of causes: ``python -m tests.causes_table`` judges every deviation and says what its report begins with.

A few alone are part of the quick tests, all of the nightly ones; this takes some minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from statistics import median
from typing import NamedTuple

from civis_usage.contract_tests.reports.text import headline
from civis_usage.contract_tests.results import Report, Verdict

from .causes import lacking, load
from .deviations import DEVIATIONS, Deviation
from .judging import judge
from .standin_server import Server, serving

SIZE = {"daily": {1: 2, 2: 1, 3: 1}, "daily_matching": {1: 1.6, 2: 1, 3: 1}}
CAUSES = load()


class Row(NamedTuple):
    """What a report says of one deviation."""

    id: str
    groups: int
    findings: int
    failed: int
    first: str
    lacks: tuple[str, ...]
    """What the first line does not name."""
    bare: tuple[str, ...]
    """The findings that do not say what was expected and what came, by their messages."""


def first_line(report: Report) -> str:
    """Return what a report begins with."""
    return report.causes[0].sentence if report.causes else headline(report)


def rows(server: Server, deviations: Iterable[Deviation]) -> Iterator[Row]:
    """Judge stand-ins that are wrong in one way each."""
    for deviation in deviations:
        report = judge(server, deviation.standin(**SIZE), deviation.organizations)
        found = [finding for result in report.results for finding in result.findings]
        bare = [finding.message for finding in found if not (finding.expected and finding.actual and finding.request)]
        first, failed = first_line(report), report.count(Verdict.FAILED)
        lacks = lacking(first, CAUSES[deviation.id])
        yield Row(deviation.id, len(report.causes), len(found), failed, first, tuple(lacks), tuple(bare))


def main() -> int:
    """Write the table, and a closing line; return 1 where fewer than nine in ten are named."""
    found = []
    with serving() as server:
        for row in rows(server, DEVIATIONS):
            found.append(row)
            mark = "-" if row.lacks else "+"
            print(f"{mark} {row.id} | {row.groups} | {row.findings} | {row.failed} | {row.first}", flush=True)
            for message in row.bare:
                print(f"  without expected or actual: {message}")
    named = sum(not row.lacks for row in found)
    groups, findings = median(row.groups for row in found), median(row.findings for row in found)
    print(f"{named} of {len(found)} causes named, groups {groups} and findings {findings} in the median")
    return int(named < 0.9 * len(found))


if __name__ == "__main__":
    sys.exit(main())
