"""Diagnoses of lists by their records: which are missing, repeated, altered, or another's."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import Interaction
from civis_usage.contract_tests.collect.record import Record, record_id

from .features import enumerated, feature, share
from .listed import Listed, window_of

__all__ = [
    "all_alike",
    "altered",
    "forgotten",
    "missing",
    "not_reproducible",
    "of_other_organizations",
    "of_other_tasks",
    "one_id_for_several",
    "repeated",
    "truncated",
]

Sentence = tuple[str, str | None]
MAX_SAFE = 2**53
"""Up to here, each whole number is its own double."""
COMMON = ("task", "modelId", "userId", "jobId")
"""Fields by which records may be left out."""
SEVERAL = 4
"""Different queries whose responses are alike by more than chance."""
ROUND = (10, 20, 25, 50, 250, 1024, 2048, 4096)
"""Lengths at which lists are often truncated, beside multiples of a hundred."""


def not_reproducible(listed: Listed) -> Sentence | None:
    """Look for one query with several answers."""
    by_query: dict[object, list[Interaction]] = defaultdict(list)
    for each in listed.lists:
        by_query[each.query].append(each)
    several = [each for each in by_query.values() if len({_content(other, listed.evidence) for other in each}) > 1]
    if not several:
        return None
    for parameter, field, ignores in IGNORING:
        if any(len({ignores(each) for each in same}) > 1 for same in several):
            every = [each for each in listed.lists if parameter in each.params]
            rate = max(2, round(len(every) / sum(map(ignores, every))))
            return f"one response of {listed.operation} in {rate} ignores {parameter}", field
    return _difference(listed.operation, several[0][0], several[0][-1])


def _has_aliens(each: Interaction) -> bool:
    org = each.params.get("org_id")
    return any(org is not None and record.org not in (org, None) for record in each.records)


def _has_others(each: Interaction) -> bool:
    return "task" in each.params and bool(_others(each))


def _is_early(each: Interaction) -> bool:
    start = window_of(each).start
    return any(start is not None and (record.timestamp or start) < start - 1 for record in each.records)


def _is_late(each: Interaction) -> bool:
    end = window_of(each).end
    return any(end is not None and (record.timestamp or end) > end + 1 for record in each.records)


IGNORING: tuple[tuple[str, str | None, Callable[[Interaction], bool]], ...] = (
    ("org_id", "organizationId", _has_aliens),
    ("task", "task", _has_others),
    ("start_date", None, _is_early),
    ("end_date", None, _is_late),
)
"""The filters, the fields that they concern, and how a response shows that it ignores them."""


def _difference(operation: str, first: Interaction, second: Interaction) -> Sentence:
    one, other = first.by_identity, second.by_identity
    if not one.keys() & other.keys():  # their ids are others each time: compared by their runs
        one, other = ({_run(record): record for record in each.records} for each in (first, second))
    fields = Counter(name for key in one.keys() & other.keys() for name in one[key].differences(other[key]))
    if fields and one.keys() == other.keys():
        field, count = max(fields.items(), key=lambda each: each[1])
        where = f"in {count:,} of {len(one):,} records when the same request is sent again"
        return f"{operation} is not reproducible: {field} differs {where}", field
    numbers = f"{len(first.records):,} records, and then {len(second.records):,}"
    others = f"{len(one.keys() ^ other.keys()):,} others"
    return f"{operation} is not reproducible: the same request gives {numbers} with {others}", None


def _run(record: Record) -> object:
    """Return what names a record beside its id: the normalised fields of its run."""
    values = dict(zip(record.names, record.key, strict=True))
    return values.get("runId"), record.timestamp


def _content(interaction: Interaction, evidence: Evidence) -> object:
    settled = (r.key for r in interaction.records if (r.timestamp or 0) <= evidence.settled_until)
    return frozenset(Counter(settled).items())


def all_alike(listed: Listed) -> Sentence | None:
    """Look for the same records in response to every query, whichever they should be."""
    several = len({each.query for each in listed.lists}) >= SEVERAL
    if not several or len({_content(each, listed.evidence) for each in listed.lists}) > 1:
        return None
    ignored = [name for name, _, ignores in IGNORING if any(map(ignores, listed.lists))]
    if len(ignored) < 2:
        return None
    same = f"the same {len(listed.known):,} records come to each of {len(listed.lists)} requests"
    return f"{listed.operation} ignores {enumerated(ignored)}: {same} (a cache?)", None


def of_other_organizations(listed: Listed) -> Sentence | None:
    """Look for records of another organization than the one that was requested."""
    with_org = [each for each in listed.lists if each.params.get("org_id") is not None and each.records]
    odd = [each for each in with_org if listed.aliens(each)]
    if not odd:
        return None
    wrong, total = sum(len(listed.aliens(each)) for each in odd), sum(len(each.records) for each in odd)
    where = share(odd, [each for each in with_org if each not in odd])
    if wrong < total / 4:
        counts = f"{wrong:,} of {total:,} records of {listed.operation}"
        return f"{counts} belong to another organization{where}", "organizationId"
    return f"{listed.operation} ignores org_id{where}", "organizationId"


def of_other_tasks(listed: Listed) -> Sentence | None:
    """Look for records of another task than the one that was requested."""
    with_task = [each for each in listed.lists if "task" in each.params and each.records]
    odd = [each for each in with_task if _others(each)]
    if not odd:
        return None
    where = share(odd, [each for each in with_task if each not in odd])
    wrong, total = sum(len(_others(each)) for each in odd), sum(len(each.records) for each in odd)
    if wrong < total / 10:
        counts = f"{wrong:,} of {total:,} records of {listed.operation}"
        return f"{counts} have another task than the one asked for{where}", "task"
    return f"{listed.operation} ignores task{where}", "task"


def _others(each: Interaction) -> list[Record]:
    return [record for record in each.records if record.is_of_task(each.params["task"]) is False]


def truncated(listed: Listed) -> Sentence | None:
    """Look for a length at which all lists end that should have more."""
    lacking = listed.incomplete
    sizes = Counter(len(each.records) for each in listed.lists)
    size = len(lacking[0].records) if lacking else max(sizes, default=0)
    is_round = size in ROUND or size % 100 == 0
    # of any other length, two lists that should be longer must end at it, and none be longer
    is_likely = is_round or (len({each.query for each in lacking}) > 1 and size == max(sizes, default=0))
    if size < 2 or not is_likely or any(len(each.records) != size for each in lacking):
        return None
    if size < 100 and not all(_lacks_an_end(listed, each) for each in lacking):
        return None
    if lacking or (size >= 100 and sizes[size] > 1):
        full = [each for each in listed.lists if len(each.records) == size]
        others = [each for each in listed.lists if len(each.records) > size]
        return f"{listed.operation} returns at most {size:,} records{feature(full, others)}", None
    return None


def repeated(listed: Listed) -> Sentence | None:
    """Look for records that are listed more than once."""
    for each in listed.lists:
        counts = Counter(record.key for record in each.records)
        count = sum(count > 1 for count in counts.values())
        if count:
            return f"{listed.operation} lists {count:,} of {len(counts):,} records more than once", None
    return None


def one_id_for_several(listed: Listed) -> Sentence | None:
    """Look for an id that one list has for records of several runs."""
    shared: set[int] = set()
    for each in listed.lists:
        runs: dict[object, object] = {}
        for record in each.records:
            if (number := record_id(record)) is not None and runs.setdefault(number, record.data.get("runId")) != (
                record.data.get("runId")
            ):
                shared.add(number)
    if not shared:
        return None
    cause = " (numbers beyond 2^53, rounded to doubles?)" if max(map(abs, shared)) > MAX_SAFE else ""
    text = f"{listed.operation} has the same id for two records or more: {len(shared):,} ids are not unique{cause}"
    return text, "id"


def altered(listed: Listed) -> Sentence | None:
    """Look for a field that differs between the lists that show one usage, and for what tells those lists apart."""
    shown: dict[str, dict[object, dict[object, set[int]]]] = {}
    for number, each in enumerate(listed.lists):
        for record in each.records:
            for name, value in zip(record.names, record.key, strict=True):
                by_value = shown.setdefault(name, {}).setdefault(record.identity, {})
                by_value.setdefault(value, set()).add(number)
    differing = {name: [each for each in records.values() if len(each) > 1] for name, records in shown.items()}
    field = max(differing, key=lambda name: len(differing[name]), default=None)
    if field is None or not differing[field]:
        return None
    found = f"{field} differs between the responses of {listed.operation} in {len(differing[field]):,} records"
    one, other = sorted(_sides([[*each.values()] for each in differing[field]]), key=len)
    lists = [[listed.lists[number] for number in sorted(side)] for side in (one, other)]
    where = feature(lists[0], lists[1]) or feature(lists[1], lists[0])
    return found + (f": it is different{where}" if where else ""), field


def _sides(differing: Sequence[Sequence[set[int]]]) -> tuple[set[int], set[int]]:
    """Return the lists that show one of two values of a field and those that show the other; none if that is unclear.

    Args:
        differing: for each record with several values, by value: the numbers of the lists that show it.
    """
    one: set[int] = set()
    other: set[int] = set()
    waiting = list(differing)
    while waiting:
        known = next((each for each in waiting if any(side & (one | other) for side in each)), waiting[0])
        waiting.remove(known)
        first, *more = known
        second = set().union(*more)
        if first & other or second & one:
            first, second = second, first
        one, other = one | first, other | second
    return (set(), set()) if one & other or any(len(each) > 2 for each in differing) else (one, other)


def forgotten(listed: Listed) -> Sentence | None:
    """Look for requests that differ by one parameter and get the same records, wherever a list lacks any."""
    for parameter, field, _ in IGNORING:
        by_others: dict[frozenset[tuple[str, object]], list[Interaction]] = defaultdict(list)
        for each in listed.lists:
            if parameter in each.params and each.records:
                others = frozenset((name, value) for name, value in each.params.items() if name != parameter)
                by_others[others].append(each)
        alike = [same for same in by_others.values() if len({_content(each, listed.evidence) for each in same}) == 1]
        alike = [same for same in alike if len({each.params[parameter] for each in same}) > 1]
        odd = next((same for same in alike if any(each in listed.incomplete for each in same)), None)
        if odd and all(any(each in same for same in alike) for each in listed.incomplete):
            number = len({each.params[parameter] for each in odd})
            what = f"the same {len(odd[0].records):,} records come to {number} requests that differ in it"
            return f"{listed.operation} ignores {parameter}: {what} (a cache?)", field
    return None


def missing(listed: Listed) -> Sentence | None:
    """Count the records that lists lack."""
    odd = listed.incomplete
    if not odd:
        return None
    lost = sum(len(listed.lacking(each)) for each in odd)
    total = sum(len(listed.belonging(each)) for each in odd)
    where = share(odd, [each for each in listed.lists if each not in odd and listed.belonging(each)])
    oldest = "the oldest " if lost < total and all(_lacks_oldest(listed, each) for each in odd) else ""
    most = max(len(each.records) for each in listed.lists)
    limit = f", which shows at most {most:,}" if {len(each.records) for each in odd} == {most} and most else ""
    counts = f"{oldest}{lost:,} of {total:,}" if lost < total or total == 1 else f"all {total:,}"
    common = _common(listed, odd)
    return f"{counts} records are missing in {listed.operation}{where}{limit}{common}", None


def _common(listed: Listed, odd: Sequence[Interaction]) -> str:
    """Return what all missing records have, and none of those that the same lists show."""
    lost = [record.data for each in odd for record in listed.lacking(each)]
    shown = [record.data for each in odd for record in each.records]
    for name in COMMON:
        value = lost[0].get(name)
        is_of_lost = value is not None and all(data.get(name) == value for data in lost)
        if is_of_lost and shown and len(lost) > 1 and all(data.get(name) != value for data in shown):
            return f", all with the {name} {str(value)[:40]}"
    return ""


def _lacks_an_end(listed: Listed, each: Interaction) -> bool:
    """Return whether a list lacks the oldest or the newest of its records, and none between."""
    kept = [record.timestamp for record in each.records if record.timestamp is not None]
    lost = [record.timestamp or 0 for record in listed.lacking(each)]
    return not kept or max(lost) < min(kept) or min(lost) > max(kept)


def _lacks_oldest(listed: Listed, each: Interaction) -> bool:
    kept = [record.timestamp for record in each.records if record.timestamp is not None]
    return all((record.timestamp or 0) < min(kept, default=1 << 40) for record in listed.lacking(each))
