"""What a check says: the values that the checks make and every report reads.

A :class:`Check` is a rule with a question. Asking it gives a :class:`Result`: a verdict, what was seen, and the
deviations found. A :class:`Report` holds the results of one run and knows its exit code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from civis_usage.contract_tests.witness import Witness

__all__ = ["Check", "Evidence", "Finding", "Outcome", "Report", "Result", "Verdict", "Waiver"]


class Evidence(StrEnum):
    """How well a rule is known, and so what a deviation from it means."""

    DOCUMENTED = "documented"
    """In the published reference or the API's own spec: a deviation is a violation."""
    RECORDED = "recorded"
    """Seen in recorded answers of the API: a deviation is a warning."""
    ASSUMED = "assumed"
    """Nobody outside has seen it: what is found is information, never a failure."""


class Verdict(StrEnum):
    """What a check concluded."""

    KEPT = "kept"
    VIOLATED = "violated"
    WARNED = "warned"
    NOTED = "noted"
    """An assumed rule that the API answers otherwise: information."""
    INCONCLUSIVE = "inconclusive"
    WAIVED = "waived"
    """Every deviation found is one that the user accepted by name."""


@dataclass(frozen=True)
class Finding:
    """One deviation from a rule."""

    message: str
    """What deviates, in one sentence: ``null in credits: 14 of 138 records``."""
    field: str | None = None
    """The documented field it concerns, by its name on the wire; what a waiver can name."""
    request: str | None = None
    """Path and query of the first request that shows it: ``/usage/llm?org_id=1``."""
    example: str | None = None
    """The first counterexample, as compact JSON or text, cut to a readable length."""
    keyed: bool = True
    """Whether that request carried the user's key; the key checks ask without one, or with a wrong one."""


@dataclass(frozen=True)
class Outcome:
    """What asking a check's question gave, before waivers are looked at."""

    seen: str
    """What stands behind it: ``138 records in 4 windows``."""
    findings: tuple[Finding, ...] = ()
    inconclusive: str | None = None
    """Why the question could not be answered (no data, budget spent); ``None`` where it could."""
    no_data: bool = False
    """The question could not be answered because the organization shows no usage for it."""
    spared: bool = False
    """The question was not put because its answer would be very long; other questions cover most of it."""


@dataclass(frozen=True)
class Check:
    """A rule of the contract and the question that tells whether it is kept."""

    id: str
    """Stable name, as in waivers and reports: ``list-llm-organization``."""
    rule: str
    """The rule, in one sentence."""
    evidence: Evidence
    operation: str
    """The operation it concerns (``list_llm``), or ``any``."""
    ask: Callable[[Witness], Outcome] = field(repr=False, compare=False)


@dataclass(frozen=True)
class Waiver:
    """A deviation that a user knows and accepts."""

    check: str
    reason: str
    field: str | None = None
    expires: str | None = None
    """The last day on which it holds, ``YYYY-MM-DD``."""


@dataclass(frozen=True)
class Result:
    """A check's verdict, with what was seen."""

    check: Check
    verdict: Verdict
    seen: str
    findings: tuple[Finding, ...] = ()
    """The deviations that no waiver accepts."""
    waived: tuple[tuple[Finding, Waiver], ...] = ()
    inconclusive: str | None = None
    no_data: bool = False
    spared: bool = False


@dataclass(frozen=True)
class Report:
    """The results of one run, with the circumstances that a reader needs."""

    version: str
    base_url: str
    """Without credentials; or in words, which recording was judged in place of an API."""
    organizations: tuple[int, ...]
    started: str
    """UTC, RFC 3339."""
    seconds: float
    requests: int
    budget: int
    seed: int
    results: tuple[Result, ...]
    unjudged: str | None = None
    """Why the API as a whole could not be judged (unreachable, key refused, …); ``None`` where it could."""
    expired_waivers: tuple[Waiver, ...] = ()
    unused_waivers: tuple[Waiver, ...] = ()
    notes: tuple[str, ...] = ()
    """Information beside the verdicts: additional fields, a low rate limit, what the API's own spec announces."""
    strict: bool = False
    allow_no_data: bool = False

    def by_operation(self) -> Iterator[tuple[str, list[Result]]]:
        """Give the results grouped by operation, each group in the registry's order."""
        groups: dict[str, list[Result]] = {}
        for result in self.results:
            groups.setdefault(result.check.operation, []).append(result)
        yield from groups.items()

    def count(self, verdict: Verdict) -> int:
        """Give the number of results with ``verdict``."""
        return sum(result.verdict is verdict for result in self.results)

    def code_of(self, result: Result) -> int:
        """Give the exit code that ``result`` asks for, as :attr:`exit_code`; 0 where it does not make the run fail."""
        if result.verdict is Verdict.VIOLATED or (result.verdict is Verdict.WARNED and self.strict):
            return 1
        open_ = result.verdict is Verdict.INCONCLUSIVE and result.check.evidence is Evidence.DOCUMENTED
        if not open_ or result.spared or (result.no_data and self.allow_no_data):
            return 0
        return 4 if result.no_data else 3

    @property
    def exit_code(self) -> int:
        """0 kept; 1 violated; 3 could not be judged; 4 nothing violated, but an operation showed no data."""
        codes = {self.code_of(result) for result in self.results} - {0}
        if self.expired_waivers:
            codes.add(1)
        if self.unjudged:
            codes.add(3)
        return min(codes, default=0)
