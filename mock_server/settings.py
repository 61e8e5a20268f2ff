"""How a fake is set up: the options of ``civis-usage serve``, as a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..schemas.times import Moment
from .faults import Fault
from .messages import quote
from .rate_limit import Limit
from .stubs import Stub
from .variations import from_environment

if TYPE_CHECKING:
    from flask import Blueprint

__all__ = ["InvalidSetting", "Settings"]


class InvalidSetting(ValueError):  # noqa: N818  a kind of ValueError, named as InvalidStub is
    """A setting of a wrong type; the message names it, its value and the remedy."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a fake starts with, and what a reset goes back to.

    Raises:
        InvalidSetting: a value is of a wrong type.
    """

    seed: int = 0
    """Worlds with the same seed, profile and organizations are the same, on any machine."""
    profile: str = "realistic"
    """``realistic``, ``edge`` for legal extremes, or ``large_ids`` for ids of 64 bits in realistic usage."""
    organizations: int | Mapping[int, int | None] = 3
    """How many, or their ids with their runs a day; the first is the caller's own."""
    since: date = date(2024, 1, 1)
    """First day of the generated data."""
    runs_per_day: int = 12
    """An organization's runs a day, on average."""
    generated: bool = True
    """Whether the world has usage of its own; without it there is only ``data``."""
    data: tuple[Mapping[str, Any], ...] = ()
    """Records of the user's own, whole or partial."""
    now: Moment | None = None
    """Where the clock stands still; ``None`` for real time."""
    api_keys: tuple[str, ...] = field(default=(), repr=False)
    """The keys that are accepted; with none given, every key that is not empty."""
    behavior: Mapping[str, int | str] = field(default_factory=dict)
    """Answers to what the documentation leaves open, by the ids of ``schemas/behavior.json``: those that differ."""
    rate_limit: Limit | None = None
    """The limit that is enforced; ``None`` to count as the live API does, and refuse nobody."""
    faults: tuple[Fault, ...] = ()
    """The faults that are set from the start."""
    allow_remote_control: bool = False
    """Whether ``/_fake/`` answers other machines as well."""
    host: str = "127.0.0.1"
    """The address that the server listens on; ``/_fake/`` answers to it as a name of its own."""
    stubs: tuple[Stub, ...] = ()
    """Fixed answers outside of ``/usage``, by method and path."""
    spec: bytes | None = field(default=None, repr=False)
    """The API spec in JSON that ``/endpoints`` returns; ``None`` for the contract's, of ``/usage`` alone."""
    blueprints: tuple[Blueprint, ...] = ()
    """The user's own Flask blueprints, served beside ``/usage``."""
    variations: tuple[str, ...] = field(default_factory=from_environment)
    """Legal variations of the responses, by their ids; by default those that ``CIVIS_USAGE_VARIATION`` names."""

    def __post_init__(self) -> None:
        for name, (is_valid, remedy) in _VALID.items():
            value = getattr(self, name)
            if not is_valid(value):
                shown = "…" if name == "api_keys" else quote(value) if isinstance(value, str) else repr(value)[:60]
                raise InvalidSetting(f"the setting {name} cannot be {shown}: use {remedy}")


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_bool(value: object) -> bool:
    return isinstance(value, bool)


def _is_moment(value: object) -> bool:
    return _is_whole(value) or isinstance(value, str | date)  # a datetime is a date


def _are_organizations(value: object) -> bool:
    if not isinstance(value, Mapping):
        return _is_whole(value)
    return all(_is_whole(id_) and (runs is None or _is_whole(runs)) for id_, runs in value.items())


def _tuple_of(kind: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, tuple) and all(isinstance(each, kind) for each in value)


_VALID: Mapping[str, tuple[Callable[[Any], bool], str]] = MappingProxyType(
    {
        "seed": (_is_whole, "a whole number"),
        "profile": (lambda value: isinstance(value, str), "realistic, edge or large_ids"),
        "organizations": (
            _are_organizations,
            "how many there are, or their ids with their runs a day, such as {7: 200, 8: None}",
        ),
        "since": (
            lambda value: isinstance(value, date) and not isinstance(value, datetime),
            "a day, such as 2024-01-01",
        ),
        "runs_per_day": (_is_whole, "a whole number"),
        "generated": (_is_bool, "True or False"),
        "data": (lambda value: isinstance(value, list | tuple), 'records, such as ({"kind": "llm", "credits": 0.25},)'),
        "now": (lambda value: value is None or _is_moment(value), "a time such as 2026-04-30T12:00:00Z, or None"),
        "api_keys": (
            lambda value: _tuple_of(str)(value) and all(value),
            'a tuple of keys that are not empty, such as ("the-key",)',
        ),
        "behavior": (
            lambda value: isinstance(value, Mapping),
            'questions with their answers, such as {"end_bound": "exclusive"}',
        ),
        "rate_limit": (
            lambda value: value is None or isinstance(value, Limit),
            'a Limit, such as Limit.parse("20/60"), or None',
        ),
        "faults": (_tuple_of(Fault), 'a tuple of faults, such as ("list_llm status=503",)'),
        "allow_remote_control": (_is_bool, "True or False"),
        "host": (lambda value: isinstance(value, str) and value != "", "an address, such as 127.0.0.1"),
        "stubs": (_tuple_of(Stub), 'a tuple of stubs, such as ({"path": "/users/me", "body": {"id": 5}},)'),
        "spec": (lambda value: value is None or isinstance(value, bytes), "the JSON of a spec as bytes, or None"),
        "blueprints": (
            lambda value: isinstance(value, tuple) and all(hasattr(each, "register") for each in value),
            "a tuple of Flask blueprints, such as (users,)",
        ),
        "variations": (_tuple_of(str), 'a tuple of variations, such as ("one_429",)'),
    }
)
"""Which values a setting may have, and what to write; names and ranges are the world's matter."""
