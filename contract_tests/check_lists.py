"""Checks of the two lists: organization, window, each end of it alone, no organization, no usage twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from civis_usage.contract_tests.answers import Record, excerpt
from civis_usage.contract_tests.history import History
from civis_usage.contract_tests.registry import check, kept, no_usage
from civis_usage.contract_tests.results import Finding, Outcome
from civis_usage.contract_tests.windows import DAWN, Fact, Reading, Window, compare, extra, lost, strangers
from civis_usage.contract_tests.witness import Spared, Witness

LISTS = {"list_llm": "list-llm", "list_matching": "list-matching"}


def histories(witness: Witness, operation: str) -> list[History]:
    """Give the histories with any usage in them."""
    return [history for history in witness.histories(operation) if history.records]


def _facts(witness: Witness, operation: str) -> Iterator[tuple[History, Fact]]:
    for history in witness.histories(operation):
        for fact in history.facts:
            yield history, fact


def _seen(facts: list[tuple[History, Fact]]) -> str:
    records = sum(len(fact.records) for _, fact in facts)
    organizations = len({history.org for history, _ in facts})
    return f"{records} records in {len(facts)} windows of {organizations} organization{'s' * (organizations != 1)}"


def _register(operation: str, name: str) -> None:
    @check(
        f"{name}-organization", operation, "A list for an organization holds that organization's usage and no other."
    )
    def organization(witness: Witness) -> Outcome:
        facts = list(_facts(witness, operation))
        if not any(fact.records for _, fact in facts):
            return no_usage("the lists are empty")
        findings = [
            finding
            for history, fact in facts
            for finding in strangers(fact.records, lambda r, org=history.org: r.org in (org, None), fact.request)  # type: ignore[misc]
        ]
        if len(witness.organizations) > 1:
            findings += _shared(facts)
        return kept(_seen(facts), findings)

    @check(f"{name}-window", operation, "A list holds exactly the usage of runs created from start_date to end_date.")
    def window(witness: Witness) -> Outcome:
        findings, usage = [], False
        for history in witness.histories(operation):
            _split(history)
            usage = usage or bool(history.records)
            for fact in history.facts:
                findings += strangers(fact.records, fact.window.holds, fact.request)
                others = [other for other in history.facts if other is not fact]
                findings += lost(fact.records, fact.window.holds, others, fact.request)
        facts = list(_facts(witness, operation))
        return kept(_seen(facts), findings) if usage else no_usage(f"no usage in {len(facts)} windows")

    @check(f"{name}-start-only", operation, "With start_date alone, a list begins there and goes on to the present.")
    def start_only(witness: Witness) -> Outcome:
        history = witness.history(operation, witness.organizations[0])
        if history.late is None:
            return no_usage("too few runs to begin a list between two of them")
        window = Window(history.late, None)
        more, belongs = _filtered(witness, history, window)
        parameters = {"org_id": history.org, **window.parameters, **more}
        answer = witness.ask(operation, parameters, legitimate=False)
        if 400 <= answer.status < 500:
            return kept(f"{answer.status}: a start alone is refused")
        got, request = witness.records(operation, parameters)
        return kept(f"{len(got)} records from {window}", compare(got, belongs, history.facts, request))

    @check(f"{name}-end-only", operation, "With end_date alone, a list holds nothing later.")
    def end_only(witness: Witness) -> Outcome:
        history = witness.history(operation, witness.organizations[0])
        everything = history.is_short and witness.config.start is None
        end = history.early if everything and history.early else DAWN
        window = Window(None, end)
        more, belongs = _filtered(witness, history, window)
        parameters = {"org_id": history.org, **window.parameters, **more}
        answer = witness.ask(operation, parameters, legitimate=False)
        if 400 <= answer.status < 500:
            return kept(f"{answer.status}: the start defaults to a later day")
        got, request = witness.records(operation, parameters)
        if not got:
            return kept(f"no records for {window}: nothing so old, or the start defaults to a later day")
        findings = strangers(got, belongs, request) + lost(got, _since_first(got, belongs), history.facts, request)
        findings += extra([record for record in got if belongs(record)], history.facts, request)
        return kept(f"{len(got)} records for {window}", findings)

    @check(f"{name}-once", operation, "A list shows each usage once.")
    def once(witness: Witness) -> Outcome:
        facts = list(_facts(witness, operation))
        if not any(fact.records for _, fact in facts):
            return no_usage("the lists are empty")
        key = _id if operation == "list_llm" else _whole
        return kept(_seen(facts), [finding for _, fact in facts for finding in _twice(fact, key)])


def _filtered(witness: Witness, history: History, window: Window) -> tuple[dict[str, str], Reading]:
    """Give what to ask for beside an open window, and what belongs to it: of matching runs, those of one task."""
    if history.operation != "list_matching":
        return {}, window.holds
    task = witness.rng.choice(("IDR", "CDM"))
    return {"task": task}, _fits(task, window, history.org)


def _since_first(got: Sequence[Record], belongs: Reading) -> Reading:
    """Give what must be in a list with an end alone: nobody knows where it begins, but then it goes on to its end."""
    first = min((record.second for record in got if record.second is not None), default=None)
    since = Window(first, None)
    return lambda record: belongs(record) if since.holds(record) else None


def _split(history: History) -> None:
    """Ask again for narrow parts of the base: close around some records, and around the oldest of all."""
    focus, eve = history.focus, history.eve
    known = [fact.window for fact in history.facts]
    for window in (focus, eve):
        if window is not None and window not in known:
            history.learn(window)


def _shared(facts: list[tuple[History, Fact]]) -> Iterator[Finding]:
    """Find usage that two organizations' lists show, each as its own: a usage belongs to one of them."""
    owners: dict[object, tuple[int, Record]] = {}
    for history, fact in facts:
        for record in fact.records:
            same = tuple(sorted((k, str(v)) for k, v in record.data.items() if k != "organizationId"))
            owner, _ = owners.setdefault(same, (history.org, record))
            if owner != history.org:
                text = f"organizations {owner} and {history.org} both list {excerpt(record.data, 200)}"
                yield Finding(text, "organizationId", fact.request, excerpt(record.data))
                return


