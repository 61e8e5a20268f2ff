"""`check --baseline FILE` says what is new, known and gone since an earlier run, in every report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from civis_usage.client.errors import ConfigurationError
from civis_usage.contract_tests.config import Waiver
from civis_usage.contract_tests.observe.observation import Observation, Sighting
from civis_usage.contract_tests.reports import baseline, github, html, junit, terminal
from civis_usage.contract_tests.reports import json as json_report
from civis_usage.contract_tests.reports.text import comparison
from civis_usage.contract_tests.results import Finding, Outcome, Report, Result, Verdict
from civis_usage.schemas.behavior import Choice

from .documentation.pages import pages
from .report_samples import WAIVER, make_check, make_report

FIELDS = [None, "credits", "modelId", "runId"]
CHECKS = ["list-llm-shape", "list-llm-nulls", "list-matching-window"]
Found = dict[str, list[str | None]]


def result(check: str, fields: list[str | None], *, waived: bool = False, inconclusive: bool = False) -> Result:
    found = tuple(Finding(f"{field} is odd", field) for field in fields)
    if inconclusive:
        return Result(make_check(check), Verdict.INCONCLUSIVE, Outcome("nothing", inconclusive="the budget is spent"))
    if waived and found:
        pairs = tuple((finding, WAIVER) for finding in found)
        return Result(make_check(check), Verdict.WAIVED, Outcome("records", found), waived=pairs)
    return Result(make_check(check), Verdict.FAILED if found else Verdict.PASSED, Outcome("records", found), found)


def run(found: Found, **more: Any) -> Report:
    return make_report(tuple(result(check, found.get(check, [])) for check in CHECKS), **more)


def written(report: Report, folder: Path) -> str:
    file = folder / "earlier.json"
    file.write_text(json_report.render(report), encoding="utf-8")
    return str(file)


@pytest.fixture
def compared(tmp_path: Path) -> Report:
    """A run with a known deviation, a new one, and one that is gone."""
    earlier = run({"list-llm-shape": ["credits", "modelId"]})
    now = run({"list-llm-shape": ["credits"], "list-llm-nulls": ["runId"]})
    return replace(now, baseline=baseline.read(written(earlier, tmp_path)))


def test_json_counts_and_marks(compared: Report) -> None:
    document = json.loads(json_report.render(compared))
    jsonschema.validate(document, json_report.schema())
    assert document["baseline"] == {
        "started": "2026-05-04T06:00:00Z",
        "new": 1,
        "known": 1,
        "gone": [{"check": "list-llm-shape", "field": "modelId", "message": "modelId is odd"}],
    }
    marks = {
        (each["id"], finding["field"]): finding["new"] for each in document["results"] for finding in each["findings"]
    }
    assert marks == {("list-llm-shape", "credits"): False, ("list-llm-nulls", "runId"): True}


@pytest.mark.parametrize("render", [terminal.render, html.render, github.summary], ids=["terminal", "html", "github"])
def test_every_report_marks_what_is_new_known_and_gone(compared: Report, render: Callable[[Report], str]) -> None:
    text = render(compared).replace("&#58;", ":").replace("<em>", "").replace("</em>", "")
    assert "Since the run of 2026-05-04T06:00:00Z: 1 new, 1 known, 1 gone." in text
    assert "credits is odd (known)" in text
    assert "runId is odd (new)" in text
    assert "list-llm-shape (modelId): modelId is odd" in text


def test_junit_and_annotations_mark_what_is_new_and_known(compared: Report) -> None:
    failures = [each.get("message") for each in ET.fromstring(junit.render(compared)).iter("failure")]
    assert failures == ["known: credits is odd", "new: runId is odd"]
    assert "%0Anew: runId is odd" in github.annotate(compared)


@pytest.mark.parametrize("render", [terminal.render, html.render, github.summary, junit.render, github.annotate])
def test_without_an_earlier_run_nothing_is_marked(render: Callable[[Report], str]) -> None:
    report = run({"list-llm-shape": ["credits"]})
    assert comparison(report) is None
    text = render(report)
    assert not [word for word in ("(new)", "(known)", "new: ", "known: ", "Gone") if word in text]


FOUND = st.dictionaries(st.sampled_from(CHECKS), st.lists(st.sampled_from(FIELDS), max_size=4))


@given(FOUND, FOUND)
def test_new_known_and_gone_are_set_differences(before: Found, after: Found) -> None:
    earlier, now = run(before), run(after)
    was = {(check, field) for check, fields in before.items() for field in fields}
    is_ = {(check, field) for check, fields in after.items() for field in fields}
    document = json.loads(json_report.render(earlier))
    report = replace(now, baseline=baseline.of(document))
    found = json.loads(json_report.render(report))["baseline"]
    assert (found["new"], found["known"]) == (len(is_ - was), len(is_ & was))
    assert {(each["check"], each["field"]) for each in found["gone"]} == was - is_
    assert len(found["gone"]) == len(was - is_)


def test_what_could_not_be_judged_now_is_not_gone(tmp_path: Path) -> None:
    earlier = run({"list-llm-shape": ["credits"]})
    now = make_report((result("list-llm-shape", [], inconclusive=True),))
    assert replace(now, baseline=baseline.read(written(earlier, tmp_path))).gone == ()


@pytest.mark.parametrize("deviates", [True, False])
def test_what_a_waiver_accepts_is_not_gone_and_new_when_it_expires(tmp_path: Path, deviates: bool) -> None:
    fields: list[str | None] = ["credits"] if deviates else []
    open_, waived = (make_report((result("list-llm-shape", fields, waived=each),)) for each in (False, True))
    expired = replace(open_, expired_waivers=(Waiver("list-llm-shape", "known", "credits", "2026-05-03"),))
    nights = [
        replace(now, baseline=baseline.read(written(earlier, tmp_path)))
        for earlier, now in ((open_, waived), (waived, waived), (waived, expired), (expired, expired))
    ]
    assert [each.gone for each in nights] == [()] * 4
    assert [each.new_and_known for each in nights] == [(0, 0), (0, 0), (1, 0), (0, 1)]
    assert json.loads(json_report.render(nights[2]))["baseline"]["new"] == 1 == nights[2].exit_code


def test_an_answer_that_the_api_contradicts_is_new_once(tmp_path: Path) -> None:
    seen = Sighting(("exclusive",), "it leaves it out", "/usage/llm", datetime(2026, 5, 4, tzinfo=UTC))
    observed = (Observation("end_bound", seen.possible, (seen,)),)
    changed = make_report((), observations=observed, chosen={"end_bound": Choice("inclusive")}, strict=True)
    passed = replace(changed, strict=False)
    earlier = [make_report(()), passed, changed]
    nights = [replace(changed, baseline=baseline.read(written(each, tmp_path))) for each in earlier]
    assert [each.new_and_known for each in nights] == [(1, 0), (1, 0), (0, 1)]


NIGHTS = (
    (0, None, 0, True),
    (3, None, 3, False),
    (1, 0, 0, True),
    (1, 2, 1, True),
    (2, None, 2, False),
    (4, 0, 4, False),
)
"""The check's exit code, what is new, the script's exit code, and whether the report is the next night's baseline."""


