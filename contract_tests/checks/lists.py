"""Checks of the two lists: organization, window, each end of it alone, filters, no usage twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import Interaction
from civis_usage.contract_tests.collect.record import Record, excerpt
from civis_usage.contract_tests.collect.window import DAY, Window, format_timestamp
from civis_usage.contract_tests.results import Basis, Check, Finding, Outcome, outcome

from .comparison import (
    Listing,
    Predicate,
    expected,
    missing_records,
    name_of,
    plain,
    readable,
    restated,
    shown,
    unconfirmed_records,
    unexpected_records,
    without_evidence,
)

__all__ = ["CHECKS"]

DATES = {"start_date", "end_date"}


def _examined(lists: Sequence[Listing]) -> str:
    records = sum(len(each.records) for each in lists)
    orgs = {each.response.org for each in lists}
    return f"{records} records in {len(lists)} windows of {_count(len(orgs), 'organization')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def organization(operation: str, evidence: Evidence) -> Outcome:
    """Judge the organization of every record in the lists of one."""
    lists = [each for each in evidence.lists(operation) if isinstance(each.org, int)]
    if not evidence.shows_usage(operation) and not any(each.records for each in lists):
        return without_evidence(evidence, operation, "the lists are empty")
    findings = []
    for each in lists:
        findings += unexpected_records(each.records, partial(_is_of, each.org), each)
    if len(evidence.organizations) > 1:
        findings += _shared(plain(evidence, operation))
    return outcome(_examined([Listing.of(each) for each in lists]), findings)


def _is_of(org: int | None, record: Record) -> bool:
    return record.org in (org, None)


def _shared(lists: Sequence[Listing]) -> Iterator[Finding]:
    """Yield a finding where two organizations' lists show the same usage, each as its own."""
    owners: dict[object, int] = {}
    for each in lists:
        org = each.response.params["org_id"]
        for record in each.records:
            usage = tuple(sorted((name, str(value)) for name, value in record.data.items() if name != "organizationId"))
            owner = owners.setdefault(usage, org)
            if owner != org:
                text = f"organizations {owner} and {org} both list one usage"
                example, name = excerpt(record.data), name_of(record.data)
                wanted, came = f"in the list of one of {owner} and {org}", "in both"
                yield Finding(text, "organizationId", each.request, example, record=name, expected=wanted, actual=came)
                return


def window(operation: str, evidence: Evidence) -> Outcome:
    """Judge the lists between two dates by their windows and by each other."""
    lists = plain(evidence, operation)
    if not any(each.records for each in lists):
        return without_evidence(evidence, operation, f"no usage in {len(lists)} windows")
    findings = []
    for each in lists:

        def belongs(record: Record, within: Window = each.window) -> bool | None:
            return within.contains(record.timestamp)

        others = [other for other in lists if other is not each and other.response.org == each.response.org]
        findings += unexpected_records(each.records, belongs, each.response)
        findings += missing_records(each.records, belongs, others, each.response)
    return outcome(_examined(lists), findings)


def start_only(operation: str, evidence: Evidence) -> Outcome:
    """Judge the lists with a start alone."""
    candidates = _with_dates(evidence, operation, {"start_date"})
    return _one_end(operation, evidence, candidates, "a start alone is refused", "begin a list between two of them")


def end_only(operation: str, evidence: Evidence) -> Outcome:
    """Judge the lists with an end alone: nobody knows where they begin, but then they go on to their end."""
    candidates = _with_dates(evidence, operation, {"end_date"})
    return _one_end(
        operation, evidence, candidates, "the start defaults to a later day", "end a list between two of them"
    )


