"""What the evidence shows, as the questions need it: known usage, and how a list relates to it."""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import NONEXISTENT_ID, Interaction
from civis_usage.contract_tests.collect.record import Record
from civis_usage.schemas import OPERATIONS
from civis_usage.schemas.behavior import QUESTIONS, Value

from .observation import Sighting

__all__ = [
    "ALWAYS",
    "DATES",
    "LISTS",
    "SUMMARY",
    "Facts",
    "Reach",
    "Seen",
    "credits_of",
    "is_list",
    "organizations_of",
    "refusal",
    "unreadable",
]

SUMMARY = "get_llm_organization_summary"
LISTS = ("list_llm", "list_matching")
DATES = frozenset({"start_date", "end_date"})
ALWAYS = float("inf")

Seen = Iterator[tuple[str, Sighting]]
"""Question ids, each with a response that says something about it."""


@dataclass(frozen=True)
class Reach:
    """The times that a list shows, and those of known usage that it does not show; in seconds, sorted."""

    listed: list[int]
    missing: list[int]

    def fits(self, first: float, last: float, slack: float = 1) -> bool:
        """Return whether it is the list of a window; usage within ``slack`` seconds of an end says nothing."""
        if self.listed and (self.listed[0] < first - slack or self.listed[-1] > last + slack):
            return False
        place = bisect_right(self.missing, first + slack)
        return place == len(self.missing) or self.missing[place] >= last - slack


class Facts:
    """The evidence of a run, and the answers that are still possible; :meth:`rule_out` narrows them."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.possible: dict[str, tuple[Value, ...]] = {each.id: each.values for each in QUESTIONS.values()}
        self.sightings: dict[str, list[Sighting]] = {each: [] for each in QUESTIONS}
        self._chosen: dict[tuple[str, tuple[int, ...], object], list[Record]] = {}
        self._reaches: dict[int, Reach] = {}

    def rule_out(self, found: Iterable[tuple[str, Sighting]]) -> None:
        """Keep the answers that every response allows."""
        for question, sighting in found:
            self.sightings[question].append(sighting)
            self.possible[question] = tuple(each for each in self.possible[question] if each in sighting.possible)

    def see(self, question: str, interaction: Interaction, what: str, possible: Iterable[Value]) -> Seen:
        """Yield what a response says about a question; nothing where it allows every answer."""
        allowed = set(possible)
        kept = tuple(each for each in QUESTIONS[question].values if each in allowed)
        if len(kept) < len(QUESTIONS[question].values):
            yield question, Sighting(kept, what, interaction.request, interaction.sent_at)

    def valid(self, *operations: str) -> list[Interaction]:
        """Return the responses to requests with the key, for organizations that exist or none."""
        return [
            each
            for each in self.evidence.of(*(operations or OPERATIONS))
            if each.unavailable is None and each.status is not None and each.org != NONEXISTENT_ID
        ]

    def readable(self, *operations: str) -> list[Interaction]:
        """Return those of :meth:`valid` in which every parameter can be read, dates without a time perhaps."""
        return [each for each in self.valid(*operations) if not unreadable(each)]

    def lists(self, *operations: str) -> list[Interaction]:
        """Return the lists that came to such requests."""
        return [each for each in self.readable(*(operations or LISTS)) if is_list(each)]

    def now(self, interaction: Interaction) -> float:
        """Return when a request was sent by the API's clock, in seconds."""
        return self.evidence.now + (interaction.sent_at - self.evidence.interactions[0].sent_at).total_seconds()

    @cached_property
    def _known(self) -> dict[str, dict[object, Record]]:
        """The usage in the lists of closed windows, once each, by operation."""
        return {
            operation: {
                record.identity: record
                for each in self.evidence.closed_lists(operation)
                for record in each.records
                if record.timestamp is not None and record.timestamp <= self.evidence.settled_until
            }
            for operation in LISTS
        }

    def known(self, interaction: Interaction) -> list[Record]:
        """Return the known usage of a list's organizations and task."""
        chosen = interaction.operation, organizations_of(interaction), interaction.params.get("task")
        if chosen not in self._chosen:
            self._chosen[chosen] = [each for each in self.known_of_all(interaction) if each.org in chosen[1]]
        return self._chosen[chosen]

    def known_of_all(self, interaction: Interaction) -> list[Record]:
        """Return the known usage of a list's task, of every organization."""
        task = interaction.params.get("task")
        return [each for each in self._known[interaction.operation].values() if each.is_of_task(task)]

    @cached_property
    def _by_second(self) -> dict[tuple[str, int], list[Record]]:
        found: dict[tuple[str, int], list[Record]] = {}
        for operation, usage in self._known.items():
            for record in usage.values():
                found.setdefault((operation, record.timestamp or 0), []).append(record)
        return found

    def known_at(self, second: int, interaction: Interaction) -> Iterator[Record]:
        """Yield the known usage of a second, of a list's organizations and task."""
        organizations, task = organizations_of(interaction), interaction.params.get("task")
        for record in self._by_second.get((interaction.operation, second), []):
            if record.org in organizations and record.is_of_task(task):
                yield record

    @cached_property
    def sums(self) -> list[tuple[Interaction, Decimal, int]]:
        """The summaries of closed windows, each with the sum and the number of the amounts in a list that covers it."""
        found = []
        for summary in self.readable(SUMMARY):
            window = summary.window
            if credits_of(summary) is None or window is None or not window.is_closed:
                continue
            if (window.end or 0) > self.evidence.settled_until:
                continue
            for each in self.evidence.closed_lists("list_llm", summary.org):
                if each.window is None or not each.window.encloses(window):
                    continue
                inside = [window.contains(record.timestamp) for record in each.records]
                if None not in inside and all(record.has_credits for record in each.records):
                    amounts = [r.credits for r, is_in in zip(each.records, inside, strict=True) if is_in]
                    total = sum((Decimal(repr(amount)) for amount in amounts), Decimal(0))
                    found.append((summary, total, len(amounts)))
                    break
        return found

    def reach(self, interaction: Interaction) -> Reach:
        """Return which of the known usage a list shows."""
        if id(interaction) not in self._reaches:
            listed = interaction.by_identity
            missing = [record.timestamp or 0 for record in self.known(interaction) if record.identity not in listed]
            shown = sorted(record.timestamp for record in listed.values() if record.timestamp is not None)
            self._reaches[id(interaction)] = Reach(shown, sorted(missing))
        return self._reaches[id(interaction)]

    def any_fits(self, interaction: Interaction, firsts: Iterable[float], last: float, slack: float = 1) -> bool:
        """Return whether a list is that of a window from one of ``firsts``."""
        reach = self.reach(interaction)
        return any(reach.fits(first, last, slack) for first in firsts)


