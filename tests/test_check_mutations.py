"""The check reports every stand-in that breaks the contract, blames the operation at fault, and names the cause."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from civis_usage.contract_tests.results import Verdict

from .causes import first_line, lacking, load
from .deviations import DEVIATIONS, FIELD_MISTAKES, Deviation
from .judging import judge, wrong
from .slow import sampled
from .standin import Standin
from .standin_server import Server, serving

SIZE = {"daily": {1: 2, 2: 1, 3: 1}, "daily_matching": {1: 1.6, 2: 1, 3: 1}}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


BY_SHAPE = {
    f"{operation}: {field} is {mistake}"
    for operation, fields in FIELD_MISTAKES.items()
    for field, mistake in fields.items()
}
"""The deviations of one field in every record of one operation: no other relation may be blamed."""
CAUSES = load()
UNNAMED = {"get_llm_organization_summary: one-replica-of-3-forgets", "list_llm: rows-there-at-two-requests-in-three"}
"""Deviations whose cause the first line need not name: what shows its mistake alike each time looks like another."""


@pytest.mark.parametrize("deviation", sampled(DEVIATIONS))
def test_a_deviation_is_reported_under_its_operation(server: Server, deviation: Deviation) -> None:
    standin = deviation.standin(**SIZE)
    report = judge(server, standin, deviation.organizations)
    strict = replace(report, strict=True)
    shown = f"{deviation.wrong}\n{wrong(report)}\n{standin.trace()}"

    assert report.exit_code in deviation.exits, f"expected exit {set(deviation.exits)}: {shown}"
    assert strict.exit_code, f"expected a failure with --strict: {shown}"
    verdict = Verdict.FAILED if report.exit_code else Verdict.WARNING
    blamed = {result.check.operation for result in report.results if result.verdict is verdict}
    if report.exit_code != 3:
        assert blamed, f"expected a check that is {verdict}: {shown}"
        assert blamed <= deviation.reported_by, f"expected only {deviation.reported_by} to be blamed: {shown}"
    lacks = lacking(first_line(report), CAUSES[deviation.id])
    assert not lacks or deviation.id in UNNAMED, f"expected {lacks} in {first_line(report)!r}: {shown}"
    for finding in (finding for result in report.results for finding in result.findings):
        assert finding.expected and finding.actual and finding.request, shown
    if deviation.id in BY_SHAPE:
        assert sum(bool(result.findings) for result in report.results) == 1, f"expected one check to fail: {shown}"


AT_WHATEVER_SEED = [
    f"{operation}: offset-of-dates-ignored"
    for operation in ("list_llm", "get_llm_organization_summary", "list_matching")
]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(each, marks=pytest.mark.nightly) for each in range(2, 12))])
@pytest.mark.parametrize("deviation", AT_WHATEVER_SEED)
def test_a_deviation_is_reported_wherever_one_looks(server: Server, deviation: str, seed: int) -> None:
    standin = next(each for each in DEVIATIONS if each.id == deviation).standin(**SIZE)
    report = judge(server, standin, seed=seed)
    assert report.exit_code == 1, f"{wrong(report)}\n{standin.trace()}"


@pytest.mark.parametrize("organizations", [(1,), (2,), (1, 2)], ids=str)
def test_the_correct_stand_in_has_nothing_to_report(server: Server, organizations: tuple[int, ...]) -> None:
    report = judge(server, Standin(**SIZE), organizations)
    assert {result.verdict for result in report.results} == {Verdict.PASSED}, wrong(report)


def test_every_documented_field_and_parameter_is_broken_somewhere() -> None:
    windowed = {"org_id", "start_date", "end_date"}
    documented = {name: set(fields) for name, fields in FIELD_MISTAKES.items()}
    documented["list_llm"] |= windowed | {"default window"}
    documented["get_llm_organization_summary"] |= windowed | {"default window"}
    documented["list_matching"] |= windowed | {"task"}
    broken = {name: {each.about for each in DEVIATIONS if each.operation == name} for name in documented}
    assert {name: fields - broken[name] for name, fields in documented.items() if fields - broken[name]} == {}


def test_a_field_that_is_wrong_by_its_shape_is_reported_once(server: Server) -> None:
    deviation = next(each for each in DEVIATIONS if each.id == "list_llm: runTime is text")
    report = judge(server, deviation.standin(**SIZE))
    (result,) = [result for result in report.results if result.findings]
    assert result.check.id == "list-llm-shape"
    sentence = r"runTime is a string instead of an integer in ([0-9,]+) of \1 records of list_llm"
    assert re.fullmatch(sentence, result.findings[0].message), wrong(report)


def test_a_default_window_of_another_month_raises_the_question_of_the_clock(server: Server) -> None:
    deviation = next(each for each in DEVIATIONS if each.id == "list_llm: default-is-last-month")
    report = judge(server, deviation.standin(**SIZE))
    (result,) = [result for result in report.results if result.check.id == "list-llm-default-window"]
    question = "; the server's month is April 2026, this run's May 2026: is its clock pinned?"
    assert all(question in finding.message for finding in result.findings), wrong(report)
    assert result.findings
