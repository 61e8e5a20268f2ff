"""The lists of one operation, seen through each other: what is known of the usage, and what each list lacks of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import Interaction
from civis_usage.contract_tests.collect.record import Record
from civis_usage.contract_tests.collect.window import Window

__all__ = ["Listed"]


class Listed:
    """The lists of one operation whose parameters can be read, and the records that any of them shows."""

    def __init__(self, evidence: Evidence, operation: str) -> None:
        self.evidence = evidence
        self.operation = operation
        self.lists: Sequence[Interaction] = [each for each in evidence.lists(operation) if _is_readable(each)]
        known: dict[object, Record] = {}
        for each in self.lists:
            for record in each.records:
                known.setdefault(record.identity, record)
        self.known: Mapping[object, Record] = known
        """What is known of the usage, by its identity."""

    def shows(self, each: Interaction, key: object) -> bool:
        """Return whether a list shows the usage with an identity."""
        return key in each.by_identity

    def aliens(self, each: Interaction) -> list[Record]:
        """Return a list's records of another organization than the one that was requested."""
        org = each.params.get("org_id")
        return [record for record in each.records if org is not None and record.org not in (org, None)]

    def belonging(self, each: Interaction) -> dict[object, Record]:
        """Return the known records that must be in a list; none where its organization or its start is left out."""
        window, org, task = window_of(each), each.params.get("org_id"), each.params.get("task")
        if org is None or "start_date" not in each.params:
            return {}
        settled = self.evidence.settled_until
        return {
            key: record
            for key, record in self.known.items()
            if record.org == org and record.is_of_task(task) and window.contains(record.timestamp)
            and (record.timestamp or 0) <= settled
        }  # fmt: skip

    @cached_property
    def _lacking(self) -> dict[int, list[Record]]:
        return {
            id(each): [record for key, record in self.belonging(each).items() if not self.shows(each, key)]
            for each in self.lists
        }

    def lacking(self, each: Interaction) -> list[Record]:
        """Return the known records that must be in a list and are not."""
        return self._lacking[id(each)]

    @cached_property
    def incomplete(self) -> list[Interaction]:
        """The lists that lack records."""
        return [each for each in self.lists if self.lacking(each)]


def _is_readable(each: Interaction) -> bool:
    """Return whether its parameters can be read: one that cannot may be ignored."""
    is_task = each.params.get("task") in (None, "IDR", "CDM")
    return each.window is not None and isinstance(each.params.get("org_id", 0), int) and is_task


def window_of(each: Interaction) -> Window:
    """Return the window of a list, open where it names none."""
    return each.window or Window(None, None)
