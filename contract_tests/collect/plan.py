"""The requests of one run, in the order of importance: what matters most comes first, since budgets end."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from civis_usage.contract_tests.config import Config
from civis_usage.schemas import OPERATIONS

from .evidence import Evidence
from .interaction import NONEXISTENT_ID, SPEC, Credentials, Interaction, Query
from .record import Record, record_id
from .requests import for_organizations
from .sample import Sample
from .session import Session
from .variety import choose_various
from .window import DAY, EARLIEST, Window, default_windows

__all__ = ["UNREADABLE", "collect", "evidence_of"]

SUMMARY = "get_llm_organization_summary"
TASKS = ("IDR", "CDM")
UNREADABLE: dict[str, tuple[str, str]] = {
    "list_llm": ("org_id", "abc"),
    "get_llm": ("id", "abc"),
    SUMMARY: ("start_date", "tomorrow"),
    "list_matching": ("task", "XYZ"),
}
"""A parameter of each operation, and a value that cannot be read."""


def collect(session: Session) -> Evidence:
    """Send the requests of a run and return the evidence."""
    session.send(Query.of("get_llm", id=NONEXISTENT_ID))  # cheap, and its Date says what "now" is
    plan = _Plan(session)
    for operation, params in for_organizations(session.config.requests, plan.organizations):
        plan.send(Query(operation, params))
    for step in STEPS:
        step(plan)
    return evidence_of(session, plan.organizations)


def evidence_of(session: Session, organizations: tuple[int, ...]) -> Evidence:
    """Return what a session collected."""
    earliest, settled_until = session.config.bounds(session.now)
    return Evidence(
        tuple(session.interactions),
        session.now,
        earliest,
        settled_until,
        organizations,
        session.config.start is None,
        session.stopped,
        session.config.base_url,
    )


class _Plan:
    """What the steps share: the session, and a sample of each organization's usage."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.config: Config = session.config
        self.now = session.now
        self.bounds = session.config.bounds(self.now)
        self.rng = Random(session.config.seed)  # noqa: S311 - reproducible choices, no secrets
        self.organizations = session.config.organizations or self._find_organization()
        self.samples: dict[str, list[Sample]] = {"list_llm": [], "list_matching": []}

    def send(self, query: Query, *, again: bool = False) -> Interaction:
        return self.session.send(query, again=again)

    def collect_samples(self, operation: str) -> None:
        for number, org in enumerate(self.organizations):
            sample = Sample(self.session, operation, org, self.bounds, self.rng)
            sample.collect(thorough=number == 0)
            self.samples[operation].append(sample)

    def first(self, operation: str) -> Sample | None:
        """Return the sample of the organization of interest, if it shows any usage."""
        return next((each for each in self.samples[operation][:1] if each.has_list and each.records), None)

    def with_usage(self, operation: str) -> list[Sample]:
        return [each for each in self.samples[operation] if each.has_list and each.records]

    def is_out(self, operation: str) -> bool:
        """Return whether an operation was asked, and never available: a wrong key would tell nothing there."""
        tried = [each for each in self.session.interactions if each.operation == operation and each.is_valid]
        return bool(tried) and all(each.unavailable for each in tried)

    def summary(self, org: int, window: Window | None = None) -> Query:
        return Query.of(SUMMARY, org_id=org, **(window.params if window else {}))

    def _find_organization(self) -> tuple[int, ...]:
        """Return the organization that the API shows most of to this key."""
        counts: dict[int, int] = {}
        for days in (40, 400, 4000):
            window = Window(self.now // DAY * DAY - days * DAY, self.now // DAY * DAY)
            for record in self.send(Query.of("list_llm", **window.params)).records:
                if isinstance(record.org, int):
                    counts[record.org] = counts.get(record.org, 0) + 1
            if counts:
                return (max(counts, key=lambda org: counts[org]),)
        return ()


def _lists(operation: str) -> Callable[[_Plan], None]:
    """Return the step that samples a list, narrows its windows, and opens each end of them."""

    def step(plan: _Plan) -> None:
        plan.collect_samples(operation)
        for sample in plan.with_usage(operation):
            for window in (sample.window, sample.oldest_window):
                if window is not None:
                    sample.request(window)
        interest = plan.first(operation)
        if interest is not None and interest.open_start is not None:
            plan.send(interest.query(Window(interest.open_start, None), **_task(plan, operation)))
        for first in plan.samples[operation][:1]:
            if first.has_list:
                everything = first.is_small and plan.config.start is None and first.open_end is not None
                window = Window(None, first.open_end if everything else EARLIEST)
                plan.send(first.query(window, **_task(plan, operation)))

    return step


def _task(plan: _Plan, operation: str) -> dict[str, str]:
    return {"task": plan.rng.choice(TASKS)} if operation == "list_matching" else {}


def _repeated_list(plan: _Plan) -> None:
    """Request a window again, also with offsets and a little wider, and without an organization."""
    sample = plan.first("list_llm")
    if sample is None or sample.window is None or sample.widened_window is None:
        return
    plan.send(Query.of("list_llm", org_id=sample.org, **sample.widened_window.params_with_offset))
    plan.send(sample.query(sample.window), again=True)
    plan.send(Query.of("list_llm", **sample.window.params))


def _tasks(plan: _Plan) -> None:
    """Filter the matching list by each task, without an organization, and without dates."""
    samples = plan.with_usage("list_matching")
    for task, some in (("IDR", samples), ("CDM", samples[:1])):
        for sample in some:
            if sample.widened_window is not None:
                dates = sample.widened_window.params_with_offset
                plan.send(Query.of("list_matching", task=task, **dates, org_id=sample.org))
    first = plan.first("list_matching")
    if first is None:
        return
    if first.window is not None:
        plan.send(Query.of("list_matching", task=plan.rng.choice(TASKS), **first.window.params))
    query = first.query(None, task=plan.rng.choice(TASKS))
    if first.is_small:
        plan.send(query)
    else:
        plan.session.skip(query, "not asked: the list may be very long")


def _by_id(plan: _Plan) -> None:
    """Fetch records of all kinds by id; of further organizations one by chance."""
    chosen: dict[int, Record] = {}
    for number, sample in enumerate(plan.with_usage("list_llm")):
        known = [record for record in sample.records if record_id(record) is not None]
        if not known:
            continue
        picks = choose_various(known, plan.now, plan.rng) if number == 0 else [plan.rng.choice(known)]
        for record in picks:
            chosen.setdefault(record_id(record) or 0, record)
    for number in chosen:
        plan.send(Query.of("get_llm", id=number))


def _sums(plan: _Plan) -> None:
    for sample in plan.with_usage("list_llm"):
        if sample.window is not None:
            plan.send(plan.summary(sample.org, sample.window))


def _open_sums(plan: _Plan) -> None:
    """Request the summary from a start alone, and to an end alone, with what bounds the latter."""
    sample = plan.first("list_llm")
    if sample is None:
        return
    if sample.open_start is not None:
        plan.send(plan.summary(sample.org, Window(sample.open_start, None)))
    if sample.open_end is not None:
        plan.send(plan.summary(sample.org, Window(None, sample.open_end)))
        if not (sample.is_complete and plan.config.start is None):
            plan.send(plan.summary(sample.org, Window(min(EARLIEST, sample.earliest), sample.open_end)))


def _default_windows(plan: _Plan) -> None:
    """Request list and summary without dates, and what shows where the month begins and what is new."""
    zones = default_windows(plan.now)
    starts = [zone.start or 0 for zone in zones]
    for number, sample in enumerate(plan.samples["list_llm"]):
        if not sample.has_list:
            continue
        if sample.month_is_too_large(plan.now):
            if number == 0:
                _default_sums_of_many(plan, sample, starts)
            continue
        if number == 0:
            edge = Window.or_none(
                max(min(starts) - 3600, sample.earliest), min(max(starts) + 3600, sample.settled_until)
            )
            if edge is not None and not sample.covers(edge):
                sample.request(edge)
            plan.send(sample.query(Window(sample.settled_until, plan.now + 2 * DAY)))
        plan.send(sample.query(None))
        plan.send(plan.summary(sample.org))


def _default_sums_of_many(plan: _Plan, sample: Sample, starts: list[int]) -> None:
    """Request the summaries that bound the default one: of what every time zone counts to this month, and any."""
    plan.session.skip(
        sample.query(None),
        f"not asked: at {sample.records_per_day:.0f} runs a day, the list of this month would be very long",
    )
    if max(starts) < plan.now - DAY:
        plan.send(plan.summary(sample.org, Window(max(starts), plan.now - DAY)))
    plan.send(plan.summary(sample.org))
    plan.send(plan.summary(sample.org, Window(min(starts), plan.now + 2 * DAY)))


def _other_sums(plan: _Plan) -> None:
    """Request the summary of a day before any usage, of a long time, and again of a window."""
    for org in plan.organizations[:1]:
        dawn = min(plan.bounds[0], EARLIEST)
        plan.send(plan.summary(org, Window(dawn - 2 * DAY, dawn - DAY)))
    sample = plan.first("list_llm")
    if sample is None:
        return
    largest = sample.largest_window
    whole = Window(sample.earliest, sample.settled_until)
    middle = sample.open_end or largest.start
    in_parts = middle is not None and sample.earliest < middle < sample.settled_until
    if (largest.start or 0) <= sample.settled_until - 400 * DAY or not in_parts:
        plan.send(plan.summary(sample.org, largest))
    else:
        for window in (whole, Window(whole.start, middle), Window(middle, whole.end)):
            plan.send(plan.summary(sample.org, window))
    if sample.window is not None:
        plan.send(plan.summary(sample.org, sample.window), again=True)
        frame = sample.widened_window or sample.window
        plan.send(Query.of(SUMMARY, org_id=sample.org, **frame.params_with_offset))


def _keys(plan: _Plan) -> None:
    """Repeat a cheap request of each operation without a key, and one with a wrong key."""
    for operation in OPERATIONS:
        plan.send(_cheap(plan, operation)._replace(credentials=Credentials.NONE))
    if not plan.is_out("list_llm"):
        plan.send(_cheap(plan, "list_llm")._replace(credentials=Credentials.INVALID))


def _unreadable_parameters(plan: _Plan) -> None:
    for operation, (name, value) in UNREADABLE.items():
        params = dict(_cheap(plan, operation).params) | {name: value}
        plan.send(Query(operation, tuple(params.items())))


def _cheap(plan: _Plan, operation: str) -> Query:
    """Return a query that costs the API little, and was answered before if any was.

    A response that is cached, and sent before the key is looked at, shows there.
    """
    answered = [
        each
        for each in plan.session.interactions
        if each.operation == operation and each.is_valid and each.status == 200
    ]
    if answered:
        return min(answered, key=lambda each: len(each.body)).query
    if operation == "get_llm":
        known = [
            number for each in plan.samples["list_llm"] for r in each.records if (number := record_id(r)) is not None
        ]
        return Query.of("get_llm", id=next(iter(known), 1))
    end = plan.now // DAY * DAY - 2 * DAY
    window = Window(end - 60, end)
    org = {"org_id": plan.organizations[0]} if plan.organizations else {"org_id": 1} if operation == SUMMARY else {}
    return Query.of(operation, **org, **window.params)


def _spec(plan: _Plan) -> None:
    if plan.config.with_drift:
        plan.send(Query.of(SPEC))


STEPS: tuple[Callable[[_Plan], None], ...] = (
    _lists("list_llm"),
    _lists("list_matching"),
    _repeated_list,
    _tasks,
    _by_id,
    _sums,
    _open_sums,
    _default_windows,
    _other_sums,
    _keys,
    _unreadable_parameters,
    _spec,
)
"""In the order of importance."""
