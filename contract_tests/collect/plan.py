"""The requests of one run, in the order of importance: what matters most comes first, since budgets end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from civis_usage.contract_tests.config import Config
from civis_usage.schemas import OPERATIONS

from .evidence import Evidence
from .interaction import NONEXISTENT_ID, SPEC, Credentials, Interaction, Query
from .record import Record, record_id
from .sample import Sample
from .session import Session
from .variety import choose_various
from .window import DAY, EARLIEST, Window, default_windows, start_of_month

__all__ = ["RESERVE", "UNREADABLE", "Plan", "evidence_of"]

SUMMARY = "get_llm_organization_summary"
TASKS = ("IDR", "CDM")
UNREADABLE: dict[str, tuple[str, str]] = {
    "list_llm": ("org_id", "abc"),
    "get_llm": ("id", "abc"),
    SUMMARY: ("start_date", "tomorrow"),
    "list_matching": ("task", "XYZ"),
}
"""A parameter of each operation, and a value that cannot be read."""
BEFORE_EVERYTHING = Window(None, EARLIEST)
"""A window without usage: an empty list has its own ways to be wrong."""
RESERVE = 2
"""Requests that are left for confirmations."""


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
        session.config.requests,
    )


class Plan:
    """The requests of a run, in steps that share a sample of each organization's usage."""

    def __init__(self, session: Session) -> None:
        session.send(Query.of("get_llm", id=NONEXISTENT_ID))  # cheap, and its Date says what "now" is
        self.session = session
        self.config: Config = session.config
        self.now = session.now
        self.bounds = session.config.bounds(self.now)
        self.rng = Random(session.config.seed)  # noqa: S311 - reproducible choices, no secrets
        self.organizations = session.config.organizations or self._find_organization()
        self.samples: dict[str, list[Sample]] = {"list_llm": [], "list_matching": []}
        self.tasks = self.rng.sample(TASKS, len(TASKS))
        self.kept_for_keys: dict[str, Query] = {}
        """What is left to be requested with keys of all kinds, by operation."""

    def collect(self) -> Evidence:
        """Send the requests that the user named, and those that the checks need, and return the evidence."""
        if (journal := self.config.requests) is not None:
            for operation, params in journal.for_organizations(self.organizations):
                self.send(Query(operation, params))
        for step in STEPS:
            step(self)
        return evidence_of(self.session, self.organizations)

    def combine(self) -> Evidence:
        """Send what is left of the combinations of parameters, as long as enough is left to confirm what they show."""
        for query in _combinations(self):
            if self.session.left > RESERVE:
                self.send(query)
        return evidence_of(self.session, self.organizations)

    def early(self, sample: Sample) -> Window:
        """Return a window with an end alone, before which there is not very much."""
        return self._until(sample, sample.open_end)

    def late(self, sample: Sample) -> Window:
        """Return a window with an end alone, after which few records follow; nothing old where there is very much."""
        return self._until(sample, sample.late_end)

    def last_month(self, sample: Sample) -> Window:
        """Return a window with an end alone, in the month before: there it shows where such a window begins."""
        return self._until(sample, sample.end_before(start_of_month(self.now) - DAY) or sample.open_end)

    def _until(self, sample: Sample, end: int | None) -> Window:
        """Return the window with an end alone, but one before everything where the list might be very long."""
        is_bearable = sample.is_small and self.config.start is None and end is not None
        return Window(None, end if is_bearable else EARLIEST)

    def send(self, query: Query, *, again: bool = False) -> Interaction:
        """Send a query, or return what came of it before, unless it is to be sent ``again``."""
        return self.session.send(query, again=again)

    def collect_samples(self, operation: str) -> None:
        """Sample the lists of each organization."""
        for number, org in enumerate(self.organizations):
            sample = Sample(self.session, operation, org, self.bounds, self.rng)
            sample.collect(thorough=number == 0)
            self.samples[operation].append(sample)

    def request_newest_of_the_unused(self) -> None:
        """Look at the last day and on in the matching lists of organizations that have shown no usage at all."""
        for llm, matching in zip(self.samples["list_llm"], self.samples["list_matching"], strict=True):
            if matching.has_list and not (llm.has_list and llm.records) and not matching.records:
                self.send(matching.query(Window(matching.settled_until, self.now + 2 * DAY)))

    def first(self, operation: str) -> Sample | None:
        """Return the sample of the organization of interest, if it shows any usage."""
        return next((each for each in self.samples[operation][:1] if each.has_list and each.records), None)

    def with_usage(self, operation: str) -> list[Sample]:
        """Return the samples that show any usage."""
        return [each for each in self.samples[operation] if each.has_list and each.records]

    def is_out(self, operation: str) -> bool:
        """Return whether an operation was asked, and never available: a wrong key would tell nothing there."""
        tried = [each for each in self.session.interactions if each.operation == operation and each.is_valid]
        return bool(tried) and all(each.unavailable for each in tried)

    def summary(self, org: int, window: Window | None = None) -> Query:
        """Return the query for an organization's summary."""
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


