"""Checks of the summary: it is the sum of its list, whatever the window, and names its organization."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from civis_usage.contract_tests.answers import Record
from civis_usage.contract_tests.check_defaults import default_list, readings
from civis_usage.contract_tests.check_lists import histories
from civis_usage.contract_tests.history import History
from civis_usage.contract_tests.registry import check, kept, no_usage
from civis_usage.contract_tests.results import Finding, Outcome
from civis_usage.contract_tests.windows import DAWN, DAY, Window
from civis_usage.contract_tests.witness import Hidden, Witness

OPERATION = "get_llm_organization_summary"
SINGLE = 2.0**-23
"""The relative error of a number in single precision; its sum errs by some of these for each addend."""

COARSEST = 2
"""The fewest decimals that a summary may show: those of an amount of money, which some cut off in place of rounding."""

RECORD_ROUNDING = 1e-6
"""How far a listed credit may stand from the one that is added up: the list may show six decimals of it."""


def tolerance(witness: Witness, total: float, addends: int) -> float:
    """Give how far a summary may stand from the sum of its list.

    It may be rounded (to two decimals at the coarsest; the decimals seen in this run's summaries say how coarsely),
    up, down or to the nearest where two decimals are shown, and it may have been added up in single precision.
    """
    decimals = witness.summary_decimals
    rounding = (1.0 if decimals <= COARSEST else 0.5) * 10.0**-decimals * 1.02 + addends * RECORD_ROUNDING
    return rounding + abs(total) * SINGLE * (2 + math.sqrt(addends))


def _held(
    witness: Witness,
    request: str,
    credits: float,  # noqa: A002 - the field's name
    least: float,
    most: float,
    addends: int,
) -> list[Finding]:
    slack = tolerance(witness, max(abs(least), abs(most)), addends)
    if least - slack <= credits <= most + slack:
        return []
    text = f"{credits:.6f} credits, but the {addends} listed records add up to {most:.6f}"
    return [Finding(text, request=request)]


def _total(records: Sequence[Record]) -> float:
    return math.fsum(record.credits for record in records)


@check(f"{OPERATION.replace('_', '-')}-sum", OPERATION, "A summary's credits are the sum of the credits in its list.")
def sums(witness: Witness) -> Outcome:
    """Compare with the sums of the windows that the lists have shown, for every organization."""
    findings, seen = [], []
    for number, history in enumerate(histories(witness, "list_llm")):
        window = history.focus
        expected = history.sum(window) if window else None
        if window is None or expected is None:
            continue
        try:
            credits, request = witness.summary(history.org, window.parameters)  # noqa: A001 - the field's name
        except Hidden as hidden:
            if number == 0 and expected[0] > 0:
                findings.append(Finding(f"{hidden}, though the list shows {expected[2]} records"))
            continue
        findings += _held(witness, request, credits, *expected)
        seen.append(f"{credits:.2f} credits of {expected[2]} records")
    return kept(", ".join(seen), findings) if seen or findings else no_usage("no usage to add up")


@check("get-llm-organization-summary-start-only", OPERATION, "With start_date alone, a summary begins there.")
def start_only(witness: Witness) -> Outcome:
    """Compare with the list that begins at the same instant."""
    history = witness.history("list_llm", witness.organizations[0])
    if history.late is None:
        return no_usage("too few runs to begin a summary between two of them")
    window = Window(history.late, None)
    answer = witness.ask(OPERATION, {"org_id": history.org, **window.parameters}, legitimate=False)
    if 400 <= answer.status < 500:
        return kept(f"{answer.status}: a start alone is refused")
    return _against_list(witness, history, history.ask(window)[0], window)


@check(
    "get-llm-organization-summary-default-window",
    OPERATION,
    "With neither date, a summary covers the current month up to the end of the current day.",
)
def default_window(witness: Witness) -> Outcome:
    """Compare with the list that has neither date, or where that is very long, with the summaries of its bounds."""
    history = witness.history("list_llm", witness.organizations[0])
    if history.month_is_long:
        return _between(witness, history)
    _, got, _ = default_list(witness)
    outcome = _against_list(witness, history, got, Window(None, None))
    findings = list(outcome.findings)
    for other in [each for each in witness.histories("list_llm") if each is not history and not each.month_is_long]:
        findings += _against_list(witness, other, other.ask(Window(None, None))[0], Window(None, None)).findings
    return replace(outcome, findings=tuple(findings))


def _between(witness: Witness, history: History) -> Outcome:
    """Hold the default summary between that of what every time zone counts to this month, and of what any does."""
    zones = readings(witness.now)
    starts = [zone.start or 0 for zone in zones]
    sure = Window(max(starts), witness.now - DAY)
    least = witness.summary(history.org, sure.parameters)[0] if max(starts) < witness.now - DAY else 0.0
    credits, request = witness.summary(history.org, {})  # noqa: A001 - the field's name
    most = witness.summary(history.org, Window(min(starts), witness.now + 2 * DAY).parameters)[0]
    slack = tolerance(witness, most, int(history.density * 31))
    findings = []
    if not least - slack <= credits <= most + slack:
        text = f"{credits:.6f} credits, but this month has at least {least:.6f} and at most {most:.6f}"
        findings.append(Finding(text, request=request))
    return kept(f"{least:.2f} ≤ {credits:.2f} ≤ {most:.2f} credits", findings)


def _against_list(witness: Witness, history: History, before: Sequence[Record], window: Window) -> Outcome:
    """Hold a summary against an open window's list; on a mismatch, ask for it again: runs may have been recorded."""
    try:
        credits, request = witness.summary(history.org, window.parameters)  # noqa: A001 - the field's name
    except Hidden as hidden:
        if _total(before) <= 0 or history.org != witness.organizations[0]:
            return no_usage(f"{hidden}")
        return kept("no summary", [Finding(f"{hidden}, though the list shows {len(before)} records")])
    sums = [_total(before)]
    findings = _held(witness, request, credits, sums[0], sums[0], len(before))
    if findings:
        sums.append(_total(history.ask(window, again=True)[0]))
        findings = _held(witness, request, credits, min(sums), max(sums), len(before))
    if not before and not findings:
        return no_usage("no usage to add up")
    return kept(f"{credits:.2f} credits of {len(before)} records", findings)


@check("get-llm-organization-summary-end-only", OPERATION, "With end_date alone, a summary counts nothing later.")
def end_only(witness: Witness) -> Outcome:
    """Compare with the sums of the list that ends there, from whichever run on: the start may default to any day."""
    history = witness.history("list_llm", witness.organizations[0])
    if history.early is None:
        return no_usage("too few runs to end a summary between two of them")
    window = Window(None, history.early)
    answer = witness.ask(OPERATION, {"org_id": history.org, **window.parameters}, legitimate=False)
    if 400 <= answer.status < 500:
        return kept(f"{answer.status}: the start defaults to a later day")
    credits, request = witness.summary(history.org, window.parameters)  # noqa: A001 - the field's name
    if credits == 0:
        return kept("0 credits: the start defaults to a later day, or the older runs were free")
    if history.knows_the_past:
        early = [record.credits for record in history.records if window.holds(record)]
        sums = list(accumulate(reversed(early)))
        near = min(sums, key=lambda total: abs(total - credits), default=0.0)
        findings = _held(witness, request, credits, near, near, len(early))
    else:
        most, _ = witness.summary(history.org, Window(min(DAWN, history.dawn), history.early).parameters)
        findings = _held(witness, request, credits, min(0.0, most), max(0.0, most), 0)
    return kept(f"{credits:.2f} credits for {window}", findings)


@check(
    "get-llm-organization-summary-nothing",
    OPERATION,
    "The summary of a window without usage has a number of credits: 0.",
)
def nothing(witness: Witness) -> Outcome:
    """Ask for a day before anybody's usage; 404 is right as well, since nothing is documented of it."""
    org = witness.organizations[0]
    dawn = witness.history("list_llm", org).dawn
    window = Window(min(dawn, DAWN) - 2 * DAY, min(dawn, DAWN) - DAY)
    answer = witness.ask(OPERATION, {"org_id": org, **window.parameters}, legitimate=False)
    if answer.status == 404:
        return kept("404 for a day without usage")
    credits, request = witness.summary(org, window.parameters)  # noqa: A001 - the field's name
    return kept(f"{credits} credits", [Finding(f"{credits} credits in {window}", request=request)] if credits else [])


@check(
    "get-llm-organization-summary-long",
    OPERATION,
    "A summary of a year or more is the sum of its list, or of the summaries of its parts where the list is long.",
)
def long(witness: Witness) -> Outcome:
    """Hold the base's summary against its list; a busy organization's base is short, so cut its whole time in two."""
    known = histories(witness, "list_llm")
    if not known:
        return no_usage("no usage to add up")
    history = known[0]
    base, middle = history.base, history.early or history.base.window.start
    whole = Window(history.dawn, history.horizon)
    in_parts = middle is not None and history.dawn < middle < history.horizon
    if (base.window.start or 0) <= history.horizon - 400 * DAY or not in_parts:
        credits, request = witness.summary(history.org, base.window.parameters)  # noqa: A001 - the field's name
        expected = history.sum(base.window) or (0.0, 0.0, 0)
        found = _held(witness, request, credits, *expected)
        return kept(f"{credits:.2f} credits of {expected[2]} records", found)
    (total, request), (first, _), (second, _) = (
        witness.summary(history.org, window.parameters)
        for window in (whole, Window(whole.start, middle), Window(middle, whole.end))
    )
    runs = int(len(base.records) / base.window.days * whole.days)
    slack = 3 * tolerance(witness, abs(total), runs)
    findings = []
    if abs(total - first - second) > slack:
        text = (
            f"{total:.6f} credits, but the parts until and from {Window(middle, None)} are {first:.6f} and {second:.6f}"
        )
        findings.append(Finding(text, request=request))
    return kept(f"{first:.2f} + {second:.2f} = {total:.2f} credits", findings)


@check(
    "get-llm-organization-summary-alias",
    OPERATION,
    "The deprecated name list_llm_organization_summary asks the same and gets the same: one object, not a list.",
)
def alias(witness: Witness) -> Outcome:
    """Ask for the focus again, and for its frame, which holds the same, in other UTC offsets."""
    known = histories(witness, "list_llm")
    if not known or known[0].focus is None:
        return no_usage("no window with usage to ask about")
    focus, frame = known[0].focus, known[0].frame or known[0].focus
    first, _ = witness.summary(known[0].org, focus.parameters)
    again, _ = witness.summary(known[0].org, focus.parameters, again=True)
    second, request = witness.summary(known[0].org, frame.elsewhere)
    text = f"{first!r} credits at first, {again!r} when asked again, {second!r} with other offsets"
    _, _, addends = known[0].sum(focus) or (0.0, 0.0, 0)
    slack = 2 * tolerance(witness, first, addends)  # each of two answers may err, and a parallel sum never twice alike
    same = max(abs(first - again), abs(first - second)) <= slack
    return kept("the same answer thrice", [] if same else [Finding(text, request=request)])


@check(
    "get-llm-organization-summary-organization", OPERATION, "A summary names the organization that it was asked for."
)
def organization(witness: Witness) -> Outcome:
    """Look at the organization in every summary of this run."""
    found = [a for a in witness.answers if a.operation == OPERATION and a.status == 200 and a.legitimate and a.is_json]
    bodies = [(answer, answer.json) for answer in found if isinstance(answer.json, dict)]
    findings = [
        Finding(f"organization {body['organizationId']} instead of {asked}", "organizationId", answer.request)
        for answer, body in bodies
        if body.get("organizationId") not in (None, asked := answer.asked["org_id"])
    ]
    return kept(f"{len(bodies)} summaries", findings[:3]) if bodies else no_usage("no summary was given")
