"""The first line of a report names what the fake was told to do wrong, and only the check of that fails."""

from __future__ import annotations

import re

import pytest

from civis_usage.contract_tests.config import Config
from civis_usage.contract_tests.reports.text import headline
from civis_usage.contract_tests.results import Verdict
from civis_usage.contract_tests.runner import run
from civis_usage.mock_server.app import create_app
from civis_usage.mock_server.faults import Fault
from civis_usage.mock_server.settings import Settings

from .wsgi_adapter import WsgiAdapter

pytestmark = pytest.mark.slow

SOME = r"[\d,]+ of [\d,]+"
SUMMARY = "get_llm_organization_summary"
ALL = r"([\d,]+) of \1"
FAULTS = {
    "list_llm missing=modelId": rf"modelId is missing in {ALL} records of list_llm\.",
    "list_llm null=credits": rf"credits is null in {ALL} records of list_llm\.",
    "list_llm null=runCreatedAt": rf"runCreatedAt is null in {ALL} records of list_llm\.",
    "list_matching null=task every=4": rf"task is null in {SOME} records of list_matching\.",
    "list_matching malformed every=3": rf"list_matching answers 200 with a body that is not JSON in {SOME} responses.*",
    "list_llm content-type=text/html": r"list_llm answers 200 with JSON under the Content-Type 'text/html'\.",
    "list_llm status=500 every=3": rf"list_llm answers 500 instead of 200 in {SOME} responses\.",
    "get_llm status=500": r"get_llm answers 500 instead of 200 in all \d+ responses to requests with id\.",
    "get_llm wrong-type=runTime": rf"runTime is a string instead of an integer in {ALL} responses of get_llm\.",
    "get_llm missing=id": rf"id is missing in {ALL} responses of get_llm\.",
    f"{SUMMARY} null=credits": rf"credits is null in {ALL} responses of {SUMMARY}\.",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_in_the_first_line_and_fails_one_check(fault: str) -> None:
    app = create_app(Settings(runs_per_day=3, now="2026-04-20T12:00:00Z", faults=(Fault.parse(fault),)))
    report = run(Config("http://127.0.0.1", "a-key-of-the-tests", (1,), adapter=WsgiAdapter(app)))
    assert re.fullmatch(f"The contract is violated: {FAULTS[fault]}", headline(report)), headline(report)
    assert [result.check.id for result in report.results if result.verdict is Verdict.FAILED][1:] == []