def _id(record: Record) -> object:
    return record.data.get("id", record.facts)


def _whole(record: Record) -> object:
    """Identify a matching usage, which documents no id: a field of that name may be anything."""
    return record.facts


def _twice(fact: Fact, key: Callable[[Record], object]) -> Iterator[Finding]:
    counts = Counter(usage for record in fact.records if isinstance(usage := key(record), int | float | tuple))
    repeated = [usage for usage, count in counts.items() if count > 1]
    if repeated:
        record = next(record for record in fact.records if key(record) == repeated[0])
        text = f"{len(repeated)} of {len(counts)} usages are listed more than once: {excerpt(record.data, 200)}"
        yield Finding(text, request=fact.request, example=excerpt(record.data))


for _operation, _name in LISTS.items():
    _register(_operation, _name)


@check(
    "list-llm-repeat",
    "list_llm",
    "The same question about a closed window has the same answer, wherever between two runs its ends stand.",
)
def repeat(witness: Witness) -> Outcome:
    """Ask for the focus again, and for its frame, which holds the same, with its ends in other UTC offsets."""
    known = histories(witness, "list_llm")
    if not known or known[0].focus is None or known[0].frame is None:
        return no_usage("no window with usage to ask about")
    window = known[0].frame
    first, _ = known[0].ask(known[0].focus)
    second, request = witness.records("list_llm", {"org_id": known[0].org, **window.elsewhere})
    again, same = known[0].ask(known[0].focus, again=True)
    fact = Fact(Window(None, None), tuple(first), "the first answer")
    findings = lost(second, lambda record: True, [fact], request) + extra(second, [fact], request)
    findings += lost(again, lambda record: True, [fact], same) + extra(again, [fact], same)
    return kept(f"{len(first)} and {len(second)} records in {window}", findings)


