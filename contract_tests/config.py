"""What one run of the check is told: whom to ask, with which key, about what, and how gently."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from civis_usage.contract_tests.results import Waiver

__all__ = ["Config"]


@dataclass(frozen=True)
class Config:
    """What one run is told. All times are aware."""

    base_url: str
    """Scheme, host and path of the API, without credentials."""
    api_key: str = field(repr=False)
    organizations: tuple[int, ...] = ()
    """The organizations to ask about; with none named, those that the API shows of itself."""
    start: datetime | None = None
    """Look at no usage before this moment."""
    end: datetime | None = None
    """Look at no usage after this moment."""
    max_requests: int = 60
    """The request budget, retries included."""
    strict: bool = False
    """Whether a warning fails the run."""
    waivers: tuple[Waiver, ...] = ()
    allow_no_data: bool = False
    """Whether a run passes although an operation showed no usage."""
    seed: int = 0
    """Decides which windows, records and tasks are looked at, where there is a choice."""
    timeout: float = 30.0
    """Seconds to wait for one answer."""
    now: Callable[[], datetime] | None = None
    """The clock; ``None`` for the machine's."""