def _one_end(
    operation: str, evidence: Evidence, candidates: Sequence[Interaction], refused: str, reason: str
) -> Outcome:
    refusals = [each for each in candidates if _is_refused(each)]
    lists = [each for each in candidates if each in evidence.lists(operation)]
    if refusals and not lists:
        return outcome(f"{refusals[0].status}: {refused}")
    if not lists:
        return without_evidence(evidence, operation, f"too few runs to {reason}", candidates)
    findings = [
        Finding(
            f"{each.status} to a request with only {_named(each)}, though one with {_named(lists[0])} gets 200",
            request=each.request,
            example=excerpt(each.body),
            expected="200",
            actual=str(each.status),
        )
        for each in refusals
    ]
    findings += [finding for each in lists for finding in against_lists(evidence, each)]
    records = sum(len(each.records) for each in lists)
    if not records and not findings:
        return outcome(f"no records for {lists[0].window}: as expected, or the start defaults to a later day")
    return outcome(f"{records} records for {lists[0].window}", findings)


def _named(interaction: Interaction) -> str:
    return " and ".join(interaction.params) or "no parameter"


def _with_dates(evidence: Evidence, operation: str, dates: set[str]) -> list[Interaction]:
    """Return the requests with exactly these dates."""
    return [
        each
        for each in evidence.of(operation)
        if set(each.params) & DATES == dates
        and isinstance(each.org, int | None)
        and each.params.get("task") in (None, "IDR", "CDM")
        and each.window is not None
    ]


def _is_refused(interaction: Interaction) -> bool:
    return 400 <= (interaction.status or 0) < 500 and interaction.unavailable is None


def against_lists(evidence: Evidence, response: Interaction) -> list[Finding]:
    """Return what contradicts a list's query, or the closed lists of the organizations that it shows.

    Without a start it is unknown from where on records are listed, and so which are missing: of those after the first,
    and without dates before the last, none may be.
    """
    belongs = expected(response)
    findings = unexpected_records(response.records, belongs, response)
    for org in evidence.organizations if response.org is None else (response.org,):
        mine = [record for record in response.records if response.org is not None or record.org == org]
        if not mine and response.org is None:
            continue
        others = [each for each in plain(evidence, response.operation, org) if each.response is not response]
        findings += missing_records(mine, _required(response, mine), others, response)
        findings += unconfirmed_records([record for record in mine if belongs(record)], others, response)
    return findings


def _required(response: Interaction, got: Sequence[Record]) -> Predicate:
    """Return what must be in a list."""
    belongs = expected(response)
    if "start_date" in response.params:
        return belongs
    moments = sorted({record.timestamp for record in got if record.timestamp is not None})
    last = None if "end_date" in response.params else moments[-1:]
    if not moments or last == moments[:1]:
        return lambda record: None
    shown = Window(moments[0], last[0] if last else None)
    return lambda record: belongs(record) if shown.contains(record.timestamp) else None


def once(operation: str, evidence: Evidence) -> Outcome:
    """Look for records that are listed twice; a matching usage has no id, so the whole record counts."""
    lists = [Listing.of(each) for each in evidence.closed_lists(operation)]
    if not any(each.records for each in lists):
        return without_evidence(evidence, operation, "the lists are empty")
    return outcome(_examined(lists), [finding for each in lists for finding in _duplicates(each, operation)])


def _duplicates(listing: Listing, operation: str) -> Iterator[Finding]:
    def identity(record: Record) -> object:
        return record.data.get("id", record.key) if operation == "list_llm" else record.key

    counts = Counter(usage for record in listing.records if isinstance(usage := identity(record), int | float | tuple))
    repeated = [usage for usage, count in counts.items() if count > 1]
    if repeated:
        record = next(record for record in listing.records if identity(record) == repeated[0])
        text = f"{len(repeated)} of {len(counts)} usages are listed more than once"
        record_name, times = name_of(record.data), f"{counts[repeated[0]]} times"
        yield Finding(
            text, None, listing.request, excerpt(record.data), record=record_name, expected="once", actual=times
        )


def one_run(operation: str, evidence: Evidence) -> Outcome:
    """Look for a run that has two jobs, users, organizations or creation times, in whatever lists."""
    return _each_record(operation, evidence, _contradictions(operation, evidence))