@pytest.mark.skipif(os.name == "nt", reason="a script for sh")
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(("code", "new", "ends", "keeps"), NIGHTS)
def test_the_nightly_script_hides_no_outage(
    tmp_path: Path, first: bool, code: int, new: int | None, ends: int, keeps: bool
) -> None:
    [script] = [each.text for each in pages()["docs/ci.md"].blocks("sh") if each.file == "nightly.sh"]
    (tmp_path / "nightly.sh").write_text(script)
    report = {"baseline": None if first or new is None else {"new": new}}
    if not first:
        (tmp_path / "known.json").write_text("earlier")
    stub = f"#!/bin/sh\necho '{json.dumps(report)}' >today.json\necho \"$@\" >given\nexit {code}\n"
    (tmp_path / "civis-usage").write_text(stub)
    (tmp_path / "civis-usage").chmod(0o755)
    (tmp_path / "python").symlink_to(sys.executable)
    told = ["--org-id", "1", "--waivers", "waivers.toml"]
    done = subprocess.run(
        ["sh", "-e", "nightly.sh", *told], cwd=tmp_path, env={"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    )
    assert done.returncode == (1 if first and code == 1 else ends)
    baseline = [] if first else ["--baseline", "known.json"]
    assert (tmp_path / "given").read_text().split() == ["check", "--json", "today.json", *told, *baseline]
    known = tmp_path / "known.json"
    assert (known.read_text() if known.exists() else "") == (
        json.dumps(report) + "\n" if keeps else "" if first else "earlier"
    )


def test_a_comparison_changes_no_exit_code(compared: Report) -> None:
    assert compared.exit_code == replace(compared, baseline=None).exit_code == 1


GOOD = json.loads(json_report.render(make_report()))
BAD: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"{", "is not a report"),
    "no text": (b"\xff\xfe\x00", "is not a report"),
    "nothing": (b"", "is not a report"),
    "deep": (b"[" * 100_000, "is not a report"),
    "a list": (b"[]", "is not a report (it has no schema_version)"),
    "something else": (b'{"a": 1}', "is not a report (it has no schema_version)"),
    "an older format": (
        b'{"schema_version": 1}',
        "has format 1, and this civis-usage-kit reads format 2: write a new one",
    ),
    "a newer format": (b'{"schema_version": 3}', "has format 3"),
    "a format that is true": (b'{"schema_version": true}', "has no schema_version"),
    "damaged": (json.dumps(GOOD | {"results": [{}]}).encode(), "is damaged ($.results[0]"),
}


@pytest.mark.parametrize(("content", "said"), BAD.values(), ids=list(BAD))
def test_a_file_that_is_no_report_gets_one_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "earlier.json"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        baseline.read(str(file))
    sentence = str(caught.value)
    assert sentence.startswith(f"{file} ") and said in sentence and sentence.endswith(".")
    assert "\n" not in sentence and len(sentence) < 600


def test_a_file_that_is_not_there_gets_one_sentence(tmp_path: Path) -> None:
    for path, said in ((tmp_path / "none.json", "no such file"), (tmp_path, "is a directory")):
        with pytest.raises(ConfigurationError, match=said):
            baseline.read(str(path))
