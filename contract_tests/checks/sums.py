"""What summaries and the sums of lists are, and how far the two may differ."""

from __future__ import annotations

import math
from collections.abc import Sequence

from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import Interaction
from civis_usage.contract_tests.collect.record import Record
from civis_usage.contract_tests.collect.window import Window
from civis_usage.contract_tests.results import Finding

from .comparison import Listing, plain

__all__ = [
    "OPERATION", "closed_summaries", "compare_total", "covering", "credits_of", "disagreement", "disagreements",
    "sum_of", "tolerance", "total_of",
]  # fmt: skip

OPERATION = "get_llm_organization_summary"
SINGLE = 2.0**-24
"""The relative error of rounding to single precision."""
MONEY = 2
"""The decimals of an amount of money; up to that many, some cut off in place of rounding."""


def tolerance(evidence: Evidence, total: float, addends: int) -> float:
    """Return how far a summary may stand from the exact sum.

    It may be rounded up, down or to the nearest, to as many decimals as this run's summaries show. Each number, and
    each step of the addition, may have been rounded to single precision as well: such errors do not cancel where the
    addends are alike.
    """
    decimals = evidence.summary_decimals
    rounding = (1.0 if decimals <= MONEY else 0.5) * 10.0**-decimals * 1.02
    return rounding + abs(total) * SINGLE * (addends + 4)


def credits_of(summary: Interaction) -> float:
    """Return the credits that a summary shows."""
    return float(summary.json["credits"])


def total_of(records: Sequence[Record]) -> tuple[float, float]:
    """Return the least and the most that records cost: there is no most where the credits of one are not a number."""
    least = math.fsum(record.credits for record in records)
    return least, least if all(record.has_credits for record in records) else math.inf


def compare_total(
    evidence: Evidence, summary: Interaction, least: float, most: float, addends: int, *others: Interaction
) -> list[Finding]:
    """Return a finding if a summary is not what its list adds up to.

    Args:
        evidence: shows how coarsely amounts are rounded.
        summary: shows the credits.
        least: the least that they may be, exactly.
        most: the most that they may be.
        addends: how many records were added up.
        others: the list, and what else was compared.
    """
    slack = tolerance(evidence, max(abs(least), abs(most) if math.isfinite(most) else 0.0), addends)
    listed = addends * 10.0**-evidence.record_decimals  # what the lists show may be rounded, or cut off
    credits = credits_of(summary)  # noqa: A001 - the field's name
    if least - slack - listed / 2 <= credits <= most + slack + listed:
        return []
    most = most if math.isfinite(most) else least
    text = f"{credits:.6f} credits, but the {addends} listed records add up to {most:.6f}"
    wanted = f"{most:.6f}" if least == most else f"{least:.6f} to {most:.6f}"
    return [
        Finding(
            text,
            "credits",
            summary.request,
            contradiction=(summary, *others),
            shows_less=summary if credits < least else next(iter(others), None),
            expected=f"{wanted} (the sum of {addends} listed records)" if addends else wanted,
            actual=f"{credits:.6f}",
        )
    ]


def disagreement(text: str, summary: Interaction, other: Interaction, wanted: str) -> Finding:
    """Return the finding that two summaries disagree."""
    less = min(summary, other, key=credits_of)
    return Finding(
        text, "credits", summary.request, expected=wanted, actual=f"{credits_of(summary):.6f}",
        contradiction=(summary, other), shows_less=less,
    )  # fmt: skip


def closed_summaries(evidence: Evidence) -> list[Interaction]:
    """Return the requests for summaries between two settled dates."""
    return [
        each
        for each in evidence.of(OPERATION)
        if each.window is not None and each.window.is_closed and (each.window.end or 0) <= evidence.settled_until
    ]


def covering(evidence: Evidence, summary: Interaction) -> list[Listing]:
    """Return the lists that cover a summary's window."""
    window = summary.window
    return [each for each in plain(evidence, "list_llm", summary.org) if window and each.window.encloses(window)]


def sum_of(listing: Listing, window: Window) -> tuple[float, float, int]:
    """Return the least and the most credits that ``window`` may cost, and its number of records.

    The two differ where a record stands at an end, or has credits that are not a number.
    """
    inside = [(record, window.contains(record.timestamp)) for record in listing.records]
    sure = [record for record, is_inside in inside if is_inside]
    maybe = [record for record, is_inside in inside if is_inside is None]
    least, most = total_of(sure)
    return (
        least + sum(record.credits for record in maybe if record.credits < 0),
        most + sum(record.credits if record.has_credits else math.inf for record in maybe if record.credits >= 0),
        len(sure),
    )


def disagreements(evidence: Evidence) -> list[tuple[Interaction, Listing]]:
    """Return the summaries of settled windows that are not the sum of a list, and the list: the newest of each."""
    newest = {each.request: each.number for each in evidence.of(OPERATION, "list_llm")}
    return [
        (each, listing)
        for each in closed_summaries(evidence)
        if each in evidence.summaries and not each.has_offsets and newest[each.request] == each.number
        for listing in covering(evidence, each)
        if newest[listing.request] == listing.response.number
        and compare_total(evidence, each, *sum_of(listing, each.window or listing.window), listing.response)
    ]
