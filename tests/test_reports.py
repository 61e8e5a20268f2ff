"""Every report says what was found, to whom it is made for, and nothing that the API says can damage it."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from civis_usage.contract_tests.reports import github, junit, terminal
from civis_usage.contract_tests.reports import html as html_report
from civis_usage.contract_tests.reports import json as json_report
from civis_usage.contract_tests.reports.groups import as_text
from civis_usage.contract_tests.reports.text import (
    MAX_LENGTH,
    clean,
    clean_text,
    curl,
    escape,
    evidence,
    headline,
    map_text,
)
from civis_usage.contract_tests.results import Baseline, Deviation, Finding, Outcome, Report, Result, Verdict

from .report_samples import EXPIRED, NASTY, UNUSED, cause, every_verdict, finding, full_report, make_check, make_report

ALL = every_verdict()
BY_VERDICT = {result.verdict: result for result in ALL}
PASSED, NO_DATA = BY_VERDICT[Verdict.PASSED], BY_VERDICT[Verdict.INCONCLUSIVE]
OPEN = make_report((replace(NO_DATA, outcome=replace(NO_DATA.outcome, no_data=False)),))
OUTCOMES: dict[str, tuple[int, Report]] = {
    "The contract is kept.": (0, make_report((PASSED,))),
    "The contract is violated: 1 of 6 checks.": (1, make_report(causes=())),
    "The contract is violated: 3 of 40 records belong to another organization.": (1, make_report()),
    "1 waiver expired: renew or delete what no longer holds.": (1, make_report((PASSED,), expired_waivers=(EXPIRED,))),
    "The contract is violated: 1 of 6 checks. 1 waiver expired: renew or delete what no longer holds.": (
        1,
        make_report(causes=(), expired_waivers=(EXPIRED,)),
    ),
    "Nothing is violated, but --strict allows no warning: 1 check warned.": (
        1,
        make_report((PASSED, BY_VERDICT[Verdict.WARNING]), strict=True),
    ),
    "The API could not be judged: the key was refused.": (3, make_report((), unjudged="the key was refused")),
    "1 of 1 check inconclusive, because no matching usage.": (3, OPEN),
    "Nothing is violated, but there was no data for list_matching (--allow-no-data accepts that).": (
        4,
        make_report((NO_DATA,)),
    ),
    "Nothing visible to this key for organization 9: check the id.": (
        4,
        make_report((PASSED,), invisible="nothing visible to this key for organization 9: check the id"),
    ),
}


SKIPPED = replace(NO_DATA, outcome=replace(NO_DATA.outcome, no_data=False, skipped=True))
CODES = {
    "passed": (PASSED, 0, 0, 0),
    "failed": (BY_VERDICT[Verdict.FAILED], 1, 1, 1),
    "warning": (BY_VERDICT[Verdict.WARNING], 0, 1, 0),
    "info": (BY_VERDICT[Verdict.INFO], 0, 0, 0),
    "waived": (BY_VERDICT[Verdict.WAIVED], 0, 0, 0),
    "no data": (NO_DATA, 4, 4, 0),
    "inconclusive": (OPEN.results[0], 3, 3, 3),
    "skipped": (SKIPPED, 0, 0, 0),
}


@pytest.mark.parametrize(("result", "plain", "strict", "allowing"), CODES.values(), ids=CODES)
def test_one_rule_says_which_result_fails_a_run(result: Result, plain: int, strict: int, allowing: int) -> None:
    settings: tuple[dict[str, Any], ...] = ({}, {"strict": True}, {"allow_no_data": ("list_matching",)})
    for more, code in zip(settings, (plain, strict, allowing), strict=True):
        report = make_report((result,), **more)
        assert (report.exit_code_for(result), report.exit_code) == (code, code)
        assert ("<failure" in junit.render(report)) is (code == 1)
        assert ("::error " in github.annotate(report)) is (code != 0)


@pytest.mark.parametrize("said", OUTCOMES)
def test_the_headline_says_what_the_exit_code_says(said: str) -> None:
    code, report = OUTCOMES[said]
    assert (report.exit_code, headline(report)) == (code, said)


@pytest.mark.parametrize("said", OUTCOMES)
def test_junit_is_green_only_where_the_run_is(said: str) -> None:
    code, report = OUTCOMES[said]
    root = ET.fromstring(junit.render(report))
    assert (root.find(".//failure") is not None or root.find(".//error") is not None) is (code != 0)


def test_curl_repeats_the_request_with_the_key_from_the_environment() -> None:
    request = "/usage/llm?org_id=1&start_date=2026-01-01T00%3A00%3A00Z&x='$(rm -rf)'"
    command = curl("https://api.example.com", Finding("…", request=request))
    assert command is not None
    assert shlex.split(command) == ["curl", "-i", "-u", "$CIVIS_API_KEY:", f"https://api.example.com{request}"]
    assert '"$CIVIS_API_KEY:"' in command


def test_curl_repeats_a_request_that_had_no_key_without_one_also_in_a_rewritten_report() -> None:
    asked = replace(PASSED, findings=(Finding("…", request="/usage/llm", authenticated=False),))
    [result] = map_text(make_report((asked,)), str.upper).results
    assert curl("https://api.example.com", result.findings[0]) == "curl -i https://api.example.com/USAGE/LLM"


# -- what the API and the user wrote


def test_a_text_is_redacted_then_cut_then_escaped() -> None:
    key = "a/key+of=24&characters:!"
    for before in range(MAX_LENGTH - 60, MAX_LENGTH + 2):
        text = "\n" * before + key + " and more" * 9
        cleaned = clean_text(text, [key])
        assert not any(key[:length] in cleaned for length in range(1, len(key) + 1) if length > 2), before
        assert cleaned.startswith("\\n" * min(before, MAX_LENGTH - 1)), "what is escaped is not cut by it"
        assert cleaned.isprintable()
        assert cleaned.endswith("…")
        assert len(cleaned.replace("\\n", "\n")) == MAX_LENGTH


def test_every_text_of_a_report_is_cleaned() -> None:
    key = "a-key-in-every-place"
    said = f"{key}\x1b[31m{'long ' * 200}"
    waiver = replace(UNUSED, reason=said)
    waivers: dict[str, Any] = {"expired_waivers": (waiver,), "unused_waivers": (waiver,)}
    found = Finding(said, said, said, said)
    results = (Result(make_check(), Verdict.FAILED, Outcome(said, (found,), said), (found,), ((found, waiver),)),)
    earlier = Baseline(said, (Deviation(said, said, said),), frozenset({(said, said)}))
    report = make_report(
        results, base_url=said, unjudged=said, invisible=said, notes=(said,), documentation=said, baseline=earlier,
        causes=(replace(cause(results, said), field=said),),
        **waivers,
    )  # fmt: skip
    cleaned = clean(report, [key])
    assert key not in repr(cleaned)
    seen: list[str] = []

    def see(text: str) -> str:
        seen.append(text)
        return text

    map_text(cleaned, see)
    parts = {"report": 5, "waivers": 2, "outcome": 2, "finding": 4, "waived": 5, "cause": 6, "baseline": 6}
    assert len(seen) == sum(parts.values())
    for text in seen:
        assert text.startswith("***\\x1b[31mlong")
        assert len(text.replace("\\x1b", "\x1b")) == MAX_LENGTH


@pytest.mark.parametrize("render", [terminal.render, junit.render, html_report.render, github.annotate, github.summary])
def test_a_contradiction_that_was_not_seen_again_is_marked(render: Callable[[Report], str]) -> None:
    for seen_once in (True, False):
        found = (finding("two lists disagree", seen_once=seen_once),)
        text = render(make_report((Result(make_check(), Verdict.FAILED, Outcome("2 lists", found), found),)))
        assert "two lists disagree" in text
        assert ("two lists disagree (seen once)" in text) is seen_once


# -- JSON


@pytest.mark.parametrize("report", [full_report(), *(report for _, report in OUTCOMES.values())])
def test_json_is_valid_against_its_schema(report: Report) -> None:
    jsonschema.Draft202012Validator.check_schema(json_report.schema())
    jsonschema.validate(json.loads(json_report.render(report)), json_report.schema())


def test_json_names_every_field_and_the_schema_describes_every_one() -> None:
    document = json.loads(json_report.render(full_report()))
    schema = json_report.schema()
    assert set(document) == set(schema["properties"]) == set(schema["required"])
    for name, value in (
        ("result", document["results"][0]),
        ("cause", document["causes"][0]),
        ("finding", document["results"][1]["findings"][0]),
        ("waiver", document["expired_waivers"][0]),
    ):
        assert set(value) == set(schema["$defs"][name]["properties"]) == set(schema["$defs"][name]["required"])


def test_json_says_what_was_found() -> None:
    document = json.loads(json_report.render(make_report()))
    assert document["totals"] == {"checks": 6} | {str(verdict): 1 for verdict in Verdict}
    assert (document["schema_version"], document["exit_code"], document["seconds"]) == (2, 1, 3.211)
    assert document["results"][1]["findings"][0]["field"] == "organizationId"
    assert document["results"][1]["findings"][1]["curl"] is None
    assert document["results"][4]["waived"][0]["waiver"]["reason"] == "Retired models have no credits."


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema_version",), 1),
        (("exit_code",), 2),
        (("totals", "passed"), "1"),
        (("results", 0, "verdict"), "kept"),
        (("results", 1, "findings"), []),
        (("results", 0, "basis"), "guessed"),
        (("results", 5, "inconclusive"), None),
    ],
)
def test_the_schema_refuses_another_report(path: tuple[str | int, ...], value: object) -> None:
    document = json.loads(json_report.render(make_report()))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, json_report.schema())


# -- JUnit


def test_junit_gives_each_verdict_its_element() -> None:
    root = ET.fromstring(junit.render(make_report(unjudged="the budget is spent", expired_waivers=(EXPIRED,))))
    kinds = {
        case.get("name"): [child.tag for child in case if child.tag != "system-out"] for case in root.iter("testcase")
    }
    assert kinds == {
        "list-llm-window": [],
        "list-llm-filter": ["failure"],
        "list-llm-utc": [],
        "list-llm-order": [],
        "list-llm-shape": ["skipped"],
        "matching-task": ["skipped"],
        "get-llm-listed": ["failure"],
        "the API can be judged": ["error"],
    }
    assert [root.get(name) for name in ("tests", "failures", "errors")] == ["8", "2", "1"]
    suites = {suite.get("name"): suite.get("tests") for suite in root}
    assert suites == {"list_llm": "5", "list_matching": "1", "waivers": "1", "the API can be judged": "1"}


def test_junit_fails_a_warning_under_strict() -> None:
    root = ET.fromstring(junit.render(make_report(strict=True)))
    assert [case.get("name") for case in root.iter("testcase") if case.find("failure") is not None] == [
        "list-llm-filter",
        "list-llm-utc",
    ]


def test_junit_parses_whatever_the_api_says() -> None:
    root = ET.fromstring(junit.render(clean(full_report())).encode())
    message = next(iter(root.iter("failure"))).get("message") or ""
    assert message.startswith("<script>alert('x')</script> & \"quotes\"")
    assert "\\x00\\x1b[31m\\u202e\\ud800" in message


ELEMENTS: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors"},
        {"time", "skipped", "timestamp"},
        {"properties", "testcase"},
    ),
    "properties": (set(), set(), {"property"}),
    "property": ({"name", "value"}, set(), set()),
    "testcase": ({"name", "classname"}, {"time"}, {"failure", "error", "skipped", "system-out"}),
    "failure": ({"message", "type"}, set(), set()),
    "error": ({"message", "type"}, set(), set()),
    "skipped": ({"message"}, set(), set()),
    "system-out": (set(), set(), set()),
}
"""What GitLab and both plugins of Jenkins read alike: the attributes that one of them needs, those that all of them
allow (xUnit's junit-10.xsd refuses others), and the elements inside."""
EVERY_CHARACTER = "".join(map(chr, (*range(0x300), *range(0xD7F0, 0xE010), *range(0xFFF0, 0x10010), 0x10FFFF)))
RUNS = {
    "all verdicts": full_report(),
    "strict": make_report(strict=True),
    "two waivers of one check": make_report(expired_waivers=(EXPIRED, replace(EXPIRED, field="credits"))),
    "unjudged": make_report((), unjudged="the key was refused"),
    "invisible": make_report(invisible="nothing visible"),
    "slow": make_report(seconds=12345678.9),
    "every character": full_report(EVERY_CHARACTER),
}


@pytest.mark.parametrize("report", RUNS.values(), ids=list(RUNS))
def test_junit_keeps_to_what_its_readers_have_in_common(report: Report) -> None:
    root = ET.fromstring(junit.render(clean(report)).encode())
    assert root.tag == "testsuites"
    for element in root.iter():
        needed, allowed, inside = ELEMENTS[element.tag]
        assert needed <= set(element.keys()) <= needed | allowed, element.tag
        assert {child.tag for child in element} <= inside, element.tag
        for name in {"tests", "failures", "errors", "skipped"} & set(element.keys()):
            assert re.fullmatch(r"\d+", element.get(name) or ""), name
        assert re.fullmatch(r"\d+(\.\d{1,3})?", element.get("time") or "0")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", element.get("timestamp") or "2026-01-01T00:00:00")
    for case in root.iter("testcase"):
        verdicts = [child for child in case if child.tag != "system-out"]
        assert len(verdicts) <= 1
        assert all((child.text or "").strip() and child.get("message") for child in verdicts), "GitLab shows the text"
    names = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert len(set(names)) == len(names) > 0
    suites = [suite.get("name") for suite in root]
    assert len(set(suites)) == len(suites)


def test_junit_fails_where_the_run_does() -> None:
    for report in (make_report(invisible="nothing visible"), make_report((), unjudged="the key was refused")):
        root = ET.fromstring(junit.render(report))
        assert root.get("errors") == "1"


# -- HTML


class Page(HTMLParser):
    """What a browser would see of a page: its tags with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html_escapes_whatever_the_api_says() -> None:
    page = Page(html_report.render(clean(full_report())))
    assert not {"img", "iframe", "object"} & {tag for tag, _ in page.tags}
    assert [attributes for tag, attributes in page.tags if tag == "script"] == [{}], "the page's own"
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert page.text.count(escape(NASTY)) == 10


@given(st.text())
def test_every_text_in_a_group_is_read_as_it_was(text: str) -> None:
    written = as_text(text)
    assert html.unescape(written) == text or set(text) & {"\r"}, "HTML has no character reference for a carriage return"
    assert not set(re.sub(r"&#\d+;", "", written)) & set("&<>\"'|`*_~[]\\@#!:$\r\n")


def test_a_command_in_a_group_can_be_copied() -> None:
    found = finding("another's", request="/usage/llm?org_id=1&x='$(rm -rf)'")
    report = make_report((Result(make_check(), Verdict.FAILED, Outcome("", (found,)), (found,)),))
    for text in (html_report.render(report), github.summary(report)):
        [command] = re.findall(r'<pre class="curl">(.*?)</pre>', text)
        assert shlex.split(html.unescape(command))[-1] == "https://api.example.com/usage/llm?org_id=1&x='$(rm -rf)'"


def test_a_check_is_linked_to_its_page_where_the_kit_has_one() -> None:
    check = "list-llm-window"
    found = (finding(),)
    results = (Result(make_check(check), Verdict.FAILED, Outcome("", found), found),)
    for page, links in (
        (None, []),
        ("https://docs.example/checks.html", [f"https://docs.example/checks.html#{check}"]),
    ):
        report = make_report(results, documentation=page)
        for text in (html_report.render(report), github.summary(report)):
            assert re.findall(r'<a href="([^"]*)">', text) == links
            assert "A list is truncated" in text, "what a failure usually means stands there in any case"


def test_the_page_allows_its_own_script_alone() -> None:
    text = html_report.render(make_report())
    [script] = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{allowed}'" in text


def test_html_is_one_file_that_loads_nothing() -> None:
    text = html_report.render(clean(full_report()))
    page = Page(text)
    assert not [tag for tag, _ in page.tags if tag == "link"]
    assert not [name for _, attributes in page.tags for name in ("src", "href", "action") if name in attributes]
    assert "url(" not in text
    assert "@import" not in text
    assert "prefers-color-scheme: dark" in text


def test_html_begins_with_the_causes_and_shows_the_checks_on_demand() -> None:
    text = html_report.render(make_report(expired_waivers=(EXPIRED,), unused_waivers=(UNUSED,), notes=("A note",)))
    page = Page(text)
    checks = [attributes["id"] for tag, attributes in page.tags if tag == "details" and "id" in attributes]
    assert sorted(checks) == sorted(result.check.id for result in ALL)
    assert checks[:2] == ["list-llm-filter", "list-llm-utc"], "what needs attention comes first"
    assert not [attributes for tag, attributes in page.tags if tag == "details" and "open" in attributes]
    assert page.text.index("What is probably wrong") < page.text.index("list-llm-window")
    for said in (
        "3 of 40 records belong to another organization",
        "Known until the migration.",
        "Was fixed.",
        "A note",
        "no matching usage",
        "41 of 60",
    ):
        assert said in page.text, said


def test_html_says_why_nothing_was_judged() -> None:
    assert "the key was refused" in Page(html_report.render(make_report((), unjudged="the key was refused"))).text


# -- terminal

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def test_the_terminal_groups_by_operation_and_ends_with_the_cost() -> None:
    lines = terminal.render(make_report()).splitlines()
    assert lines[3:5] == [
        "✗ list_llm       1 passed, 1 failed, 1 warning, 1 info, 1 waived",
        "? list_matching  1 inconclusive",
    ]
    assert lines[-3:] == [
        "6 checks: 1 passed, 1 failed, 1 warning, 1 info, 1 inconclusive, 1 waived",
        "The contract is violated: 3 of 40 records belong to another organization.",
        "41 requests in 3.2 s",
    ]


def test_the_terminal_shows_a_cause_with_record_values_request_and_curl() -> None:
    found = finding(
        "1 record is another's",
        request="/usage/llm?end_date=2026-01-01T00%3A00%3A00Z",
        record="id 5",
        expected="1",
        actual="2",
    )
    result = Result(make_check(), Verdict.FAILED, Outcome("", (found, found)), (found, found))
    text = terminal.render(make_report((result,), causes=(cause((result,)),)))
    assert text.splitlines()[0] == "The contract is violated: list_llm ignores org_id."
    block = text[text.index("✗ list_llm ignores") :].split("\n\n")[0]
    assert block.splitlines() == [
        "✗ list_llm ignores org_id",
        "    1 record is another's",
        "    id 5, organizationId: expected 1, got 2",
        "    GET /usage/llm?end_date=2026-01-01T00:00:00Z",
        "    curl -i -u \"$CIVIS_API_KEY:\" 'https://api.example.com/usage/llm?end_date=2026-01-01T00%3A00%3A00Z'",
        "    check list-llm-filter (2 findings; -v shows them)",
    ]


@pytest.mark.parametrize("verbosity", [-1, 0, 1])
@pytest.mark.parametrize("width", [40, 80, 160])
def test_the_terminal_fits_its_width_but_for_commands(width: int, verbosity: int) -> None:
    text = terminal.render(clean(full_report("one word and another " * 30)), width=width, verbosity=verbosity)
    assert [line for line in text.splitlines() if len(line) > width and "curl" not in line] == []


def test_quiet_shows_what_deviates_alone() -> None:
    assert terminal.render(make_report((PASSED,)), verbosity=-1) == ""
    text = terminal.render(make_report(), verbosity=-1)
    assert [line[0] for line in text.splitlines() if line and line[0] in "✓✗!·?~"] == ["✗", "!"]


def test_the_terminal_says_a_reason_once_with_its_count_and_after_what_failed() -> None:
    first = OPEN.results[0]
    reasons = ["/usage/llm?org_id=1 answered 503", "/usage/llm?org_id=1&end_date=2026-01-01T00%3A00%3A00Z answered 503"]
    open_ = [replace(first, outcome=replace(first.outcome, inconclusive=reason)) for reason in reasons]
    report = make_report((*open_, first))
    assert headline(report) == "3 of 3 checks inconclusive, because /usage/llm answered 503 (1 for other reasons)."
    failed = every_verdict()[1]
    text = terminal.render(make_report((*open_, first, failed), causes=(cause((failed,)),)))
    assert text.count("? 2 checks inconclusive: /usage/llm answered 503\n") == 1
    assert text.rindex("\n✗ ") < text.index("\n? 2 checks")


def test_a_field_that_is_missing_is_said_once() -> None:
    found = finding("modelId is missing", record="id 5", field="modelId", expected="a string", actual="missing")
    assert evidence(found)[0] == "id 5, modelId: expected a string, but it is missing"


def test_the_terminal_shows_an_example_once() -> None:
    found = (finding("one", example="same"), finding("the same", example="same"))
    result = every_verdict()[1]
    report = make_report((Result(result.check, Verdict.FAILED, Outcome("", found), found),))
    assert terminal.render(report, verbosity=1).count("\n        same\n") == 1


@pytest.mark.parametrize(
    "said",
    [
        "? 1 check inconclusive: no data for list_matching (-v says what was looked for)",
        "list-llm-shape (credits) until 2027-01-31: Retired models have no credits.",
        "get-llm-listed until 2026-01-31: Known until the migration.",
        "list-llm-window (runCreatedAt): Was fixed.",
        "organizations 1, 2",
        "seed 7",
        "A note",
    ],
)
def test_the_terminal_says(said: str) -> None:
    report = make_report(expired_waivers=(EXPIRED,), unused_waivers=(UNUSED,), notes=("A note",))
    assert said in terminal.render(report)


def test_the_terminal_shows_the_first_finding_and_with_v_all_of_them() -> None:
    result = every_verdict()[1]
    many = tuple(finding(f"deviation {number}") for number in range(8))
    report = make_report((Result(result.check, Verdict.FAILED, Outcome("", many), many),))
    assert "deviation 0" in terminal.render(report)
    assert "deviation 1" not in terminal.render(report)
    assert "(8 findings; -v shows them)" in terminal.render(report)
    assert "deviation 7" in terminal.render(report, verbosity=1)


def test_with_v_every_rule_is_shown() -> None:
    rules = [result.check.rule for result in ALL]
    assert not any(rule in terminal.render(make_report()) for rule in rules)
    assert all(rule in terminal.render(make_report(), verbosity=1) for rule in rules)


def test_colours_change_nothing_but_colours() -> None:
    plain, coloured = (terminal.render(make_report(), colour=colour) for colour in (False, True))
    assert "\x1b" not in plain
    assert ANSI.findall(coloured)
    assert ANSI.sub("", coloured) == plain


def test_nothing_that_the_api_says_steers_the_terminal() -> None:
    for ascii_only in (True, False):
        text = terminal.render(clean(full_report()), ascii_only=ascii_only)
        assert all(char == "\n" or char.isprintable() for char in text)
        assert not [line for line in text.splitlines() if line.lstrip().startswith("::")]
    assert terminal.render(clean(full_report()), ascii_only=True).isascii()


# -- GitHub


def test_annotations_name_what_to_look_at_one_a_line() -> None:
    report = make_report(expired_waivers=(EXPIRED,), unused_waivers=(UNUSED,), unjudged="the budget is spent")
    assert github.annotate(report).splitlines() == [
        "::error title=could not be judged::the budget is spent",
        "::error title=list-llm-filter::The rule of list-llm-filter holds.%0A"
        "3 of 40 records belong to another organization%0Aanother",
        "::warning title=list-llm-utc::The rule of list-llm-utc holds.%0A"
        "3 of 40 records belong to another organization%0Aanother",
        "::error title=expired waiver::get-llm-listed until 2026-01-31: Known until the migration.",
        "::warning title=unused waiver::list-llm-window (runCreatedAt): Was fixed.",
    ]
    assert github.annotate(make_report((PASSED,))) == ""


@pytest.mark.parametrize("report", [*(report for _, report in OUTCOMES.values()), OPEN], ids=headline)
def test_a_run_fails_with_an_error_and_is_kept_without(report: Report) -> None:
    errors = [line for line in github.annotate(report).splitlines() if line.startswith("::error ")]
    assert bool(errors) is (report.exit_code != 0)


def test_a_warning_is_an_error_under_strict() -> None:
    assert "::error title=list-llm-utc::" in github.annotate(make_report(strict=True))


def test_annotations_are_escaped() -> None:
    lines = github.annotate(full_report("50%\r\n::error::x")).splitlines()
    assert all(re.fullmatch(r"::(error|warning) title=[^:,\r\n]*::[^\r\n]*", line) for line in lines), lines
    assert "50%25%0D%0A::error::x" in lines[0]


def test_the_summary_tells_the_outcome_and_what_deviates() -> None:
    text = github.summary(make_report(notes=("A note",), unused_waivers=(UNUSED,)))
    assert text.startswith("## Contract of the Civis `/usage` API\n\n**The contract is violated&#58; 3 of 40")
    assert "| ❌ failed | `list-llm-filter` | `list_llm` | documented | 40 records in 2 windows |" in text
    assert '<h3><span class="mark">❌</span> 3 of 40 records belong to another organization</h3>' in text
    assert text.index("<h3><span") < text.index("| ❌ failed"), "causes come first"
    rows = re.findall(r"^\| \S+ (\w+) \| `", text, re.MULTILINE)
    assert rows == ["failed", "warning", "inconclusive", "waived", "info", "passed"]
    assert "- A note" in text
    assert text.endswith("\n\n"), "another summary may follow"


def test_the_summary_shows_whatever_the_api_says_as_text() -> None:
    text = github.summary(clean(full_report("a|b <b>*x*</b> [y](javascript:1) `z` @team\n# head")))
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert {row.replace("\\|", "").count("|") for row in rows} == {6}
    outside = re.sub(r"<pre>.*?</pre>", "", text)
    assert "<b>" not in text
    assert not re.search(r"\]\(|\*x\*|@team|^# head", outside, re.MULTILINE)
    assert "a&#124;b &#60;b&#62;&#42;x&#42;&#60;/b&#62;" in outside


def test_the_summary_stays_within_what_github_takes() -> None:
    many = tuple(finding(f"{number} " + "\U0001f4a5" * 390) for number in range(40))
    results = tuple(
        Result(make_check(f"list-llm-{number}"), Verdict.FAILED, Outcome("", many), many) for number in range(60)
    )
    text = github.summary(clean(make_report(results)))
    assert len(text.encode()) < 1024 * 1024
    assert "### What is probably wrong" in text
