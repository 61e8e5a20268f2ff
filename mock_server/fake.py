"""The fake: the one owner of everything that can change while it runs."""

from __future__ import annotations

import json
import threading
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

from ..schemas.behavior import Behavior, differences, resolve
from ..schemas.times import render
from .clock import Clock, ClockSetting
from .coverage import coverage
from .faults import ActiveFault, Fault, FaultRules
from .journal import Journal
from .rate_limit import LIVE, RateLimits
from .settings import Settings
from .stubs import Stub, Stubs
from .variations import Variation, find
from .world import World
from .world.organization import default_ids

__all__ = ["Fake", "Snapshot", "State"]

LATE_RUN = {
    **{"id": 9_100_000_000_000_000_001, "runId": 9_100_000_000_000_000_002, "jobId": 1, "userId": 1, "runTime": 1},
    **{"credits": 1.0, "inputTokens": 1, "outputTokens": 1, "modelId": "a-late-run"},
}
"""The run of the variation ``late_run``, without its organization and its time."""
WRONG = "wrong-key"
"""How a key begins that is refused although any other is accepted."""


@dataclass(frozen=True, slots=True)
class State:
    """What a request is answered from: everything that can change, as of one moment."""

    settings: Settings
    behavior: Behavior
    world: World
    clock: ClockSetting
    faults: FaultRules
    rules: tuple[ActiveFault, ...]
    stubs: Mapping[str, Mapping[str, Stub]]
    """By path and method."""
    variations: tuple[Variation, ...]
    trouble: FaultRules
    """What goes wrong because of a variation; the journal does not have it."""
    journal: Journal
    generation: int
    """The journal's: a request that began before a reset is not noted after it."""
    rate_limits: RateLimits
    wait: Callable[[float], object]
    """Waits for a number of seconds, or until a reset or the end of the server."""

    @property
    def own_organization(self) -> int | None:
        """The id of the caller's own organization; there may be none without generated usage."""
        return self.world.default_organization

    def accepts(self, key: str) -> bool:
        """Return whether a request with this key is answered.

        Where no keys are named, any is accepted that does not begin with ``wrong-key``: with such a one, a program's
        handling of a refused key can be tested, and the contract check sees that keys are verified.
        """
        return key in self.settings.api_keys if self.settings.api_keys else not key.startswith(WRONG)

    def may_see(self, organization: int) -> bool:
        """Return whether the caller may see an organization's usage."""
        if organization == self.own_organization:
            return True
        return self.behavior["foreign_organization"] == "served" and self.world.knows(organization)

    def llm_record(self, id: int) -> bytes | None:  # noqa: A002  the API's name
        """Return one LLM usage record; ``None`` where there is none that the caller may see."""
        body = self.world.llm_by_id(id, now=self.clock.now())
        if body is None or self.behavior["foreign_organization"] == "served":
            return body
        return body if self.may_see(_organization(body)) else None

    def organization_of(self, id: int) -> int | None:  # noqa: A002  the API's name
        """Return the organization of an LLM usage record; ``None`` where there is no such record."""
        body = self.world.llm_by_id(id, now=self.clock.now())
        return None if body is None else _organization(body)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a fake can be brought back to: its records, clock, faults, stubs, behavior and variations."""

    world: World
    clock: ClockSetting
    faults: tuple[Fault, ...]
    stubs: Mapping[str, Mapping[str, Stub]]
    behavior: Behavior
    variations: tuple[Variation, ...]


class Fake:
    """A world, a clock, faults, stubs, a journal and rate-limit counters; ``app.extensions["civis_usage"]`` is one.

    The command line, HTTP under ``/_fake/`` and the pytest fixtures are thin layers over its methods.

    Args:
        settings: what to start with, and what :meth:`reset` goes back to.
        wall: real time in seconds since the epoch, for tests.
        sleep: how to wait out a fault's latency, for tests; by default until :meth:`reset` or :meth:`wake`.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        wall: Callable[[], float] | None = None,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self.settings = settings = settings or Settings()
        self.coverage = coverage()
        """Notes what the requests met, for ``civis-usage assumptions``."""
        self.variations: tuple[Variation, ...] = ()
        """The legal variations in force."""
        self._start_variations = tuple(map(find, settings.variations))
        answers = {question: each for varied in self._start_variations for question, each in varied.answers.items()}
        self.behavior = self._start_behavior = resolve({**settings.behavior, **answers})
        self.trouble = FaultRules()
        """What goes wrong because of a variation."""
        self.clock = Clock(settings.now, wall=wall)
        self.faults = FaultRules(settings.faults, seed=settings.seed)
        self.stubs = Stubs(settings.stubs)
        self.journal = Journal()
        limit = settings.rate_limit or LIVE
        self.rate_limits = RateLimits(limit) if wall is None else RateLimits(limit, wall=wall)
        self._sleep = sleep
        self._woken = threading.Event()
        self._replacing = threading.Lock()  # held while another world is made, which may take long
        self._lock = threading.Lock()  # held for the moment of a change, or of taking a state
        self._generated = _generated(settings, self._start_variations)
        self._start = self._with(settings.data, self._generated) if settings.data else self._generated
        self.world = self._start
        self.loads = 0
        """How often records were loaded since the start, or since the last reset."""
        self._late_run: dict[str, Any] | None = None
        self._with_late_run: tuple[World, World] | None = None
        """The world, and the same with the late run."""
        self._vary(self._start_variations)

    def state(self) -> State:
        """Return the state as it is now; no reset comes between its parts."""
        with self._lock:
            return State(
                self.settings,
                self.behavior,
                self._visible(),
                self.clock.setting,
                self.faults,
                self.faults.rules,
                self.stubs.active,
                self.variations,
                self.trouble,
                self.journal,
                self.journal.generation,
                self.rate_limits,
                self._sleep or self._woken.wait,
            )

    def load(
        self,
        records: Iterable[Mapping[str, Any]],
        *,
        replace: bool | None = False,
        warn: Callable[[UserWarning], object] = warnings.warn,
    ) -> list[dict[str, Any]]:
        """Add the user's records, whole or partial; with ``replace``, they take the place of all others.

        What is missing in a record is completed. Returns the records that were loaded, whole.

        Args:
            records: the records.
            replace: ``None`` means: if they are the first that are loaded.
            warn: called with a warning about records that lie after the clock's now, or a field that is left out.

        Raises:
            InvalidRecord: a record is invalid; the message names its number, field, value and the remedy, and nothing
                is loaded.
        """
        records = list(records)
        with self._replacing:
            alone = not self.world.loaded(newest=1) if replace is None else replace
            world = self._with(records, self.world, replace=alone, warn=warn)
            with self._lock:
                self.world = world
                self.loads += 1
            return world.loaded(newest=len(records))

    def start_with(
        self, records: Sequence[Mapping[str, Any]], *, warn: Callable[[UserWarning], object] = warnings.warn
    ) -> None:
        """Take other records for those that the fake started with, and show them in place of all that were loaded.

        Raises:
            InvalidRecord: a record is invalid, and nothing is changed.
        """
        with self._replacing:
            start = self._with(records, self._generated, warn=warn) if records else self._generated
            with self._lock:
                self.settings = replace(self.settings, data=tuple(records))
                self._start = self.world = start

    def loaded(self) -> list[dict[str, Any]]:
        """Return the records that were loaded, as completed."""
        return self.world.loaded()

    def unload(self) -> None:
        """Remove every record that was loaded, and show the generated world again."""
        with self._replacing, self._lock:
            self.world = self._generated

    def reset(self) -> None:
        """Bring data, faults, stubs, journal, clock and rate-limit counters back to how the fake started, at once.

        A request that waits for a fault's latency waits no longer, and is not noted in the new journal.
        """
        with self._replacing, self._lock:
            self.world = self._start
            self.clock.reset()
            self.faults.reset()
            self.stubs.reset()
            self.behavior = self._start_behavior
            self._vary(self._start_variations)
            self._forget_requests()
        self.wake()

    def snapshot(self) -> Snapshot:
        """Return what :meth:`restore` brings back, as it is now. It copies nothing."""
        with self._lock:
            faults = tuple(each.fault for each in self.faults)
            clock, stubs = self.clock.setting, self.stubs.active
            return Snapshot(self.world, clock, faults, stubs, self.behavior, self.variations)

    def restore(self, snapshot: Snapshot, *, keep_journal: bool = False) -> None:
        """Bring records, clock, faults, stubs, behavior and variations back to a snapshot.

        Its faults count from 0 again. The journal and the rate limits are emptied, unless ``keep_journal`` says no.
        """
        with self._replacing, self._lock:
            self.world = snapshot.world
            self.clock.setting = snapshot.clock
            self.faults.clear()
            self.faults.add(*snapshot.faults)
            self.stubs.active = snapshot.stubs
            self.behavior = snapshot.behavior
            self._vary(snapshot.variations)
            if not keep_journal:
                self._forget_requests()
        self.wake()

    def add_late_run(self, org_id: int | None) -> None:
        """Let one more run of an organization appear, created a second ago; only once after each reset."""
        with self._lock:
            if self._late_run is None and org_id is not None:
                created = self.clock.now() - 1000
                self._late_run = {**LATE_RUN, "organizationId": org_id, "runCreatedAt": render(created)}

    def _vary(self, variations: tuple[Variation, ...]) -> None:
        self.variations = variations
        self._late_run = self._with_late_run = None
        self.trouble = FaultRules(Fault.parse(words) for each in variations for words in each.faults)

    def _visible(self) -> World:
        """Return the world as requests see it: with the late run, if there is one."""
        if self._late_run is None:
            return self.world
        if self._with_late_run is None or self._with_late_run[0] is not self.world:
            self._with_late_run = self.world, self._with([self._late_run], self.world, warn=lambda _: None)
        return self._with_late_run[1]

    def _forget_requests(self) -> None:
        self.loads = 0
        self.journal.reset()
        self.rate_limits.reset()

    def wake(self) -> None:
        """End the waiting of every request that has begun: a reset, or the server stops."""
        with self._lock:
            woken, self._woken = self._woken, threading.Event()
        woken.set()

    def health(self) -> dict[str, Any]:
        """Return what is served: version, organizations, the world, the clock, and what is not the default behavior."""
        state = self.state()
        return {
            "status": "ok",
            "version": version("civis-usage-kit"),
            "organizations": [each.id for each in state.world.organizations],
            "fingerprint": state.world.fingerprint,
            "now": state.clock.text,
            "profile": self.settings.profile,
            "seed": self.settings.seed,
            "behavior": differences(self.behavior),
        }

    def _with(
        self,
        records: Sequence[Mapping[str, Any]],
        world: World,
        *,
        replace: bool = False,
        warn: Callable[[UserWarning], object] = warnings.warn,
    ) -> World:
        return world.with_records(records, now=self.clock.now(), replace=replace, warn=warn)


def _generated(settings: Settings, variations: tuple[Variation, ...]) -> World:
    """Return the world without records of the user's own."""
    profiles = [each.profile for each in variations if each.profile is not None]
    organizations = settings.organizations
    if profiles and isinstance(organizations, int):  # a variation keeps the organizations' ids
        organizations = dict.fromkeys(default_ids(settings.profile, organizations))
    return World(
        seed=settings.seed,
        profile=profiles[-1] if profiles else settings.profile,
        organizations=organizations,
        since=settings.since,
        runs_per_day=settings.runs_per_day,
        generated=settings.generated,
    )


def _organization(record: bytes) -> int:
    return int(json.loads(record)["organizationId"])
