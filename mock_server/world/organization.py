"""The organizations of a world: their ids and sizes, and what is drawn for each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .pool import FEW, Kind, Pool, Record, draw_few, draw_pool

__all__ = [
    "LARGEST_ID",
    "MOST_ORGANIZATIONS",
    "MOST_RUNS_A_DAY",
    "Organization",
    "default_ids",
    "parse_organizations",
    "sizes",
]

MOST_ORGANIZATIONS = 999
"""How many organizations one world can hold: their slot is three digits of every id."""

MOST_RUNS_A_DAY = 100_000
"""The largest average number of runs a day: a busy day's runs must find room in six digits of their ids."""

LARGEST_ID = 2**63 - 1
"""The largest id: a signed 64-bit integer."""


@dataclass(frozen=True)
class Organization:
    """An organization. What is drawn for it depends on the seed, the profile and its own id alone."""

    seed: int
    profile: str
    id: int
    runs_per_day: int
    """LLM runs on an average day; there is one matching run to six of them."""

    def pool(self, kind: Kind) -> Pool:
        """Return the records that its days are dealt from."""
        return draw_pool(self.seed, self.profile, self.id, kind)

    def record(self, kind: Kind, index: int) -> Record:
        """Return the record at a place of the pool; one of the first does not take the time of drawing all."""
        if index < FEW:
            return draw_few(self.seed, self.profile, self.id, kind)[index]
        records = self.pool(kind).records
        return records[index % len(records)]

    def sixths_per_day(self, kind: Kind) -> int:
        """Return its runs on an average day, in sixths; an extreme is an organization that matches nothing."""
        if kind == "llm":
            return 6 * self.runs_per_day
        return 0 if self.profile == "edge" and self.id % 3 == 2 else self.runs_per_day


def default_ids(profile: str, count: int) -> tuple[int, ...]:
    """Return the ids of ``count`` organizations: 1, 2, 3 …; ``edge`` has extreme ones from the second on."""
    extremes = (1, 2**31, 2**63 - 1, 2**53 + 1) if profile == "edge" else ()
    return (*extremes, *range(len(extremes) + 1, count + 1))[:count]


def sizes(profile: str, organizations: int | Mapping[int, int | None], runs_per_day: int) -> dict[int, int]:
    """Return the organizations' ids with their runs a day.

    Raises:
        ValueError: an id, a size or their number is out of its range; the text says which range.
    """
    count = organizations if isinstance(organizations, int) else len(organizations)
    if not 1 <= count <= MOST_ORGANIZATIONS:
        raise ValueError(f"a world holds 1 to {MOST_ORGANIZATIONS} organizations, not {count}")
    given = dict.fromkeys(default_ids(profile, count)) if isinstance(organizations, int) else organizations
    sizes = {org_id: runs_per_day if size is None else size for org_id, size in given.items()}
    for org_id, size in sizes.items():
        if not 1 <= org_id <= LARGEST_ID:
            raise ValueError(f"{org_id} cannot be an organization's id: ids go from 1 to {LARGEST_ID}")
        if not 0 <= size <= MOST_RUNS_A_DAY:
            raise ValueError(f"an organization has 0 to {MOST_RUNS_A_DAY} runs a day, not {size}")
    return sizes


def parse_organizations(text: str) -> int | dict[int, int | None]:
    """Read ``3`` (that many organizations), ``7,8`` (these ids) or ``7:200,8`` (200 runs a day for 7, the usual for 8).

    One id alone is written with a comma or its runs a day, ``7,`` or ``7:200``, since ``7`` means seven organizations.
    Raises ``ValueError`` with one sentence that names what cannot be read.
    """
    if re.fullmatch(r"\s*[0-9]+\s*", text):
        return _count(text)
    organizations: dict[int, int | None] = {}
    for item in text.rstrip().removesuffix(",").split(","):
        organization, runs = _organization(item.strip())
        if organization in organizations:
            raise ValueError(f"organization {organization} is named twice in {text!r}: name each once")
        organizations[organization] = runs
    if len(organizations) > MOST_ORGANIZATIONS:
        raise ValueError(f"{len(organizations)} organizations are too many: a world holds at most {MOST_ORGANIZATIONS}")
    return organizations


def _count(text: str) -> int:
    count = int(text) if len(text) < 10 else MOST_ORGANIZATIONS + 1
    if not 1 <= count <= MOST_ORGANIZATIONS:
        raise ValueError(
            f"{text.strip()} organizations cannot be made: give a number from 1 to {MOST_ORGANIZATIONS}, "
            f"or an id with a comma, as in '{text.strip()},'"
        )
    return count


def _organization(item: str) -> tuple[int, int | None]:
    match = re.fullmatch(r"([0-9]{1,19})(?::([0-9]{1,9}))?", item)
    if match is None:
        raise ValueError(f"{item!r} is not an organization: write its id, or its id and runs a day, as in 7:200")
    organization, runs = int(match[1]), None if match[2] is None else int(match[2])
    if not 1 <= organization <= LARGEST_ID:
        raise ValueError(f"{organization} cannot be an organization's id: ids go from 1 to {LARGEST_ID}")
    if runs is not None and runs > MOST_RUNS_A_DAY:
        raise ValueError(f"{runs} runs a day are too many for organization {organization}: at most {MOST_RUNS_A_DAY}")
    return organization, runs
