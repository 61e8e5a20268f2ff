"""Change during a run: usage that is added, or grows, while the check looks is no violation.

Disagreements of responses are explained by change only if one instant explains them all: each is between a response
before the instant that shows less and a response after it that shows more, and what shows less was requested again
after the instant, and then shows as much. What comes and goes is not reproducible.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import Query
from civis_usage.contract_tests.results import Basis, Check, Finding, Outcome

__all__ = ["doubted", "without_change"]

Interval = tuple[int, int]
"""An instant of the run that lies after the first place, and up to the second."""
FOREVER = 10**9


@dataclass(frozen=True)
class _Disagreement:
    """What one check finds in responses to the same requests, whenever they came."""

    findings: tuple[Finding, ...]
    newest: Mapping[str, int]
    """The place of the newest response to each request of the run."""
    repeated: frozenset[str]
    """The requests that were answered more than once."""

    @property
    def is_repeated(self) -> bool:
        """Whether what shows less was requested again, after what shows more; else, any of the responses."""
        if self.shown_last is not None and self.interval is not None:
            return False
        return all(
            any(each.request in self.repeated for each in ([f.shows_less] if f.shows_less else f.contradiction))
            for f in self.findings
        )

    @property
    def shown_last(self) -> Finding | None:
        """The finding that the newest responses show; ``None`` where they agree."""
        found = (f for f in self.findings if all(self.newest[each.request] == each.number for each in f.contradiction))
        return next(found, None)

    @property
    def interval(self) -> Interval | None:
        """The places after the first and up to the second of which usage was added; ``None`` where nothing explains."""
        return _common(_interval(finding) for finding in self.findings)


def _common(intervals: Iterable[Interval | None]) -> Interval | None:
    """Return the interval that lies in all; ``None`` where there is none."""
    low, high = -1, FOREVER
    for each in intervals:
        if each is None:
            return None
        low, high = max(low, each[0]), min(high, each[1])
    return (low, high) if low < high else None


def _interval(finding: Finding) -> Interval | None:
    less = finding.shows_less
    if less is None:
        return None
    more = max((each.number for each in finding.contradiction if each is not less), default=-1)
    return (less.number, more) if less.number < more else None


def without_change(evidence: Evidence, outcomes: Sequence[Outcome]) -> tuple[tuple[Outcome, ...], int]:
    """Return the outcomes without what change explains, and the number of disagreements that it explains.

    What was not requested again is marked as seen once; what then was otherwise, as not reproducible.
    """
    disagreements = [_disagreements(evidence, outcome) for outcome in outcomes]
    explained = _explained([each for found in disagreements for each in found])
    judged = []
    for outcome, found in zip(outcomes, disagreements, strict=True):
        others = [finding for finding in outcome.findings if not finding.contradiction]
        kept = [_marked(each) for each in found if each not in explained]
        judged.append(replace(outcome, findings=tuple(_once([*others, *kept]))))
    return tuple(judged), len(explained)


def _explained(disagreements: Sequence[_Disagreement]) -> list[_Disagreement]:
    """Return the disagreements that usage explains which was added at one instant.

    The instant follows from those that were requested again, and passed. It may explain others that were not.
    """
    passed = [each for each in disagreements if each.shown_last is None]
    instant = _common(each.interval for each in passed)
    if not passed or instant is None or not all(each.is_repeated for each in passed):
        return []
    explained = passed
    for each in disagreements:
        if not each.is_repeated and (narrowed := _common((instant, each.interval))) is not None:
            instant = narrowed
            explained.append(each)
    return explained


def _disagreements(evidence: Evidence, outcome: Outcome) -> list[_Disagreement]:
    answered = [each for each in evidence.interactions if each.failure is None and each.is_valid]
    newest = {each.request: each.number for each in answered}
    repeated = frozenset(each.request for each in answered if newest[each.request] != each.number)
    by_requests: dict[object, list[Finding]] = {}
    for finding in outcome.findings:
        if finding.contradiction:
            requests = frozenset(each.request for each in finding.contradiction)
            by_requests.setdefault((finding.field, finding.request, requests), []).append(finding)
    return [_Disagreement(tuple(found), newest, repeated) for found in by_requests.values()]


def _marked(disagreement: _Disagreement) -> Finding:
    shown = disagreement.shown_last
    if shown is None:
        first = disagreement.findings[0]
        message = f"not reproducible: {first.message}; it was otherwise when requested again"
        return replace(first, message=message, is_reproducible=False)
    return replace(shown, seen_once=not disagreement.is_repeated)


def _once(findings: Iterable[Finding]) -> Iterator[Finding]:
    seen = set()
    for finding in findings:
        if (key := (finding.message, finding.field, finding.request)) not in seen:
            seen.add(key)
            yield finding


def doubted(evidence: Evidence, judged: Iterable[tuple[Check, Outcome]]) -> list[Query]:
    """Return the queries to send again, those first whose repetition tells most: which showed less, and earlier.

    Where all were sent again, and usage that was added seems to explain what they showed, those that did not show it
    are sent once more: what comes and goes looks like that for a while.
    """
    found = [
        each
        for check, outcome in judged
        if check.basis is Basis.DOCUMENTED
        for each in _disagreements(evidence, outcome)
    ]
    findings = [finding for each in found if not each.is_repeated for finding in each.findings]
    findings = findings or [finding for each in _explained(found) for finding in each.findings]
    earlier = [finding.shows_less for finding in findings if finding.shows_less is not None and _interval(finding)]
    often = Counter(each.query for each in earlier)
    others = [each.query for finding in findings for each in finding.contradiction]
    return list(dict.fromkeys([*(query for query, _ in often.most_common()), *others]))
