"""Findings are grouped by cause: each is in one group, whatever the API answered, and grouping never fails."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from civis_usage.contract_tests.causes import causes
from civis_usage.contract_tests.checks import CHECKS
from civis_usage.contract_tests.checks.schema import wrong_fields
from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import NONEXISTENT_ID, Credentials, Failure, Interaction
from civis_usage.contract_tests.config import Config
from civis_usage.contract_tests.narrow import narrower
from civis_usage.contract_tests.results import Cause, Finding, Outcome, Report, Result, Verdict
from civis_usage.contract_tests.runner import report
from civis_usage.schemas import OPERATIONS, load

NOW = int(datetime(2026, 5, 19, 15, 26, 7, tzinfo=UTC).timestamp())
LIST_FIELDS = sorted(
    {name for operation in OPERATIONS.values() for name in load(operation.body)["properties"]} | {"more"}
)
DATES = (
    "2026-05-01T00:00:00Z", "2026-05-10T06:00:00Z", "2026-05-10T01:00:00.000-05:00", "2026-05-18T00:00:00Z",
    "1999-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "tomorrow",
)  # fmt: skip
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from(DATES),
    st.sampled_from([10**400, -(10**25), 1e308, 0.1, "", "IDR", "CDM", [], {}]),
)  # fmt: skip
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(LIST_FIELDS, ODD),
        "id": st.integers(1, 4) | ODD,
        "runId": st.integers(1, 4) | ODD,
        "organizationId": st.sampled_from([1, 1, 1, 2]) | ODD,
        "task": st.sampled_from(["IDR", "CDM"]) | ODD,
        "credits": st.floats(0, 9) | ODD,
        "runCreatedAt": st.sampled_from(DATES),
    },
)
BODIES = st.one_of(st.lists(RECORDS, max_size=5), st.lists(RECORDS, max_size=5), RECORDS, ODD, st.just([[]]))


@st.composite
def interactions(draw: st.DrawFn) -> Interaction:
    operation = draw(st.sampled_from([*OPERATIONS]))
    params: dict[str, Any] = {}
    if operation == "get_llm":
        params["id"] = draw(st.sampled_from([1, 2, 3, NONEXISTENT_ID, "abc"]))
    elif operation == "get_llm_organization_summary" or draw(st.booleans()):
        params["org_id"] = draw(st.sampled_from([1, 1, 1, 2, "abc"]))
    if operation != "get_llm":
        for name in ("start_date", "end_date"):
            if draw(st.booleans()):
                params[name] = draw(st.sampled_from(DATES))
    if operation == "list_matching" and draw(st.booleans()):
        params["task"] = draw(st.sampled_from(["IDR", "CDM", "XYZ"]))
    body = draw(st.one_of(BODIES.map(lambda body: json.dumps(body).encode()), st.binary(max_size=4)))
    failure = draw(st.sampled_from([None] * 9 + [Failure.TIMEOUT]))
    return Interaction(
        operation,
        params,
        draw(st.sampled_from([Credentials.VALID] * 6 + [Credentials.NONE])),
        datetime.fromtimestamp(NOW, UTC),
        None if failure else draw(st.sampled_from([200] * 8 + [404, 500, 401])),
        {"content-type": "application/json"},
        b"" if failure else body,
        failure=failure,
    )


@st.composite
def evidences(draw: st.DrawFn) -> Evidence:
    made = draw(st.lists(interactions(), max_size=8))
    repeated = draw(st.lists(st.sampled_from(made), max_size=2)) if made else []
    organizations = draw(st.sampled_from([(1,), (1, 2), ()]))
    settled = NOW - 86400
    numbered = tuple(replace(each, number=number) for number, each in enumerate([*made, *repeated]))
    return Evidence(numbered, NOW, 1262304000, settled, organizations)


FINDINGS = st.builds(
    Finding,
    st.sampled_from(["", "a", "list_llm is odd", "credits"]),
    st.sampled_from([None, *LIST_FIELDS]),
    st.sampled_from([None, "/usage/llm", "/usage/llm?org_id=1", "/usage/llm/organization/1/summary"]),
)
DEVIATES = [Verdict.FAILED, Verdict.WARNING, Verdict.INFO, Verdict.WAIVED]


@st.composite
def results(draw: st.DrawFn) -> Result:
    found = tuple(draw(st.lists(FINDINGS, min_size=1, max_size=3)))
    return Result(draw(st.sampled_from(CHECKS)), draw(st.sampled_from(DEVIATES)), Outcome("something", found), found)


def assert_each_in_one_group(groups: tuple[Cause, ...], results: list[Result]) -> None:
    expected = Counter((result.check.id, finding) for result in results for finding in result.findings)
    assert Counter(pair for cause in groups for pair in cause.findings) == expected
    assert all(cause.findings for cause in groups)
    for cause in groups:
        verdicts = {result.verdict for result in results for pair in cause.findings if pair[0] == result.check.id}
        assert cause.verdict in verdicts


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(evidences(), st.lists(results(), max_size=8))
def test_any_findings_are_grouped_over_any_evidence(evidence: Evidence, found: list[Result]) -> None:
    groups = causes(evidence.ignoring(wrong_fields(evidence)), found)
    assert_each_in_one_group(groups, found)
    assert [*groups] == sorted(groups, key=lambda cause: ("failed", "warning", "waived", "info").index(cause.verdict))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(evidences())
def test_narrowing_never_fails(evidence: Evidence) -> None:
    query = narrower(evidence.ignoring(wrong_fields(evidence)))
    assert query is None or query.is_promised


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(evidences())
def test_what_the_checks_find_is_grouped_whatever_was_answered(evidence: Evidence) -> None:
    config = Config("http://127.0.0.1:1", "key", evidence.organizations, now=lambda: datetime.fromtimestamp(NOW, UTC))
    made: Report = report(config, evidence)
    unread = [r.outcome.inconclusive for r in made.results if "nobody expected" in str(r.outcome.inconclusive)]
    assert not unread
    assert not [note for note in made.notes if "nobody expected" in note], "observe failed"
    if not made.unjudged:
        assert_each_in_one_group(made.causes, [*made.results])
