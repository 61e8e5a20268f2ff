"""Replicas answer alike, and the figures on the pages are those that were measured."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack

import pytest
import requests

from .documentation.pages import DOCS, ROOT, Page, pages
from .serve_process import serving

OPTIONS = ("--seed", "7", "--orgs", "1:200,2:50")
NOW = "2026-04-30T12:00:00Z"
MEASURED = {
    figure["name"]: figure["median"]
    for figure in json.loads((DOCS / "measured.json").read_text(encoding="utf-8"))["figures"]
}
_QUOTED = re.compile(r"^\|[^|]*\| (?P<shown>[\d.,]+) \| `(?P<figure>[^`]+)` \|$", re.MULTILINE)


def test_replicas_answer_alike_whichever_is_asked():
    with ExitStack() as stack:
        replicas = [stack.enter_context(serving(*OPTIONS, now=NOW)).url for _ in range(3)]
        listed = requests.get(f"{replicas[0]}/usage/llm?org_id=1", auth=("k", ""), timeout=20).json()
        questions = [
            *(f"/usage/llm/{run['id']}" for run in listed[::40]),
            "/usage/llm?org_id=2&start_date=2026-01-01",
            "/usage/llm?org_id=1&start_date=2024-01-01",  # long enough to be streamed
            "/usage/matching?org_id=1&start_date=2026-04-01&task=IDR",
            "/usage/llm/organization/2/summary?start_date=2025-01-01",
            "/usage/llm?org_id=abc",
        ]
        for number, question in enumerate(questions):
            order = replicas[number % 3 :] + replicas[: number % 3]  # each has been asked other things before
            told = [requests.get(f"{url}{question}", auth=("k", ""), timeout=20) for url in order]
            assert len({(each.status_code, each.content, each.headers.get("ETag")) for each in told}) == 1, question
        fingerprints = {requests.get(f"{url}/_fake/health", timeout=20).json()["fingerprint"] for url in replicas}
        assert len(fingerprints) == 1


def test_other_options_show_in_the_fingerprint():
    with serving(*OPTIONS, now=NOW) as one, serving("--seed", "8", "--orgs", "1:200,2:50", now=NOW) as other:
        told = [requests.get(f"{each.url}/_fake/health", timeout=20).json()["fingerprint"] for each in (one, other)]
    assert told[0] != told[1]


PAGES = [*pages().values(), Page("ARCHITECTURE.md", (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"))]
QUOTED = [(page.name, match["shown"], match["figure"]) for page in PAGES for match in _QUOTED.finditer(page.text)]


def test_there_are_figures_to_look_at():
    assert {"docs/scaling.md", "ARCHITECTURE.md"} <= {page for page, _, _ in QUOTED}


@pytest.mark.parametrize(("page", "shown", "figure"), QUOTED)
def test_a_figure_of_a_page_is_the_one_that_was_measured(page, shown, figure):
    number = float(shown.replace(",", ""))
    digits = len(shown.replace(",", "").replace(".", "").strip("0")) or 1
    assert figure in MEASURED, f"{page} names a figure that the benchmark does not print"
    assert number == float(f"{MEASURED[figure]:.{digits}g}"), f"{page} says {shown}, measured were {MEASURED[figure]}"


def test_a_billion_is_reckoned_from_the_measured_rates():
    text = pages()["docs/scaling.md"].text
    rate, size, memory = (MEASURED[f"generate: {name}"] for name in ("to a file", "size of a record", "memory"))
    seconds = 1e9 / float(f"{rate:.2g}")
    assert f"A billion are {size:.0f} GB, and {seconds / 60:.0f} minutes of one core" in text
    assert f"of 16 cores, {seconds / 60 / 16:.0f} minutes, with {16 * float(f'{memory:.2g}') / 1000:.1f} GB" in text
    assert f"{size / (seconds / 16):.1f} GB a second" in re.sub(r"\s+", " ", text)