def run_end(operation: str, evidence: Evidence) -> Outcome:
    """Look for runs that were created, or ended, later than a day from now."""
    return _each_record(operation, evidence, _future_runs(operation, evidence))


def _each_record(operation: str, evidence: Evidence, findings: Iterator[Finding]) -> Outcome:
    lists = [Listing.of(each) for each in evidence.lists(operation)]
    if not any(each.records for each in lists):
        return without_evidence(evidence, operation, "the lists are empty")
    return outcome(_examined(lists), findings)


def _contradictions(operation: str, evidence: Evidence) -> Iterator[Finding]:
    """Yield the first contradiction of each field: the values that a run has, and the lists that show them."""
    seen: dict[tuple[str, int], tuple[int, Interaction]] = {}
    found: set[str] = set()
    known: set[Record] = set()
    for each in reversed(evidence.lists(operation)):  # what the newest responses show is reproducible
        for record in each.records:
            if record in known:
                continue
            known.add(record)
            run = record.data.get("runId")
            values = {**record.data, "runCreatedAt": record.timestamp}
            for name in ("jobId", "userId", "organizationId", "runCreatedAt"):
                value = values.get(name)
                if name in found or name in record.ignored or type(value) is not int or type(run) is not int:
                    continue
                other, first = seen.setdefault((name, run), (value, each))
                if abs(value - other) > (name == "runCreatedAt"):  # a fraction of a second may be rounded
                    found.add(name)
                    one, two = (format_timestamp(at) if name == "runCreatedAt" else str(at) for at in (other, value))
                    places = f"{readable(first.request)} and {readable(each.request)}"
                    text = f"{name} of run {run} differs: {one} and {two} in {places}"
                    both = (first,) if first is each else (first, each)
                    example, record_name = excerpt(record.data), name_of(record.data)
                    yield Finding(
                        text, name, each.request, example, record=record_name, expected=one, actual=two,
                        contradiction=both,
                    )  # fmt: skip


def _future_runs(operation: str, evidence: Evidence) -> Iterator[Finding]:
    latest = evidence.now + DAY
    for each in evidence.lists(operation):
        late = [record for record in each.records if (_end(record) or 0) > latest]
        if late:
            field = "runTime" if (late[0].timestamp or 0) <= latest else "runCreatedAt"
            text = (
                f"{len(late)} of {len(each.records)} runs end (runCreatedAt and runTime together) later than a day "
                f"from now, {format_timestamp(evidence.now)}"
            )
            wanted, ended = f"no end after {format_timestamp(latest)}", int(_end(late[0]) or 0)
            yield Finding(
                text, field, each.request, excerpt(late[0].data), record=name_of(late[0].data), expected=wanted,
                actual=f"{shown(late[0].data, 'runCreatedAt')}, and {ended - (late[0].timestamp or 0)} seconds",
            )  # fmt: skip
            return


def _end(record: Record) -> float | None:
    """Return when a run ended, in seconds since the epoch; ``None`` where that cannot be read."""
    seconds = record.data.get("runTime")
    if record.timestamp is None:
        return None
    return record.timestamp + (seconds if isinstance(seconds, int | float) else 0)


def repeat(evidence: Evidence) -> Outcome:
    """Judge lists that were requested again, also with their dates in other offsets."""
    lists = restated(evidence, "list_llm")
    if not lists:
        reason = "no window with usage"
        return without_evidence(evidence, "list_llm", reason, _offset_candidates(evidence, "list_llm"))
    findings = [finding for each in lists for finding in against_lists(evidence, each)]
    return outcome(f"{' and '.join(str(len(each.records)) for each in lists)} records in {lists[0].window}", findings)


def _offset_candidates(evidence: Evidence, operation: str) -> list[Interaction]:
    return [each for each in _with_dates(evidence, operation, DATES) if each.has_offsets]