def _lists(operation: str) -> Callable[[Plan], None]:
    """Return the step that samples a list, opens each end of its window, and reaches back to the oldest usage."""

    def step(plan: Plan) -> None:
        plan.collect_samples(operation)
        interest = plan.first(operation)
        if interest is not None and interest.open_start is not None:
            plan.send(interest.query(Window(interest.open_start, None), **_task(plan, operation)))
        for first in plan.samples[operation][:1]:
            if first.has_list:
                until = plan.early(first) if operation == "list_matching" else plan.last_month(first)
                found = plan.send(first.query(until))
                first.reach_back(found if plan.config.start is None else None)
                if first.oldest_window is not None:
                    first.request(first.oldest_window)
        for other in plan.samples[operation][1:]:
            if other.has_list and not other.records:
                other.reach_back(None)
        for other in plan.with_usage(operation):
            for window in () if other is interest else (other.window, other.oldest_window):
                if window is not None:
                    other.request(window)
        if operation == "list_matching":
            plan.request_newest_of_the_unused()

    return step


def _task(plan: Plan, operation: str) -> dict[str, str]:
    return {"task": plan.tasks[0]} if operation == "list_matching" else {}


def _other_spellings(plan: Plan) -> None:
    """Request a window with offsets and a little wider, first without an organization, which a cache might keep."""
    sample = plan.first("list_llm")
    if sample is not None and sample.widened_window is not None:
        dates = sample.widened_window.params_with_offset
        plan.send(Query.of("list_llm", **dates))
        plan.send(Query.of("list_llm", org_id=sample.org, **dates))


def _tasks(plan: Plan) -> None:
    """Filter the matching list by each task: without an organization, within dates, and without dates."""
    for number, sample in enumerate(plan.with_usage("list_matching")):
        if sample.widened_window is not None:
            dates = sample.widened_window.params_with_offset
            if number == 0:
                plan.send(Query.of("list_matching", task=plan.tasks[0], **dates))
                recently = sample.recent_window or sample.widened_window
                plan.send(Query.of("list_matching", task=plan.tasks[1], **recently.params, org_id=sample.org))
            plan.send(Query.of("list_matching", task=plan.tasks[0], **dates, org_id=sample.org))
    first = plan.first("list_matching")
    if first is None:
        return
    query = first.query(None, task=plan.tasks[1])
    if first.is_small:
        plan.send(query)
    else:
        plan.session.skip(query, "not asked: the list may be very long")


def _by_id(plan: Plan) -> None:
    """Fetch records of all kinds by id, but for the last, which is kept for the keys; of others one by chance."""
    chosen: dict[int, Record] = {}
    for number, sample in enumerate(plan.with_usage("list_llm")):
        known = [record for record in sample.records if record_id(record) is not None]
        if not known:
            continue
        picks = choose_various(known, plan.now, plan.rng) if number == 0 else [plan.rng.choice(known)]
        for record in picks:
            chosen.setdefault(record_id(record) or 0, record)
    queries = [Query.of("get_llm", id=number) for number in chosen]
    for query in queries[1:]:
        plan.send(query)
    if queries:
        plan.kept_for_keys["get_llm"] = queries[0]


def _sums(plan: Plan) -> None:
    """Request the summary of a window, of the organization of interest one of the newest usage, with offsets."""
    for sample in plan.with_usage("list_llm"):
        is_first = sample is plan.first("list_llm")
        window = sample.newest_window if is_first else sample.widened_window or sample.window
        if window is not None:
            dates = window.params_with_offset if is_first else window.params
            plan.send(Query.of(SUMMARY, org_id=sample.org, **dates))


def _open_sums(plan: Plan) -> None:
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


def _default_windows(plan: Plan) -> None:
    """Request list and summary without dates, and what shows where the month begins and what is new.

    The list of what is new comes between: whichever of the three lags behind shows less than one before it.
    """
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
            if sample.records:
                plan.send(Query.of("list_llm"))
            plan.send(sample.query(Window(sample.settled_until, plan.now + 2 * DAY)))
        plan.send(sample.query(None))
        plan.send(plan.summary(sample.org))


