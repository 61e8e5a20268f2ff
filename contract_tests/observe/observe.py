"""All questions: each answered from the evidence, in an order in which one may stand on the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import Interaction
from civis_usage.schemas.behavior import QUESTIONS

from . import organizations, values, windows
from .facts import Facts, Seen
from .observation import Observation

__all__ = ["observe"]

OBSERVERS: tuple[Callable[[Facts], Seen], ...] = (
    values.unreadable_parameter,
    windows.bounds,
    windows.default_window,
    windows.matching_default_window,
    windows.start_alone,
    windows.end_alone,
    windows.start_after_end,
    windows.dates,
    windows.blank,
    organizations.unknown_organization,
    organizations.org_id_omitted,
    organizations.foreign_organization,
    organizations.summary_without_usage,
    values.record_decimals,
    values.summary_decimals,
    values.list_order,
)


def observe(evidence: Evidence, further: tuple[Interaction, ...] = ()) -> tuple[Observation, ...]:
    """Return what the evidence says about each open question, in the order of ``behavior.json``.

    Args:
        evidence: what the checks stand on.
        further: what was requested beside, to settle open questions.
    """
    facts = Facts(replace(evidence, interactions=(*evidence.interactions, *further)))
    for observer in OBSERVERS:
        facts.rule_out(observer(facts))
    return tuple(
        Observation(each, facts.possible[each], tuple(sorted(facts.sightings[each], key=lambda s: s.at)))
        for each in QUESTIONS
    )
