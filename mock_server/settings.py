"""How a fake is set up: the options of ``civis-usage serve``, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from ..schemas.times import Moment
from .faults import Fault
from .rate_limit import Limit
from .stubs import Stub
from .variations import from_environment

if TYPE_CHECKING:
    from flask import Blueprint

__all__ = ["Settings"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a fake starts with, and what a reset goes back to."""

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
