"""The groups: each explainer takes the findings that it explains; what is left is grouped by its rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.results import Cause, Result, Verdict

from . import bodies, fields, keys, lists, singles, summaries
from .explanation import Explainer, Explanation, Unexplained, plain_sentence

__all__ = ["causes"]

EXPLAINERS: tuple[Explainer, ...] = (
    keys.refused_keys,
    bodies.other_objects,
    fields.wrong_shapes,
    fields.repeated_names,
    bodies.wrong_lists,
    lists.inconsistent_lists,
    bodies.wrong_objects,
    singles.differing_singles,
    summaries.wrong_sums,
    keys.wrong_refusals,
)
"""In the order in which they take findings: what is wrong by its shape explains most of what it does to relations."""
SEVERITY = (Verdict.FAILED, Verdict.WARNING, Verdict.WAIVED, Verdict.INFO)


def causes(evidence: Evidence, results: Iterable[Result]) -> tuple[Cause, ...]:
    """Return the causes of what deviates: those that fail a run first, in the order of the explainers."""
    waiting = [Unexplained(result, finding) for result in results for finding in result.findings]
    found = []
    for explanation in _explanations(evidence, waiting):
        mine = [each for each in waiting if explanation.explains(each)]
        waiting[:] = [each for each in waiting if not any(each is other for other in mine)]
        if mine:
            found.append(_cause(explanation, mine))
    return tuple(sorted(found, key=lambda cause: SEVERITY.index(cause.verdict)))


def _explanations(evidence: Evidence, waiting: Sequence[Unexplained]) -> Iterator[Explanation]:
    """Yield what explains the findings; ``waiting`` becomes shorter on the way."""
    for explainer in EXPLAINERS:
        yield from explainer(evidence, waiting)
    while waiting:
        yield _by_rule(waiting)


def _cause(explanation: Explanation, mine: list[Unexplained]) -> Cause:
    operation, sentence, field, _ = explanation
    verdict = min((each.result.verdict for each in mine), key=SEVERITY.index)
    mine = sorted(mine, key=lambda each: (each.finding.message != sentence, each.operation != operation))
    return Cause(sentence, operation, field, verdict, tuple((each.result.check.id, each.finding) for each in mine))


def _by_rule(waiting: Sequence[Unexplained]) -> Explanation:
    """Return the first finding as its own explanation, together with those that are like it."""
    first = waiting[0]
    alike = [each for each in waiting if _alike(first, each)]
    first_operation, *others = dict.fromkeys(each.operation for each in alike)
    sentence = plain_sentence(first) + (f" (and {', '.join(others)} likewise)" if others else "")
    operation = "any" if others else first_operation
    return Explanation(operation, sentence, first.finding.field, lambda each: any(each is other for other in alike))


def _alike(first: Unexplained, second: Unexplained) -> bool:
    """Return whether two findings break one rule, maybe of several operations, or relations of one operation."""
    if first.result.check is second.result.check or first.rule == second.rule:
        return first is second or first.finding.field == second.finding.field or first.is_relation
    return first.is_relation and second.is_relation and first.operation == second.operation
