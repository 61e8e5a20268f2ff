"""The organizations of a world, as a user writes them on the command line."""

from __future__ import annotations

import re

__all__ = ["LARGEST_ID", "MOST_ORGANIZATIONS", "MOST_RUNS_A_DAY", "parse_organizations"]

MOST_ORGANIZATIONS = 999
"""How many organizations one world can hold: their place is three digits of every id."""

MOST_RUNS_A_DAY = 100_000
"""The largest average number of runs a day: a busy day's runs must find room in six digits of their ids."""

LARGEST_ID = 2**63 - 1
"""The largest id: a signed 64-bit integer."""


def parse_organizations(text: str) -> int | dict[int, int | None]:
    """Read ``3`` (so many organizations), ``7,8`` (these ids) or ``7:200,8`` (200 runs a day for 7, the default for 8).

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
        raise ValueError(f"{item!r} is no organization: write its id, or its id and runs a day, as in 7:200")
    organization, runs = int(match[1]), None if match[2] is None else int(match[2])
    if not 1 <= organization <= LARGEST_ID:
        raise ValueError(f"{organization} cannot be an organization's id: ids go from 1 to {LARGEST_ID}")
    if runs is not None and runs > MOST_RUNS_A_DAY:
        raise ValueError(f"{runs} runs a day are too many for organization {organization}: at most {MOST_RUNS_A_DAY}")
    return organization, runs
