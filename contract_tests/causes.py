"""Causes: the findings of all checks, grouped by what is probably wrong with the API, each in one sentence.

One fault breaks several rules: a truncated list lacks records in one window, and does not add up to its summary. Here
the evidence is looked at as a whole: what the odd responses have in common (a parameter, a length, an end of a window)
names the cause, and every finding that it explains is grouped under it. A cause never changes a verdict.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import NONEXISTENT_ID, Interaction
from civis_usage.contract_tests.collect.record import Record, identity
from civis_usage.contract_tests.collect.window import DAY, Window
from civis_usage.contract_tests.results import Cause, Finding, Result, Verdict
from civis_usage.schemas import OPERATIONS, load

__all__ = ["causes"]

SUMMARY, LISTS = "get_llm_organization_summary", ("list_llm", "list_matching")
HOUR = 3600
NEVER = 10**12
SHIFTS = (1, 60, HOUR, *(hours * HOUR for hours in range(2, 15)), DAY, 2 * DAY, 7 * DAY, 31 * DAY)
"""Amounts by which an end of a window is plausibly off, in seconds."""
ROUND = (10, 20, 25, 50, 250, 1024, 2048, 4096)
"""Lengths at which lists are often truncated, beside multiples of a hundred."""
RELATIONS = (
    "-organization", "-window", "-start-only", "-end-only", "-once", "-repeat", "-default-window", "-task-idr",
    "-task-cdm", "-without-organization", "-without-dates", "-sum", "-long", "-nothing", "-equals-listed",
)  # fmt: skip
"""How the ids of checks end that compare responses with their queries and with each other."""
_DEVIATES = (Verdict.FAILED, Verdict.WARNING, Verdict.WAIVED, Verdict.INFO)


@dataclass(frozen=True)
class _Open:
    """A finding that no cause explains yet."""

    result: Result
    finding: Finding

    @property
    def operation(self) -> str:
        return self.result.check.operation

    @property
    def rule(self) -> str:
        """The check's id without its operation."""
        return self.result.check.id.removeprefix(self.operation.replace("_", "-"))

    @property
    def is_relation(self) -> bool:
        return self.result.check.id.endswith(RELATIONS)


def causes(evidence: Evidence, results: Iterable[Result]) -> tuple[Cause, ...]:
    """Return the causes of what deviates: those that fail a run first, and then the most explained findings."""
    waiting = [_Open(result, finding) for result in results for finding in result.findings]
    found: list[Cause] = []

    def explain(operation: str, sentence: str, field: str | None, explains: Callable[[_Open], bool]) -> None:
        mine = [each for each in waiting if explains(each)]
        if mine:
            waiting[:] = [each for each in waiting if each not in mine]
            verdict = min((each.result.verdict for each in mine), key=_DEVIATES.index)
            mine.sort(key=lambda each: (each.finding.message != sentence, each.operation != operation))
            listed = tuple((each.result.check.id, each.finding) for each in mine)
            found.append(Cause(sentence, operation, field, verdict, listed))

    _objects(evidence, waiting, explain)
    _fields(evidence, waiting, explain)
    _bodies(evidence, waiting, explain)
    for operation in LISTS:
        if any(each.is_relation and _concerns(each, operation) for each in waiting):
            sentence = _Lists(evidence, operation).sentence()
            if sentence is not None:
                explain(operation, *sentence, partial(_relates, operation))
    _summaries(evidence, waiting, explain)
    while waiting:
        first = waiting[0]
        alike = [each for each in waiting if _alike(first, each)]
        names = dict.fromkeys(each.operation for each in alike)
        more = f" (and {', '.join(list(names)[1:])} likewise)" if len(names) > 1 else ""
        operation = "any" if more else first.operation
        explain(operation, _plain_sentence(first) + more, first.finding.field, alike.__contains__)
    return tuple(sorted(found, key=lambda cause: (_DEVIATES.index(cause.verdict),)))