@check(
    "list-llm-without-organization",
    "list_llm",
    "Without org_id, a list keeps to its window, and shows of an organization what that organization's list shows.",
)
def without_organization(witness: Witness) -> Outcome:
    """Ask for the focus of the first organization without naming it."""
    known = histories(witness, "list_llm")
    if not known or known[0].focus is None:
        return no_usage("no window with usage to ask about")
    window = known[0].focus
    got, request = witness.records("list_llm", window.parameters)
    findings = strangers(got, window.holds, request)
    for history in known:
        mine = [record for record in got if record.org == history.org]
        if mine:
            findings += compare(mine, window.holds, history.facts, request)
    shown = Counter(record.org for record in got)
    return kept(f"{len(got)} records of {len(shown)} organization{'s' * (len(shown) != 1)} in {window}", findings)


def _task(witness: Witness, task: str, histories: list[History], *, named: bool = True) -> Outcome:
    """Hold the list of a task against the lists without: it is exactly their part with that task."""
    findings, seen = [], []
    for history in histories:
        window, frame = history.focus, history.frame
        if window is None or frame is None:
            continue
        ends = frame.elsewhere if named else window.parameters
        parameters = {"task": task, **ends, **({"org_id": history.org} if named else {})}
        got, request = witness.records("list_matching", parameters)
        fits = _fits(task, window, history.org if named else None)
        findings += strangers(got, fits, request)
        mine = [record for record in got if record.org == history.org]
        if named or mine:
            findings += lost(mine, fits, history.facts, request) + extra(mine, history.facts, request)
        whole = sum(bool(window.holds(record)) for record in history.records)
        seen.append(f"{len(got)} records, {whole} without the filter")
    return kept(", ".join(seen), findings) if seen else no_usage("no matching usage to filter")


def _fits(task: str, window: Window, org: int | None) -> Reading:
    def fits(record: Record) -> bool | None:
        right = record.data.get("task") == task and (org is None or record.org == org)
        return window.holds(record) if right else False

    return fits


@check("list-matching-task-idr", "list_matching", "With task=IDR, a list is exactly the IDR part of the list without.")
def task_idr(witness: Witness) -> Outcome:
    """Filter the focus by the first documented task."""
    return _task(witness, "IDR", histories(witness, "list_matching"))


@check("list-matching-task-cdm", "list_matching", "With task=CDM, a list is exactly the CDM part of the list without.")
def task_cdm(witness: Witness) -> Outcome:
    """Filter the focus by the second documented task."""
    return _task(witness, "CDM", histories(witness, "list_matching")[:1])


@check(
    "list-matching-without-organization",
    "list_matching",
    "Without org_id, a list keeps to its window and task, and shows of an organization what that one's list shows.",
)
def task_without_organization(witness: Witness) -> Outcome:
    """Filter the focus by one task, with no organization named."""
    task = witness.rng.choice(("IDR", "CDM"))
    return _task(witness, task, histories(witness, "list_matching")[:1], named=False)


@check("list-matching-without-dates", "list_matching", "Without dates, a list is given, and org_id and task filter it.")
def without_dates(witness: Witness) -> Outcome:
    """Ask without dates where that is short: the documentation promises no default window, nor that there is none."""
    history = witness.history("list_matching", witness.organizations[0])
    if not history.records:
        return no_usage("no matching usage")
    if not history.is_short:
        raise Spared("not asked: the list may be very long")
    task = witness.rng.choice(("IDR", "CDM"))
    got, request = witness.records("list_matching", {"org_id": history.org, "task": task})
    findings = strangers(got, _fits(task, Window(None, None), history.org), request)
    moments = [record.second for record in got if record.second is not None]
    if moments and (hull := Window.between(min(moments), max(moments))):
        findings += lost(got, _fits(task, hull, history.org), history.facts, request)
    return kept(f"{len(got)} records", findings + extra(got, history.facts, request))