def organizations_of(interaction: Interaction) -> tuple[int, ...]:
    """Return the organizations that a list is about.

    Without ``org_id`` it may be about the key's own alone, or about all: only those that it shows are surely meant.
    """
    if interaction.org is not None:
        return (interaction.org,)
    return tuple(sorted({each.org for each in interaction.records if type(each.org) is int}))


def unreadable(interaction: Interaction) -> list[str]:
    """Return the query parameters that nobody could read."""
    params = interaction.params
    wrong = [name for name in DATES if name in params and not str(params[name])[:1].isdigit()]
    wrong += ["org_id"] * (interaction.operation != SUMMARY and type(params.get("org_id", 0)) is not int)
    return wrong + ["task"] * (params.get("task", "IDR") not in ("IDR", "CDM"))


def is_list(interaction: Interaction) -> bool:
    """Return whether a list came."""
    return interaction.operation in LISTS and interaction.status == 200 and isinstance(interaction.json, list)


def refusal(interaction: Interaction) -> int | None:
    """Return the status of a refusal in the API's own form; ``None`` where it is none."""
    body, status = interaction.json, interaction.status or 0
    return status if 400 <= status < 500 and isinstance(body, dict) and isinstance(body.get("error"), str) else None


def credits_of(interaction: Interaction) -> float | None:
    """Return the credits of a summary; ``None`` where none came."""
    body = interaction.json
    value = body.get("credits") if interaction.status == 200 and isinstance(body, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) <= sys.float_info.max else None