def _relates(operation: str, each: _Open) -> bool:
    return each.is_relation and _concerns(each, operation)


def _concerns(each: _Open, operation: str) -> bool:
    """Return whether a finding may come from a wrong list: its sums and its single records are compared with it."""
    return each.operation == operation or (
        operation == "list_llm" and each.operation in (SUMMARY, "get_llm") and not each.result.check.id.endswith(
            ("summary-organization", "summary-nothing")
        )
    )  # fmt: skip


def _alike(first: _Open, second: _Open) -> bool:
    """Return whether two findings break one rule, maybe of several operations, or relations of one operation."""
    if first.result.check is second.result.check or first.rule == second.rule:
        return first.finding.field == second.finding.field or first.is_relation
    return first.is_relation and second.is_relation and first.operation == second.operation


def _plain_sentence(each: _Open) -> str:
    """Return a finding's own sentence, with its operation."""
    message, operation = each.finding.message, each.operation
    return message if operation == "any" or operation in re.split(r"[^\w]", message) else f"{operation}: {message}"


# -- fields


def _objects(evidence: Evidence, waiting: list[_Open], explain: Callable[..., None]) -> None:
    """Group what is said of objects that are something else than documented: none of their fields is there."""
    for operation in OPERATIONS:
        documented = load(OPERATIONS[operation].body)["properties"].keys()
        came = [each for each in evidence.of(operation) if each.status == 200 and each.items]
        odd = [
            each for each in came if any(isinstance(item, dict) and not documented & item.keys() for item in each.items)
        ]
        if not odd:
            continue
        items = (item for item in odd[0].items if isinstance(item, dict) and not documented & item.keys())
        names = ", ".join(list(next(items))[:5])
        kind = "an error" if "error" in names else "another object"
        where = _share(odd, [each for each in came if each not in odd])
        inside = "with" if not OPERATIONS[operation].many else "a list with"
        shown = f"{kind} in place of the documented fields ({names or 'it is empty'})"
        explain(operation, f"{operation} answers 200 {inside} {shown}{where}", None, lambda each, of=operation: (
            each.operation == of
            and (each.is_relation or each.result.check.id.endswith(("-shape", "-nulls", "-unknown")))
        ))  # fmt: skip


def _fields(evidence: Evidence, waiting: list[_Open], explain: Callable[..., None]) -> None:
    """Group what is said of a field that is wrong by its shape."""
    for operation in OPERATIONS:
        for field in dict.fromkeys(
            each.finding.field
            for each in waiting
            if each.operation == operation
            and each.result.check.id.endswith(("-shape", "-nulls"))
            and each.finding.field
        ):
            mine = [each for each in waiting if each.operation == operation and each.finding.field == field]
            if not mine:
                continue
            sentence = _with_operation(mine[0].finding.message, operation)

            def explains(each: _Open, field: str = field, operation: str = operation) -> bool:
                depends = each.operation == operation or each.operation == "any" or (
                    operation == "list_llm" and each.operation in ("get_llm", SUMMARY)
                )  # fmt: skip
                if each.finding.field == field:
                    return depends
                sums = field == "credits" and each.operation == SUMMARY and each.is_relation
                stamps = field == "runCreatedAt" and each.is_relation and each.operation != SUMMARY
                return depends and (sums or stamps or (field == "id" and each.is_relation))

            explain(operation, sentence, field, explains)


def _with_operation(message: str, operation: str) -> str:
    return message if operation in message else f"{message} of {operation}"


