"""Where a list and its summary disagree: the summary of a part of the window, which finds the place."""

from __future__ import annotations

from itertools import pairwise

from civis_usage.contract_tests.checks.sums import disagreements
from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import Query
from civis_usage.contract_tests.collect.window import MARGIN, Window

__all__ = ["narrower"]


def narrower(evidence: Evidence) -> Query | None:
    """Return the summary of half of the smallest window that disagrees; ``None`` where there is nothing to narrow.

    A window is cut between two listed records, so that each half has some. Where the first half agrees, the second is
    next.
    """
    found = sorted(disagreements(evidence), key=lambda pair: pair[0].window.days if pair[0].window else 0.0)
    for summary, listing in found[:1]:
        window = summary.window or Window(None, None)
        known = {record.timestamp for record in listing.records if window.contains(record.timestamp)}
        middle = _middle(sorted(at for at in known if at is not None))
        if middle is None or window.start is None or window.end is None:
            continue
        for half in (Window(window.start, middle), Window(middle, window.end)):
            query = Query.of(summary.operation, org_id=summary.org, **half.params)
            if not any(each.query == query for each in evidence.interactions):
                return query
    return None


def _middle(instants: list[int]) -> int | None:
    """Return an instant that cuts a sorted sequence in two, in a gap as near to its middle as there is."""
    gaps = [(number, first) for number, (first, second) in enumerate(pairwise(instants)) if second - first > 2 * MARGIN]
    if not gaps:
        return None
    _, before = min(gaps, key=lambda gap: abs(gap[0] + 1 - len(instants) / 2))
    return before + MARGIN
