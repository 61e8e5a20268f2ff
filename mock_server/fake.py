"""The fake: the one owner of all that can change while it runs."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from .answers import Problem
from .clock import Clock
from .credentials import KeyDigest
from .faults import Faults
from .journal import Journal
from .limits import LIVE, RateLimits, Standing
from .settings import Settings
from .world import World

__all__ = ["Fake"]

WRONG = "wrong-key"
"""How a key begins that is refused although any other is accepted."""


class Fake:
    """A world, a clock, faults, a journal and rate-limit counters; ``app.extensions["civis_usage"]`` is one.

    The command line, HTTP under ``/_fake/`` and the pytest fixture are thin layers over its methods.

    Args:
        settings: what to start with, and what :meth:`reset` goes back to.
        wall: real time in seconds since the epoch.
        sleep: how to wait out a fault's latency; by default until :meth:`reset` or :meth:`close` at the latest.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        wall: Callable[[], float] = time.time,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self.settings = settings = settings or Settings()
        self.clock = Clock(settings.now, wall=wall)
        self.faults = Faults(settings.faults, seed=settings.seed)
        self.journal = Journal()
        self.limits = RateLimits(settings.rate_limit or LIVE, wall=wall)
        self.sleep = sleep or self._wait
        self._closed = False
        self._woken = threading.Event()
        self._lock = threading.Lock()
        self._accepted = frozenset(map(KeyDigest.of, settings.api_keys))
        self._generated = World(
            seed=settings.seed,
            profile=settings.profile,
            organizations=settings.organizations,
            since=settings.since,
            runs_per_day=settings.runs_per_day,
            generated=settings.generated,
        )
        self._start = self._with(settings.data, self._generated) if settings.data else self._generated
        self.world = self._start

    @property
    def own_organization(self) -> int:
        """The id of the caller's own organization."""
        return self.world.organizations[0].id

    def load(self, records: Iterable[Mapping[str, Any]], *, replace: bool | None = False) -> list[dict[str, Any]]:
        """Add records of one's own, whole or partial; with ``replace``, they take the place of all others.

        What is missing in a record is completed. Gives the records that were loaded, whole.

        Args:
            records: the records.
            replace: ``None`` means: if they are the first that are loaded.

        Raises:
            BadRecord: one of them cannot be; the message names its number, field, value and the remedy, and nothing
                is loaded.
        """
        records = list(records)
        with self._lock:
            before = self.loaded()
            self.world = self._with(records, self.world, replace=not before if replace is None else replace)
            return self.loaded()[-len(records) :] if records else []

    def loaded(self) -> list[dict[str, Any]]:
        """Give the records that were loaded, as completed."""
        return self.world.loaded()

    def unload(self) -> None:
        """Take back every record that was loaded, and show the generated world again."""
        with self._lock:
            self.world = self._generated

    def reset(self) -> None:
        """Bring data, faults, journal, clock and rate-limit counters back to how the fake started.

        A request that waits for a fault's latency waits no longer, and is not written into the new journal.
        """
        with self._lock:
            self.world = self._start
        self.clock.reset()
        self.faults.reset()
        self.journal.reset()
        self.limits.reset()
        self._wake()

    def open(self) -> None:
        """Let requests wait as faults of latency want, after :meth:`close`."""
        self._closed = False

    def close(self) -> None:
        """Let no request wait any longer, now and from now on: the server stops."""
        self._closed = True
        self._wake()

    def health(self) -> dict[str, Any]:
        """Tell what is served: version, organizations, the world's fingerprint, the clock and what the world is of."""
        return {
            "status": "ok",
            "version": version("civis-usage-kit"),
            "organizations": [each.id for each in self.world.organizations],
            "fingerprint": self.world.fingerprint,
            "now": self.clock.text,
            "profile": self.settings.profile,
            "seed": self.settings.seed,
            "workers": self.settings.workers,
        }

    def accepts(self, key: str | None) -> bool:
        """Tell whether a request with this key is answered.

        Where no keys were named, any is accepted that does not begin with ``wrong-key``: with such a one, a program's
        handling of a refused key can be tried, and the contract check finds that keys are looked at.
        """
        if key is None:
            return False
        return KeyDigest.of(key) in self._accepted if self._accepted else not key.startswith(WRONG)

    def admit(self, key: str | None, standing: Standing) -> None:
        """Let a request pass.

        Raises:
            Problem: 401 for a key that is missing or refused; 429 where the limit is enforced and reached.
        """
        if not self.accepts(key):
            raise Problem(401)
        if self.settings.rate_limit is not None and standing.retry_after is not None:
            raise Problem(429, headers={"Retry-After": str(standing.retry_after)})

    def may_wait(self, path: str) -> bool:
        """Tell whether answering a request may take long: where a fault slows it, or it is no question to the API."""
        return self.faults.slow or not path.startswith("/usage")

    def sees(self, organization: int) -> bool:
        """Tell whether the caller may see an organization's usage."""
        if self.settings.own_organization_only:
            return organization == self.own_organization
        return self.world.knows(organization)

    def llm_record(self, id: int) -> bytes | None:  # noqa: A002  the API's name
        """Give one LLM usage record, or ``None`` where there is none that the caller may see."""
        body = self.world.llm_by_id(id, now=self.clock.now())
        hidden = body is not None and self.settings.own_organization_only and not self.sees(_organization(body))
        return None if hidden else body

    def organization_of(self, id: int) -> int | None:  # noqa: A002  the API's name
        """Tell whose usage an LLM usage record is; ``None`` where there is no such record."""
        body = self.world.llm_by_id(id, now=self.clock.now())
        return None if body is None else _organization(body)

    def _with(self, records: Sequence[Mapping[str, Any]], world: World, *, replace: bool = False) -> World:
        return world.with_records(records, now=self.clock.now(), replace=replace)

    def _wait(self, seconds: float) -> None:
        woken = self._woken  # before the look at whether it is closed: who comes later is woken by nobody
        if not self._closed:
            woken.wait(seconds)

    def _wake(self) -> None:
        woken, self._woken = self._woken, threading.Event()
        woken.set()


def _organization(record: bytes) -> int:
    return int(json.loads(record)["organizationId"])