def _bodies(evidence: Evidence, waiting: list[_Open], explain: Callable[..., None]) -> None:
    """Group the responses that are not what was promised, by operation."""
    for operation in OPERATIONS:
        wrong = [each for each in waiting if each.operation == operation and each.result.check.id.endswith("-shape")]
        if not wrong:
            continue
        promised = [each for each in evidence.of(operation) if each.is_promised and not each.unavailable]
        refused = [each for each in promised if each.status != 200]
        if refused:
            status = refused[0].status
            good = [each for each in promised if each.status == 200]
            where = _feature([each for each in refused if each.status == status], good)
            sentence = f"{operation} answers {status} instead of 200{where}"
            if not where:
                names = " and ".join(refused[0].params) or "no parameter"
                sentence += f", as to a request with {names}"
        else:
            sentence = _plain_sentence(wrong[0])
        explain(operation, sentence, None, lambda each, of=operation: each.operation == of and (
            each.result.check.id.endswith("-shape") or each.is_relation))  # fmt: skip


# -- what the odd responses have in common

Feature = tuple[Callable[[Interaction], bool], str]


def _features(interactions: Sequence[Interaction]) -> Iterator[Feature]:
    """Yield what may tell the odd responses from the others, the plainest first."""
    dates = {"start_date", "end_date"}
    yield (lambda each: set(each.params) == {"org_id"}), " when only org_id is given"
    yield (lambda each: not each.params), " when no parameter is given"
    yield (lambda each: each.params.get("id") == NONEXISTENT_ID), " for an unknown id"
    yield (lambda each: "task" in each.params), " when task is given"
    yield (lambda each: "task" not in each.params), " when task is not given"
    yield (lambda each: dates <= set(each.params)), " when both dates are given"
    yield (lambda each: not dates & set(each.params)), " when no dates are given"
    yield (lambda each: set(each.params) & dates == {"start_date"}), " when start_date is given alone"
    yield (lambda each: set(each.params) & dates == {"end_date"}), " when end_date is given alone"
    yield (lambda each: len(set(each.params) & dates) < 2), " when a date is not given"
    yield (lambda each: "start_date" not in each.params), " when start_date is not given"
    yield (lambda each: "end_date" not in each.params), " when end_date is not given"
    yield (lambda each: "org_id" not in each.params), " when org_id is not given"
    yield (lambda each: "org_id" in each.params), " when org_id is given"
    yield _has_offset, " when the dates have a UTC offset"
    for org in dict.fromkeys(each.params.get("org_id") for each in interactions):
        if org is not None:
            yield partial(_has, "org_id", org), f" for organization {org}"
    for task in ("IDR", "CDM"):
        yield partial(_has, "task", task), f" when task is {task}"
    for combination in dict.fromkeys(tuple(each.params) for each in interactions):
        named = " and ".join((", ".join(combination[:-1]), combination[-1]) if combination[1:] else combination)
        yield partial(_has_only, combination), f" when only {named} are given"
    for days in (1, 7, 31, 92, 183, 366):
        yield partial(_is_longer, days), f" in windows of more than {days} days"
        yield partial(_is_no_longer, days), f" in windows of at most {days} days"


def _has(name: str, value: object, interaction: Interaction) -> bool:
    return interaction.params.get(name) == value


def _has_only(names: tuple[str, ...], interaction: Interaction) -> bool:
    return tuple(interaction.params) == names


def _is_longer(days: int, interaction: Interaction) -> bool:
    return _days(interaction) > days


def _is_no_longer(days: int, interaction: Interaction) -> bool:
    return _days(interaction) <= days


def _has_offset(interaction: Interaction) -> bool:
    return any(not str(interaction.params.get(name, "Z")).endswith("Z") for name in ("start_date", "end_date"))


def _days(interaction: Interaction) -> float:
    return interaction.window.days if interaction.window and interaction.window.is_closed else -1.0


def _feature(odd: Sequence[Interaction], others: Sequence[Interaction]) -> str:
    """Return what all odd responses have, and none of the others; nothing where there is no such thing."""
    if not others:
        return ""
    for holds, words in _features([*odd, *others]):
        if all(map(holds, odd)) and not any(map(holds, others)):
            return words
    return ""


