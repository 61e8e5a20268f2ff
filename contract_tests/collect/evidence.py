"""Evidence: the interactions of one run in time order. Checks are functions of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from civis_usage.contract_tests.config import Journal
from civis_usage.schemas import OPERATIONS

from .interaction import Interaction, Query
from .record import Ignored, as_float
from .window import Window, default_windows

__all__ = ["Evidence"]


@dataclass(frozen=True, eq=False)
class Evidence:
    """What was requested and what came of it, and when: nothing else is needed to judge."""

    interactions: tuple[Interaction, ...]
    """In the order in which they were sent."""
    now: int
    """When the run began by the API's clock, in seconds since the epoch."""
    earliest: int
    """The earliest instant that was asked for."""
    settled_until: int
    """The latest instant that windows reach whose responses should not change any more."""
    organizations: tuple[int, ...] = ()
    """The organizations that were looked at, the one of interest first."""
    starts_open: bool = True
    """Whether the user set no earliest date, so that ``earliest`` lies before any usage."""
    stopped: str | None = None
    """Why the run ended early; ``None`` where it did not."""
    base_url: str = ""
    journal: Journal | None = None
    """The requests of a user's program that were sent too; ``None`` where none were asked for."""

    def ignoring(self, wrong: Mapping[str, Ignored]) -> Evidence:
        """Return the evidence without the fields that are wrong in some records, by the name of the body's schema."""
        if not any(wrong.values()):
            return self
        bodies = {name: operation.body for name, operation in OPERATIONS.items()}
        kept = tuple(
            replace(each, ignored=wrong[bodies[each.operation]]) if wrong.get(bodies.get(each.operation, "")) else each
            for each in self.interactions
        )
        return replace(self, interactions=kept)

    def of(self, *operations: str) -> Iterator[Interaction]:
        """Yield the interactions with the key."""
        return (each for each in self.interactions if each.operation in operations and each.is_valid)

    @cached_property
    def _lists(self) -> dict[str, tuple[Interaction, ...]]:
        return {
            name: tuple(each for each in self.of(name) if each.status == 200 and isinstance(each.json, list))
            for name, operation in OPERATIONS.items()
            if operation.many
        }

    def lists(self, operation: str) -> tuple[Interaction, ...]:
        """Return the lists that came."""
        return self._lists[operation]

    @cached_property
    def summaries(self) -> tuple[Interaction, ...]:
        """The summaries that came, with a number of credits."""
        return tuple(
            each
            for each in self.of("get_llm_organization_summary")
            if each.status == 200 and isinstance(each.json, dict) and as_float(each.json.get("credits")) is not None
        )

    def closed_lists(self, operation: str, org: int | None = None) -> tuple[Interaction, ...]:
        """Return the lists of an organization between two settled dates, with no other filter: what others must match.

        Args:
            operation: ``list_llm`` or ``list_matching``.
            org: the organization; left out, any that was named.
        """
        return tuple(
            each
            for each in self.lists(operation)
            if set(each.params) == {"org_id", "start_date", "end_date"}
            and each.window is not None
            and (each.window.end or 0) <= self.settled_until
            and (each.org == org if org is not None else isinstance(each.org, int))
        )

    @cached_property
    def of_journal(self) -> dict[Query, Interaction]:
        """Each request of the journal with what came of it: a success, if it was sent again and there is one."""
        if self.journal is None:
            return {}
        came: dict[Query, Interaction] = {}
        for each in self.interactions:
            if each.query not in came or (each.status == 200 and came[each.query].status != 200):
                came[each.query] = each
        wanted = (Query(*request) for request in self.journal.for_organizations(self.organizations))
        return {query: came[query] for query in wanted if query in came}

    @cached_property
    def default_windows(self) -> list[Window]:
        """The default window in each time zone when the run began."""
        return default_windows(self.now)

    @cached_property
    def summary_decimals(self) -> int:
        """The decimals of the summaries that came, 1 at least: how coarsely they may be rounded."""
        shown = [each.json["credits"] for each in self.summaries]
        return max([1, *(_decimals(each) for each in shown if isinstance(each, float))])

    @cached_property
    def record_decimals(self) -> int:
        """The decimals of the credits in the records that came, from 2 to 6: how coarsely they may be rounded."""
        shown = {record.credits for each in self.of("list_llm", "get_llm") for record in each.records}
        return min(6, max([2, *map(_decimals, shown)]))

    def shows_usage(self, operation: str) -> bool:
        """Whether the organization of interest has shown any usage."""
        return any(each.records for each in self.closed_lists(operation, next(iter(self.organizations), None)))

    def has_only_empty_lists(self, operation: str) -> bool:
        """Whether lists came, and none of the organizations' showed any usage."""
        lists = self.closed_lists(operation)
        return bool(lists) and not any(each.items for each in lists)

    @cached_property
    def unknown_organizations(self) -> tuple[int, ...]:
        """The organizations of which the API itself says that there is nothing, or nothing for this key."""
        if not self._is_api:
            return ()
        return tuple(org for org in self.organizations if self._is_unknown(org))

    @property
    def _is_api(self) -> bool:
        """Whether what answered is surely the API: not all is refused alike, as at a wrong base URL."""
        return any(
            each.looks_like_api or (each.is_error and each.status not in (401, 403, 404))
            for each in self.interactions
            if each.is_valid and not each.unavailable
        )

    def _is_unknown(self, org: int) -> bool:
        """Return whether an organization's lists are refused or empty, and its summaries refused."""
        mine = [each for each in self.interactions if each.org == org and each.is_promised and not each.unavailable]
        lists = {name for name, operation in OPERATIONS.items() if operation.many}
        empty = [each for each in mine if each.operation in lists and each.status == 200 and each.json == []]
        return any(each.is_hidden for each in mine) and all(each.is_hidden or each in empty for each in mine)

    @cached_property
    def organizations_without_usage(self) -> tuple[int, ...]:
        """The organizations of which lists came, and no list or summary showed any usage."""
        if self.stopped is not None:
            return ()
        listed = {each.org for operation in self._lists for each in self.closed_lists(operation)}
        lists = {each.org for operation in self._lists for each in self.lists(operation) if each.items}
        summaries = {each.org for each in self.summaries if as_float(each.json["credits"])}
        without = listed - lists - summaries - set(self.unknown_organizations)
        return tuple(org for org in self.organizations if org in without)

    @property
    def invisible(self) -> str | None:
        """That the API shows nothing of an organization to the key, and what to do; ``None`` where it shows some."""
        remedy = "check the id or the key's permissions"
        if unknown := self.unknown_organizations:
            noun = "organization" if len(unknown) == 1 else "organizations"
            return f"nothing visible to this key for {noun} {', '.join(map(str, unknown))}: {remedy}"
        if not self.organizations and self._is_api and any(self._lists["list_llm"]) and self.stopped is None:
            return "nothing visible to this key without an organization: name one with --org-id"
        return None

    @property
    def shows_nothing(self) -> bool:
        """Whether the API itself shows nothing to the key: of no organization that was looked at."""
        return self.invisible is not None and set(self.organizations) == set(self.unknown_organizations)


def _decimals(number: float) -> int:
    """Return the decimals that a number is written with; negative where it ends in zeros."""
    exponent = Decimal(repr(number)).normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0
