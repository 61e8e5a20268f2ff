"""Waivers: deviations that a user knows and accepts, by check and field, each with a reason.

A waiver accepts the findings of its check that concern its field, and no others. One without a field accepts the
findings that concern no field: whoever accepts that a list is cut off does not accept nulls with it, nor the nulls of
one field with those of another. ``expires`` is the last day on which a waiver holds; an expired one accepts nothing and
fails the run, so that what was accepted for a while comes up again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from civis_usage.contract_tests.results import Check, Evidence, Finding, Outcome, Result, Verdict, Waiver
from civis_usage.contract_tests.waiver_file import WaiverError, discover, draft, load

__all__ = ["WaiverError", "apply", "discover", "draft", "expired", "load", "unused"]

_DEVIATES = {
    Evidence.DOCUMENTED: Verdict.VIOLATED,
    Evidence.RECORDED: Verdict.WARNED,
    Evidence.ASSUMED: Verdict.NOTED,
}


def apply(check: Check, outcome: Outcome, waivers: Sequence[Waiver], today: date) -> Result:
    """Judge what a check's question gave: an open finding counts as its rule's evidence says, a waived one does not.

    A question that could not be answered stays inconclusive, unless it showed an open deviation all the same.
    """
    held = {(w.check, w.field): w for w in waivers if not _is_expired(w, today)}
    open_findings: list[Finding] = []
    waived: list[tuple[Finding, Waiver]] = []
    for finding in outcome.findings:
        waiver = held.get((check.id, finding.field))
        if waiver:
            waived.append((finding, waiver))
        else:
            open_findings.append(finding)
    if open_findings:
        verdict = _DEVIATES[check.evidence]
    elif outcome.inconclusive is not None:
        verdict = Verdict.INCONCLUSIVE
    else:
        verdict = Verdict.WAIVED if waived else Verdict.KEPT
    return Result(
        check=check,
        verdict=verdict,
        seen=outcome.seen,
        findings=tuple(open_findings),
        waived=tuple(waived),
        inconclusive=outcome.inconclusive,
        no_data=outcome.no_data,
        spared=outcome.spared,
    )


def expired(waivers: Iterable[Waiver], today: date) -> tuple[Waiver, ...]:
    """Give the waivers whose last day is past."""
    return tuple(waiver for waiver in waivers if _is_expired(waiver, today))


def unused(waivers: Iterable[Waiver], results: Iterable[Result], today: date) -> tuple[Waiver, ...]:
    """Give the waivers in force whose check was answered without showing what they accept.

    One whose check did not run, or was inconclusive, may match next time: nothing is said of it.
    """
    answered: set[str] = set()
    used: set[Waiver] = set()
    for result in results:
        used.update(waiver for _, waiver in result.waived)
        if result.verdict is not Verdict.INCONCLUSIVE:
            answered.add(result.check.id)
    return tuple(w for w in waivers if w.check in answered and w not in used and not _is_expired(w, today))


def _is_expired(waiver: Waiver, today: date) -> bool:
    return waiver.expires is not None and date.fromisoformat(waiver.expires) < today