def _share(odd: Sequence[Interaction], others: Sequence[Interaction]) -> str:
    """Return what tells the odd responses from the others, or how many they are."""
    where = _feature(odd, others)
    return where or (f" in {len(odd)} of {len(odd) + len(others)} responses" if others else "")


def _duration(seconds: int) -> str:
    for size, noun in ((DAY, "day"), (HOUR, "hour"), (60, "minute")):
        if seconds % size == 0:
            return f"{seconds // size} {noun}{'s' * (seconds != size)}"
    return f"{seconds} second{'s' * (seconds != 1)}"


# -- lists


class _Lists:
    """Diagnoses the lists of one operation by each other."""

    def __init__(self, evidence: Evidence, operation: str) -> None:
        self._evidence = evidence
        self._operation = operation
        self._lists = [each for each in evidence.lists(operation) if self._is_readable(each)]
        self._known: dict[object, Record] = {}
        for each in self._lists:
            for record in each.records:
                self._known.setdefault(identity(record), record)
        self._got = {id(each): {identity(record) for record in each.records} for each in self._lists}

    def _is_readable(self, each: Interaction) -> bool:
        """Return whether its parameters can be read: one that cannot may be ignored."""
        window = each.window is not None
        return (
            window and isinstance(each.params.get("org_id", 0), int) and each.params.get("task") in (None, "IDR", "CDM")
        )

    def sentence(self) -> tuple[str, str | None] | None:
        """Return the cause in one sentence, and the field that it concerns; ``None`` where the lists are consistent."""
        for diagnose in (
            self._repeated, self._other_organization, self._other_task, self._truncated, self._ends, self._default,
            self._twice, self._altered, self._missing,
        ):  # fmt: skip
            if sentence := diagnose():
                return sentence
        return None

    def _repeated(self) -> tuple[str, str | None] | None:
        """Look for one query with several answers."""
        by_query: dict[object, list[Interaction]] = defaultdict(list)
        for each in self._lists:
            by_query[each.query].append(each)
        several = [each for each in by_query.values() if len(each) > 1]
        changed = [each for each in several if len({_content(other, self._evidence) for other in each}) > 1]
        if not changed:
            return None
        alien = [each for each in self._lists if self._aliens(each)]
        if alien and any(self._aliens(a) and not self._aliens(b) for pair in changed for a in pair for b in pair):
            every = [each for each in self._lists if each.params.get("org_id") is not None]
            return (
                f"one response of {self._operation} in {max(2, round(len(every) / len(alien)))} ignores org_id",
                "organizationId",
            )
        first, second = changed[0][0], changed[0][-1]
        one, other = ({identity(r): r for r in each.records} for each in (first, second))
        fields = Counter(name for key in one.keys() & other.keys() for name in one[key].differences(other[key]))
        if fields and one.keys() == other.keys():
            field = fields.most_common(1)[0][0]
            return (
                f"{self._operation} is not reproducible: {field} differs in {fields[field]:,} of {len(one):,} records "
                "when the same request is sent again"
            ), field
        return (
            f"{self._operation} is not reproducible: the same request gives {len(first.records):,} records, and then "
            f"{len(second.records):,} with {len(one.keys() ^ other.keys()):,} others"
        ), None

    def _aliens(self, each: Interaction) -> list[Record]:
        org = each.params.get("org_id")
        return [record for record in each.records if org is not None and record.org not in (org, None)]

    def _other_organization(self) -> tuple[str, str | None] | None:
        with_org = [each for each in self._lists if each.params.get("org_id") is not None and each.records]
        odd = [each for each in with_org if self._aliens(each)]
        if not odd:
            return None
        wrong, total = sum(len(self._aliens(each)) for each in odd), sum(len(each.records) for each in odd)
        where = _share(odd, [each for each in with_org if each not in odd])
        if wrong < total / 4:
            return (
                f"{wrong:,} of {total:,} records of {self._operation} belong to another organization{where}",
                "organizationId",
            )
        return f"{self._operation} ignores org_id{where}", "organizationId"

    def _other_task(self) -> tuple[str, str | None] | None:
        with_task = [each for each in self._lists if "task" in each.params and each.records]

        def others(each: Interaction) -> list[Record]:
            return [r for r in each.records if not r.is_of_task(each.params["task"])]

        odd = [each for each in with_task if others(each)]
        if not odd:
            return None
        where = _share(odd, [each for each in with_task if each not in odd])
        wrong, total = sum(len(others(each)) for each in odd), sum(len(each.records) for each in odd)
        if wrong < total / 10:
            return (
                f"{wrong:,} of {total:,} records of {self._operation} have another task than the one asked for{where}",
                "task",
            )
        return f"{self._operation} ignores task{where}", "task"

    def _belonging(self, each: Interaction) -> dict[object, Record]:
        """Return the known records that must be in a list."""
        window, org, task = each.window or Window(None, None), each.params.get("org_id"), each.params.get("task")
        if org is None or "start_date" not in each.params:
            return {}
        return {
            key: record
            for key, record in self._known.items()
            if record.org == org and record.is_of_task(task) and window.contains(record.timestamp)
            and (record.timestamp or 0) <= self._evidence.settled_until
        }  # fmt: skip

    @cached_property
    def _lacking(self) -> dict[int, list[Record]]:
        return {
            id(each): [record for key, record in self._belonging(each).items() if key not in self._got[id(each)]]
            for each in self._lists
        }

    def _truncated(self) -> tuple[str, str | None] | None:
        """Look for a length at which all lists end that should have more."""
        lacking = [each for each in self._lists if self._lacking[id(each)]]
        sizes = Counter(len(each.records) for each in self._lists)
        most = max(sizes, default=0)
        size = len(lacking[0].records) if lacking else most
        if size < 2 or any(len(each.records) != size for each in lacking):
            return None
        is_round = size in ROUND or size % 100 == 0
        if is_round and (lacking or (size >= 100 and sizes[size] > 1)):
            others = [each for each in self._lists if len(each.records) > size]
            full = [each for each in self._lists if len(each.records) == size]
            return f"{self._operation} returns at most {size:,} records{_feature(full, others)}", None
        return None

    def _ends(self) -> tuple[str, str | None] | None:
        """Look at records on the wrong side of a window's end."""
        early, late = self._outside("start_date"), self._outside("end_date")
        both = [each for each in early[0] if each in late[0]]
        lost_first, lost_last = self._lost("start_date"), self._lost("end_date")
        offset = [*early[0], *late[0], *lost_first[0], *lost_last[0]]
        if offset and all(map(_has_offset, offset)) and not lost_first[0] and not lost_last[0] and all(
            not odd or _fits(hours * HOUR, *self._reach(odd, name))
            for odd, name, hours in ((early[0], "start_date", 5), (late[0], "end_date", 2))
        ):  # fmt: skip
            return f"{self._operation} ignores the UTC offset of start_date and end_date (the time zone)", None
        if both and not early[1] and not late[1]:
            where = _share(
                both,
                [each for each in self._lists if each not in both and {"start_date", "end_date"} & set(each.params)],
            )
            return f"{self._operation} ignores start_date and end_date{where}", None
        for one, other in ((early, lost_last), (late, lost_first)):
            if one[0] and other[0] and one[1] and one[1] == other[1]:
                return (
                    f"{self._operation} reads start_date and end_date in another time zone: "
                    f"both are off by {_duration(one[1])}",
                    None,
                )
        for name, (odd, shift, others) in (("start_date", early), ("end_date", late)):
            if odd:
                where = _share(odd, others)
                if shift:
                    way = "early" if name == "start_date" else "late"
                    return (
                        f"{name} of {self._operation} is off by up to {_duration(shift)}: "
                        f"records too {way} are listed{where}",
                        None,
                    )
                return f"{self._operation} ignores {name}{where}", None
        for name, (odd, shift, others) in (("start_date", lost_first), ("end_date", lost_last)):
            if odd and shift:
                where = _share(odd, others)
                return (
                    f"{name} of {self._operation} is off by up to {_duration(shift)}: "
                    f"records within the window are missing{where}",
                    None,
                )
        return None

    def _distance(self, record: Record, each: Interaction, name: str) -> int:
        """Return how far a record lies outside of an end: negative where it lies inside."""
        window = each.window or Window(None, None)
        at = record.timestamp or 0
        return (window.start or 0) - at if name == "start_date" else at - (window.end or 0)

    def _reach(self, odd: Sequence[Interaction], name: str) -> tuple[int, int]:
        """Return how far outside of an end the farthest listed record lies, and the nearest that is not listed."""
        reach, beyond = 0, NEVER
        for each in odd:
            farthest = max((self._distance(r, each, name) for r in each.records if r.timestamp is not None), default=0)
            reach = max(reach, farthest)
            unlisted = (
                self._distance(record, each, name)
                for key, record in self._known.items()
                if key not in self._got[id(each)] and record.timestamp is not None
                and record.org == each.params.get("org_id", record.org) and record.is_of_task(each.params.get("task"))
            )  # fmt: skip
            beyond = min([beyond, *(distance for distance in unlisted if distance > farthest)])
        return reach, beyond

    def _outside(self, name: str) -> tuple[list[Interaction], int, list[Interaction]]:
        """Return the lists with records outside of an end, by how much it is off (0 for any), and the other lists."""
        dated = [each for each in self._lists if name in each.params]
        odd = [
            each
            for each in dated
            if any(self._distance(record, each, name) > 1 for record in each.records if record.timestamp is not None)
        ]
        return odd, _shift(*self._reach(odd, name)), [each for each in dated if each not in odd]

    def _lost(self, name: str) -> tuple[list[Interaction], int, list[Interaction]]:
        """Return the lists that lack the records next to an end, by how much it is off, and the other lists."""
        odd, others, reach, kept = [], [], 0, NEVER
        for each in (each for each in self._lists if name in each.params):
            lost = [-self._distance(record, each, name) for record in self._lacking[id(each)]]
            inside = [-self._distance(r, each, name) for r in each.records if r.timestamp is not None]
            if lost and (not inside or max(lost) < min(inside)) and max(lost) < 40 * DAY:
                odd.append(each)
                reach, kept = max(reach, *lost), min([kept, *inside])
            else:
                others.append(each)
        return odd, _shift(reach, kept), others

    def _default(self) -> tuple[str, str | None] | None:
        """Look at the list without dates, where it is the only odd one."""
        undated = [each for each in self._lists if set(each.params) == {"org_id"}]
        if self._operation != "list_llm" or not undated or any(self._lacking.values()):
            return None
        zones = self._evidence.default_windows
        first, last = min(zone.start or 0 for zone in zones), max(zone.end or 0 for zone in zones)
        for each in undated:
            at = [record.timestamp for record in each.records if record.timestamp is not None]
            mine = [r for r in self._known.values() if r.org == each.params["org_id"] and r.timestamp]
            surely = (
                Window(max(zone.start or 0 for zone in zones), self._evidence.settled_until)
                if max(zone.start or 0 for zone in zones) < self._evidence.settled_until
                else None
            )
            lost = [
                r for r in mine if surely and surely.contains(r.timestamp) and identity(r) not in self._got[id(each)]
            ]
            days = "the default window of list_llm is not the current month up to the end of today"
            if at and min(at) < first - 1:
                return f"{days}: without dates it lists records before this month, from {_stamp(min(at))} on", None
            if at and max(at) > last + 1:
                return f"{days}: without dates it lists records after today, until {_stamp(max(at))}", None
            if lost:
                return f"{days}: without dates {len(lost):,} records of this month are missing", None
        return None

    def _twice(self) -> tuple[str, str | None] | None:
        for each in self._lists:
            counts = Counter(record.key for record in each.records)
            repeated = sum(count > 1 for count in counts.values())
            if repeated:
                return f"{self._operation} lists {repeated:,} of {len(counts):,} records more than once", None
        return None

    def _altered(self) -> tuple[str, str | None] | None:
        fields: Counter[str] = Counter()
        odd: dict[int, Interaction] = {}
        compared: set[object] = set()
        for each in self._lists:
            for record in each.records:
                key = identity(record)
                first = self._known[key]
                if first is not record:
                    compared.add(key)
                    if names := first.differences(record):
                        fields.update(names)
                        odd[id(each)] = each
        if not fields:
            return None
        field, count = fields.most_common(1)[0]
        return (
            f"{field} differs between the responses of {self._operation} in {count:,} records, and is not reproducible",
            field,
        )

    def _missing(self) -> tuple[str, str | None] | None:
        odd = [each for each in self._lists if self._lacking[id(each)]]
        if not odd:
            return None
        lost = sum(len(self._lacking[id(each)]) for each in odd)
        total = sum(len(self._belonging(each)) for each in odd)
        where = _share(odd, [each for each in self._lists if each not in odd and self._belonging(each)])
        oldest = "the oldest " if all(map(self._lacks_oldest, odd)) else ""
        return f"{oldest}{lost:,} of {total:,} records are missing in {self._operation}{where}", None

    def _lacks_oldest(self, each: Interaction) -> bool:
        kept = [record.timestamp for record in each.records if record.timestamp is not None]
        return all((record.timestamp or 0) < min(kept, default=1 << 40) for record in self._lacking[id(each)])