def _default_sums_of_many(plan: Plan, sample: Sample, starts: list[int]) -> None:
    """Request the summaries that bound the default one: of what every time zone counts to this month, and any."""
    plan.session.skip(
        sample.query(None),
        f"not asked: at {sample.records_per_day:.0f} runs a day, the list of this month would be very long",
    )
    if max(starts) < plan.now - DAY:
        plan.send(plan.summary(sample.org, Window(max(starts), plan.now - DAY)))
    plan.send(plan.summary(sample.org))
    plan.send(plan.summary(sample.org, Window(min(starts), plan.now + 2 * DAY)))


def _other_sums(plan: Plan) -> None:
    """Request the summary of a day before any usage, of all time or of its parts, and of long windows."""
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
    for window in sample.long_windows:
        plan.send(plan.summary(sample.org, window))


def _keys(plan: Plan) -> None:
    """Send to each operation a wrong key, no key, and then the right one again, by Bearer.

    The wrong one comes with a request that was answered before, the others with one that was not: what a cache keeps,
    answers or refusals, shows there.
    """
    windows = {operation: plan.first(operation) for operation in plan.samples}
    for operation, sample in windows.items():
        if sample is not None and sample.day_window is not None:
            plan.kept_for_keys[operation] = sample.query(sample.day_window)
            if operation == "list_llm":
                plan.kept_for_keys[SUMMARY] = plan.summary(sample.org, sample.day_window)
    for operation in OPERATIONS:
        answered = _cheap(plan, operation)
        new = plan.kept_for_keys.get(operation, answered)
        is_out = plan.is_out(operation)
        if not is_out:
            plan.send(answered._replace(credentials=Credentials.INVALID))
        plan.send(new._replace(credentials=Credentials.NONE))
        if not is_out:
            plan.send(new._replace(credentials=Credentials.BEARER))


def _unreadable_parameters(plan: Plan) -> None:
    for operation, (name, value) in UNREADABLE.items():
        params = dict(_cheap(plan, operation).params) | {name: value}
        plan.send(Query(operation, tuple(params.items())))


def _cheap(plan: Plan, operation: str) -> Query:
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
        return Query.of("get_llm", id=next(iter(known), NONEXISTENT_ID))
    end = plan.now // DAY * DAY - 2 * DAY
    window = Window(end - 60, end)
    org = {"org_id": plan.organizations[0]} if plan.organizations else {"org_id": 1} if operation == SUMMARY else {}
    return Query.of(operation, **org, **window.params)


def _combinations(plan: Plan) -> Iterator[Query]:
    """Yield a query for each documented combination of parameters that no step needs, the likeliest first."""
    matching, sample = plan.first("list_matching"), plan.first("list_llm")
    if sample is not None:
        if sample.late_start is not None:
            yield Query.of("list_llm", **Window(sample.late_start, None).params)
        yield Query.of("list_llm", **BEFORE_EVERYTHING.params)
    if matching is not None:
        yield from _matching_combinations(plan, matching)


def _matching_combinations(plan: Plan, sample: Sample) -> Iterator[Query]:
    one, other = plan.tasks
    yield Query.of("list_matching", **BEFORE_EVERYTHING.params)
    if sample.is_small:
        yield sample.query(None)
        yield Query.of("list_matching", task=one)
        yield Query.of("list_matching")
    if sample.window is not None:
        yield Query.of("list_matching", **sample.window.params)
    if sample.late_start is not None:
        after = Window(sample.late_start, None)
        yield sample.query(after)
        yield Query.of("list_matching", task=other, **after.params)
        yield Query.of("list_matching", **after.params)
    before = plan.late(sample)
    yield sample.query(before, task=one)
    yield Query.of("list_matching", task=one, **before.params)


def _repeated(plan: Plan) -> None:
    """Request the oldest list and the summary of some of the newest usage again."""
    sample = plan.first("list_llm")
    if sample is None:
        return
    if sample.oldest_window is not None:
        plan.send(sample.query(sample.oldest_window), again=True)
    if sample.newest_window is not None:
        plan.send(Query.of(SUMMARY, org_id=sample.org, **sample.newest_window.params_with_offset), again=True)


def _spec(plan: Plan) -> None:
    if plan.config.with_drift:
        plan.send(Query.of(SPEC))


STEPS: tuple[Callable[[Plan], None], ...] = (
    _lists("list_llm"),
    _lists("list_matching"),
    _default_windows,
    _other_spellings,
    _tasks,
    _by_id,
    _sums,
    _open_sums,
    _other_sums,
    _repeated,
    _keys,
    _unreadable_parameters,
    _spec,
)
"""In the order of importance."""
