"""`civis-usage explain` says what stands behind each check, and its page has an anchor for each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from civis_usage.cli import main
from civis_usage.contract_tests import waivers
from civis_usage.contract_tests.checks import all_checks
from civis_usage.contract_tests.explanations import RULES, explain, nearest, waiver
from civis_usage.contract_tests.results import Check
from civis_usage.schemas.behavior import QUESTIONS, Question

EVERY = all_checks()
PAGE = Path(__file__).parents[1] / "docs" / "reference" / "checks.md"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["explain", *arguments], prog_name="civis-usage")


@pytest.mark.parametrize("check", EVERY, ids=lambda check: check.id)
def test_every_check_is_explained(check: Check) -> None:
    done = run(check.id)
    explanation = explain(check)
    assert done.exit_code == 0, done.output
    said = " ".join(done.stdout.split())
    for text in (check.rule, str(check.basis), explanation.source, explanation.requests, explanation.failure):
        assert " ".join(text.split()) in said
    assert f'check = "{check.id}"' in done.stdout


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=lambda question: question.id)
def test_every_open_question_is_explained(question: Question) -> None:
    done = run(question.id)
    assert done.exit_code == 0, done.output
    for text in (question.text, str(question.default), "assumed", question.evidence):
        assert text in done.stdout
    assert all(f"{each.title}: {each.description}" in done.stdout for each in question.answers)


def test_nothing_is_explained_that_is_no_check() -> None:
    used = {check.id.removeprefix(check.operation.replace("_", "-")) for check in EVERY}
    assert used == set(RULES)


def test_all_checks_are_listed() -> None:
    lines = run().stdout.splitlines()
    assert [line.split()[0] for line in lines[: len(EVERY)]] == [check.id for check in EVERY]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("list-llm-windo", "list-llm-window"),
        ("list_llm_window", "list-llm-window"),
        ("LIST-LLM-NULLS", "list-llm-nulls"),
        ("order", "any-order"),
    ],
)
def test_a_wrong_name_gets_the_nearest(typed: str, meant: str) -> None:
    done = run(typed)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"Error: There is no check {typed!r}: did you mean {meant}?\n"
    assert nearest(typed) == meant


def test_a_name_that_is_like_none_gets_the_list() -> None:
    assert run("zzz").stderr == "Error: There is no check 'zzz': `civis-usage explain` lists all.\n"


def test_the_shown_waiver_loads_when_its_reason_is_filled_in(tmp_path: Path) -> None:
    file = tmp_path / "waivers.toml"
    file.write_text(waiver(EVERY[0], ["runId", None]), encoding="utf-8")
    with pytest.raises(waivers.InvalidWaiver, match="reason"):
        waivers.load(file)
    file.write_text(file.read_text().replace("...", "Known, ticket 4711."), encoding="utf-8")
    assert [(each.check, each.field) for each in waivers.load(file)] == [(EVERY[0].id, "runId"), (EVERY[0].id, None)]


def test_the_page_has_an_anchor_for_each_check() -> None:
    headings = re.findall(r"^### (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(headings) == sorted(check.id for check in EVERY)