def _shift(reach: int, beyond: int) -> int:
    """Return a plausible amount between the farthest record that was moved and the nearest that was not; 0 for none."""
    if beyond >= NEVER:
        return 0
    return next((shift for shift in SHIFTS if _fits(shift, reach, beyond)), 0)


def _fits(shift: int, reach: int, beyond: int) -> bool:
    return reach - 1 <= shift < beyond + 1


def _content(interaction: Interaction, evidence: Evidence) -> object:
    settled = (r.key for r in interaction.records if (r.timestamp or 0) <= evidence.settled_until)
    return frozenset(Counter(settled).items())


def _stamp(at: int) -> str:
    return str(Window(at, None)).partition(" ")[0]


# -- summaries


def _summaries(evidence: Evidence, waiting: list[_Open], explain: Callable[..., None]) -> None:
    """Diagnose summaries by what the lists say of other windows and organizations."""
    mine = [each for each in waiting if each.operation == SUMMARY and each.is_relation
            and not each.result.check.id.endswith(("-organization", "-nothing"))]  # fmt: skip
    if not mine:
        return
    sentence = _summary_sentence(evidence, mine)
    explain(SUMMARY, sentence, "credits", lambda each: each in mine)


Move = Callable[[int], int | None]
Ends = Callable[[int | None, int | None], tuple[int | None, int | None]]