def without_organization(operation: str, evidence: Evidence) -> Outcome:
    """Judge the lists of a window without an organization by those with one."""
    candidates = [
        each
        for each in evidence.of(operation)
        if each.params.keys() - {"task"} == DATES and each.window and each.window.is_closed
    ]
    lists = [each for each in candidates if each in evidence.lists(operation)]
    if not lists:
        return without_evidence(evidence, operation, "no window with usage", candidates)
    findings = [finding for each in lists for finding in against_lists(evidence, each)]
    orgs = {record.org for each in lists for record in each.records}
    records = sum(len(each.records) for each in lists)
    return outcome(f"{records} records of {_count(len(orgs), 'organization')} in {lists[-1].window}", findings)


def task(name: str, evidence: Evidence) -> Outcome:
    """Judge the lists of a task by the lists without: each is exactly their part with that task."""
    candidates = [
        each for each in evidence.of("list_matching") if each.params.get("task") == name and isinstance(each.org, int)
    ]
    lists = [each for each in candidates if each in evidence.lists("list_matching")]
    if not lists:
        return without_evidence(evidence, "list_matching", "no matching usage to filter", candidates)
    findings = [finding for each in lists for finding in against_lists(evidence, each)]
    return outcome(", ".join(f"{len(each.records)} records" for each in lists), findings)


def without_dates(evidence: Evidence) -> Outcome:
    """Judge the lists without dates: the documentation promises no default window, nor that there is none."""
    candidates = [each for each in evidence.of("list_matching") if each.params.keys() <= {"org_id", "task"}]
    lists = [each for each in candidates if each in evidence.lists("list_matching")]
    if not lists:
        return without_evidence(evidence, "list_matching", "no matching usage", candidates)
    findings = [finding for each in lists for finding in against_lists(evidence, each)]
    return outcome(f"{sum(len(each.records) for each in lists)} records", findings)


def _of_both(
    suffix: str, rule: str, judge: Callable[[str, Evidence], Outcome], basis: Basis = Basis.DOCUMENTED
) -> Iterator[Check]:
    for operation in ("list_llm", "list_matching"):
        name = operation.replace("_", "-")
        yield Check(f"{name}-{suffix}", operation, rule, partial(judge, operation), basis)


CHECKS = (
    *_of_both("organization", "A list with org_id contains that organization's records only.", organization),
    *_of_both("window", "A list contains exactly the runs created from start_date to end_date.", window),
    *_of_both("start-only", "With start_date alone, a list runs from there to the present.", start_only),
    *_of_both("end-only", "With end_date alone, a list contains nothing later.", end_only),
    *_of_both(
        "one-run",
        "A run has one job, user, organization and creation time in all lists.",
        one_run,
        Basis.RECORDED,
    ),
    *_of_both("run-end", "No run was created, or ended, later than a day from now.", run_end, Basis.RECORDED),
    *_of_both("once", "A list contains each record once.", once),
    Check(
        "list-llm-repeat",
        "list_llm",
        "Repeating a request for a past window returns the same, also if its bounds move without crossing a run.",
        repeat,
    ),
    Check(
        "list-llm-without-organization",
        "list_llm",
        "Without org_id, a list keeps to its window, and its records of each organization equal that one's list.",
        partial(without_organization, "list_llm"),
    ),
    Check(
        "list-matching-task-idr",
        "list_matching",
        "task=IDR returns exactly the IDR records of the unfiltered list.",
        partial(task, "IDR"),
    ),
    Check(
        "list-matching-task-cdm",
        "list_matching",
        "task=CDM returns exactly the CDM records of the unfiltered list.",
        partial(task, "CDM"),
    ),
    Check(
        "list-matching-without-organization",
        "list_matching",
        "Without org_id, a list keeps to its window and task; its records of each organization equal that one's list.",
        partial(without_organization, "list_matching"),
    ),
    Check(
        "list-matching-without-dates",
        "list_matching",
        "Without dates a list is returned, filtered by org_id and task.",
        without_dates,
    ),
)
