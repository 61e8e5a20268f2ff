"""Where a list and its summary disagree, summaries of parts of the window find the place."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civis_usage.contract_tests.checks.sums import disagreements
from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import Credentials, Interaction, Query
from civis_usage.contract_tests.collect.window import Window, format_timestamp
from civis_usage.contract_tests.narrow import narrower
from civis_usage.contract_tests.results import Verdict
from civis_usage.contract_tests.runner import MAX_CONFIRMATIONS, MAX_NARROWER

from .deviations import DEVIATIONS
from .judging import judge, wrong
from .standin_server import serving

NOW = int(datetime(2026, 5, 19, 15, tzinfo=UTC).timestamp())
WINDOW = Window(NOW - 40 * 86400, NOW - 10 * 86400)
SUMMARY = "get_llm_organization_summary"


def answered(query: Query, body: Any) -> Interaction:
    at = datetime.fromtimestamp(NOW, UTC)
    content = json.dumps(body).encode()
    return Interaction(query.operation, dict(query.params), Credentials.VALID, at, 200, {}, content)


def record(number: int, at: int) -> dict[str, Any]:
    ids = {"id": number, "runId": number, "jobId": 1, "userId": 1, "organizationId": 1, "runTime": 1}
    tokens = {"inputTokens": 1, "outputTokens": 1, "modelId": "m"}
    return ids | tokens | {"runCreatedAt": format_timestamp(at), "credits": 1.0 + number / 8}


def summary(window: Window, records: list[dict[str, Any]], lost: int) -> Interaction:
    """Return the summary of an API that forgets one record."""
    inside = [
        each["credits"]
        for number, each in enumerate(records)
        if number != lost and window.contains(int(datetime.fromisoformat(each["runCreatedAt"]).timestamp()))
    ]
    query = Query.of(SUMMARY, org_id=1, **window.params)
    return answered(query, {"credits": math.fsum(inside), "organizationId": 1})


def evidence(*made: Interaction) -> Evidence:
    numbered = tuple(replace(each, number=number) for number, each in enumerate(made))
    return Evidence(numbered, NOW, 1262304000, NOW - 86400, (1,))


@given(st.sets(st.integers(1, 2000), min_size=1, max_size=40), st.data())
def test_each_request_halves_the_window_around_what_is_lost(hours: set[int], data: st.DataObject) -> None:
    start = WINDOW.start or 0
    records = [record(number, start + hour * 1200) for number, hour in enumerate(sorted(hours))]
    lost = data.draw(st.integers(0, len(records) - 1))
    listing = answered(Query.of("list_llm", org_id=1, **WINDOW.params), records)
    made = [listing, summary(WINDOW, records, lost)]
    requests = 0
    while query := narrower(evidence(*made)):
        window = Window.of(dict(query.params))
        assert window is not None and WINDOW.encloses(window)
        made.append(summary(window, records, lost))
        requests += 1
    assert requests <= 2 * math.ceil(math.log2(len(records) + 1)), "each half at most once"
    smallest = min(
        (each.window for each, _ in disagreements(evidence(*made)) if each.window), key=lambda each: each.days
    )
    instants = [start + hour * 1200 for hour in sorted(hours)]
    assert [at for at in instants if smallest.contains(at)] == [instants[lost]]


def test_where_all_agree_nothing_is_requested() -> None:
    records = [record(number, (WINDOW.start or 0) + number * 3600 + 100) for number in range(9)]
    listing = answered(Query.of("list_llm", org_id=1, **WINDOW.params), records)
    assert narrower(evidence(listing, summary(WINDOW, records, lost=-1))) is None


@pytest.mark.parametrize("id_", ["get_llm_organization_summary: sum-always-ends-yesterday"])
def test_a_run_narrows_within_its_confirmations(id_: str) -> None:
    deviation = next(each for each in DEVIATIONS if each.id == id_)
    standin = deviation.standin(daily={1: 2, 2: 1}, daily_matching={1: 1})
    with serving() as server:
        report = judge(server, standin, max_requests=100)
        usual = judge(server, type(standin)(daily={1: 2, 2: 1}, daily_matching={1: 1}), max_requests=100)
    assert report.count(Verdict.FAILED), wrong(report)
    assert usual.requests < report.requests <= usual.requests + MAX_CONFIRMATIONS + MAX_NARROWER
    assert ", from " in report.causes[0].sentence