def _ends(first: Move, last: Move) -> Ends:
    """Return how both ends are moved; an open end stays open."""
    return lambda start, end: (None if start is None else first(start), None if end is None else last(end))


def _moved(seconds: int) -> Move:
    return lambda at: at + seconds


def _down(size: int) -> Move:
    return lambda at: at // size * size


def _up(size: int) -> Move:
    return lambda at: -(-at // size) * size


def _nowhere(_: int) -> None:
    return None


IGNORED = 3
"""How many of the moves ignore an end; the others move it by an amount."""


def _moves() -> Iterator[tuple[Ends, str]]:
    """Yield how the ends of a window may be moved, and in which words."""
    kept = _moved(0)
    yield _ends(_nowhere, kept), "{} ignores start_date"
    yield _ends(kept, _nowhere), "{} ignores end_date"
    yield _ends(_nowhere, _nowhere), "{} ignores start_date and end_date"
    for size, noun in ((DAY, "day"), (HOUR, "hour")):
        yield _ends(_down(size), kept), f"{{}} counts from the start of start_date's {noun}"
        yield _ends(_up(size), kept), f"{{}} counts from the end of start_date's {noun}"
        yield _ends(kept, _up(size)), f"{{}} counts to the end of end_date's {noun}"
        yield _ends(kept, _down(size)), f"{{}} counts to the start of end_date's {noun}"
        yield _ends(_down(size), _up(size)), f"{{}} widens start_date and end_date to whole {noun}s"
        yield _ends(_down(size), _down(size)), f"{{}} cuts start_date and end_date to their {noun}"
    for shift in SHIFTS[1:]:
        for move in (_moved(-shift), _moved(shift)):
            yield _ends(move, kept), f"start_date of {{}} is off by {_duration(shift)}"
            yield _ends(kept, move), f"end_date of {{}} is off by {_duration(shift)}"
            yield (
                _ends(move, move),
                (f"{{}} reads start_date and end_date in another time zone: both are off by {_duration(shift)}"),
            )


def _summary_sentence(evidence: Evidence, waiting: list[_Open]) -> str:
    known: dict[object, Record] = {}
    for each in evidence.lists("list_llm"):
        for record in each.records:
            known.setdefault(identity(record), record)
    records = [record for record in known.values() if record.timestamp is not None]
    by_query: dict[object, set[float]] = defaultdict(set)
    for each in evidence.summaries:
        by_query[each.query].add(each.json["credits"])
    if any(max(values) - min(values) > 0.02 + max(values) * 1e-4 for values in by_query.values()):
        return f"credits of {SUMMARY} are not reproducible: the same request gives other credits when it is sent again"
    requests = {each.finding.request for each in waiting}
    odd = [each for each in evidence.summaries if each.request in requests]
    others = [each for each in evidence.summaries if each not in odd and each.params.get("org_id")]

    def close(each: Interaction, value: float) -> bool:
        return abs(value - float(each.json["credits"])) <= 0.02 + abs(value) * 1e-4

    def within(move: Ends | None, *, org: bool = True) -> Callable[[Interaction], float]:
        """Return the credits that a summary would have if it moved the ends of its window, or ignored ``org_id``."""

        def make(each: Interaction) -> float:
            window = each.window or Window(None, None)
            if window == Window(None, None):
                window = Window(evidence.default_windows[0].start, evidence.default_windows[-1].end)
            start, end = move(window.start, window.end) if move else (window.start, window.end)
            return sum(
                record.credits
                for record in records
                if (not org or record.org == each.params["org_id"])
                and (start is None or (record.timestamp or 0) >= start)
                and (end is None or (record.timestamp or 0) <= end)
            )

        return make

    where = _share(odd, others)
    trials = [(within(None, org=False), f"{SUMMARY} ignores org_id")]
    moves = list(_moves())
    if len({each.query for each in odd}) == 1:  # an amount that explains one number alone may be chance
        moves = moves[:IGNORED]
    trials += [(within(move), words.format(SUMMARY)) for move, words in moves]
    for make, sentence in trials:
        if odd and all(close(each, make(each)) for each in odd) and any(abs(make(each)) > 0.05 for each in odd):
            if all(map(_has_offset, odd)):
                break
            return sentence + where
    if odd and all(map(_has_offset, odd)):
        return f"{SUMMARY} ignores the UTC offset of start_date and end_date (the time zone)"
    if not odd:
        return _plain_sentence(waiting[0])
    if where == " when only org_id is given" or (
        odd and all(not {"start_date", "end_date"} & set(e.params) for e in odd)
    ):
        found = waiting[0].finding.message
        return f"the default window of {SUMMARY} is not the current month up to the end of today: {found}"
    return f"list_llm and its summary disagree{where}: {SUMMARY} shows {waiting[0].finding.message}"
