"""Waivers accept what they name, and nothing else."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest

from civis_usage.contract_tests import waivers
from civis_usage.contract_tests.checks import checks
from civis_usage.contract_tests.config import Waiver
from civis_usage.contract_tests.results import Basis, Outcome, Verdict
from civis_usage.contract_tests.waivers import InvalidWaiver

from .report_samples import EXPIRED, WAIVER, finding, full_report, make_check, make_report

TODAY = date(2026, 5, 4)
KNOWN = ("list-llm-shape", "list-llm-filter", "get-llm-listed")
GOOD = """
[[waiver]]
check = "list-llm-shape"
field = "credits"
reason = "Retired models have no credits."
expires = 2027-01-31

[[waiver]]
check = "get-llm-listed"
reason = "None of our programs read it."
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "waivers.toml"


def read(file: Path, text: str) -> tuple[Waiver, ...]:
    file.write_text(text, encoding="utf-8")
    return waivers.load(file, checks=KNOWN)


def test_a_file_gives_its_waivers_in_order(file: Path) -> None:
    assert read(file, GOOD) == (WAIVER, Waiver("get-llm-listed", "None of our programs read it."))


def test_an_empty_file_waives_nothing(file: Path) -> None:
    assert read(file, "# nothing\n") == ()


def test_an_expiry_date_may_be_a_string(file: Path) -> None:
    text = '[[waiver]]\ncheck = "list-llm-shape"\nreason = "Known."\nexpires = "2027-01-31"'
    assert read(file, text)[0].expires == "2027-01-31"


def test_without_a_list_the_ids_of_all_checks_are_known(file: Path) -> None:
    id_ = checks()[0].id
    file.write_text(f'[[waiver]]\ncheck = "{id_}"\nreason = "Known."')
    assert waivers.load(file)[0].check == id_
    file.write_text('[[waiver]]\ncheck = "no-such-check"\nreason = "Known."')
    with pytest.raises(InvalidWaiver, match="no-such-check"):
        waivers.load(file)


def entry(**keys: str) -> str:
    told = {"check": '"list-llm-shape"', "reason": '"Known."'} | keys
    return "[[waiver]]\n" + "".join(f"{key} = {value}\n" for key, value in told.items() if value)


REFUSED = {
    "unknown check": (entry(check='"list-llm-shap"'), "waiver 1", "'list-llm-shap'", "did you mean 'list-llm-shape'?"),
    "check of another kind": (entry(check="7"), "waiver 1", "check is 7", "not a string"),
    "check missing": (entry(check=""), "waiver 1", "check is missing", "give"),
    "unknown field": (entry(field='"credit"'), "waiver 1", "'credit'", "did you mean 'credits'?"),
    "field of another kind": (entry(field="true"), "waiver 1", "field is True", "not a string"),
    "reason missing": (entry(reason=""), "waiver 1", "reason is missing", "why the deviation is accepted"),
    "reason empty": (entry(reason='""'), "waiver 1", "''", "say why"),
    "reason blank": (entry(reason='" \\n "'), "waiver 1", "''", "say why"),
    "reason TODO": (entry(reason='"TODO: ask the team"'), "waiver 1", "'TODO: ask the team'", "say why"),
    "reason dots": (entry(reason='"..."'), "waiver 1", "'...'", "say why"),
    "reason n/a": (entry(reason='"n/a"'), "waiver 1", "'n/a'", "say why"),
    "reason fill in": (entry(reason='"<fill this in>"'), "waiver 1", "'<fill this in>'", "say why"),
    "expires in words": (entry(expires='"next year"'), "waiver 1", "'next year'", "expires = 2027-01-31"),
    "expires on no day": (entry(expires='"2027-02-30"'), "waiver 1", "'2027-02-30'", "expires = 2027-01-31"),
    "expires at an hour": (entry(expires="2027-01-31T12:00:00Z"), "waiver 1", "2027-01-31T12:00", "not a day"),
    "expires as a number": (entry(expires="20270131"), "waiver 1", "20270131", "not a day"),
    "unknown key": (entry(until="2027-01-31"), "waiver 1", "no key 'until'", "check, expires, field, reason"),
    "misspelt key": (entry(expire="2027-01-31"), "waiver 1", "no key 'expire'", "did you mean 'expires'?"),
    "misspelt table": ('[[waivers]]\ncheck = "a"', "no key 'waivers'", "did you mean 'waiver'?"),
    "table for a list": ('[waiver]\ncheck = "a"', "must be a list of tables", "[[waiver]]"),
    "the second entry": (GOOD + entry(check='"nope"'), "waiver 3", "'nope'", "give one of get-llm-listed"),
    "twice the same": (entry() + entry(), "waiver 2", "waiver 1 names the same", "keep one"),
    "broken TOML": ("[[waiver]\n", "is not TOML", "line 1"),
    "expires in no month": (entry(expires="2026-13-31"), "line", "a date is written as in expires = 2027-01-31."),
    "expires as in Europe": (entry(expires="31.12.2026"), "line", "a date is written as in expires = 2027-01-31."),
    "field without quotes": (entry(field="modelId"), "line", 'a text is written in quotes, as in field = "modelId".'),
    "curly quotes": (entry(reason="“known”"), "line", 'in quotes, as in reason = "why it is accepted".'),
}


@pytest.mark.parametrize(("text", "words"), [(text, words) for text, *words in REFUSED.values()], ids=list(REFUSED))
def test_a_wrong_file_is_refused_with_file_entry_value_and_remedy(file: Path, text: str, words: list[str]) -> None:
    with pytest.raises(InvalidWaiver) as refused:
        read(file, text)
    message = str(refused.value)
    assert all(word in message for word in (str(file), *words)), message
    assert "\n" not in message


def test_a_file_that_is_not_there_or_not_text_is_refused(file: Path) -> None:
    with pytest.raises(InvalidWaiver, match=r"waivers\.toml cannot be read \(No such file"):
        waivers.load(file, checks=KNOWN)
    file.write_bytes(b"\xff\xfe[")
    with pytest.raises(InvalidWaiver, match="is not UTF-8"):
        waivers.load(file, checks=KNOWN)


def test_waivers_are_discovered_in_pyproject_toml(tmp_path: Path) -> None:
    assert waivers.discover(tmp_path, checks=KNOWN) == ()
    project = tmp_path / "pyproject.toml"
    project.write_text('[project]\nname = "x"\n')
    assert waivers.discover(tmp_path, checks=KNOWN) == ()
    project.write_text('[project]\nname = "x"\n' + GOOD.replace("[[waiver]]", "[[tool.civis-usage.waivers]]"))
    assert [waiver.check for waiver in waivers.discover(tmp_path, checks=KNOWN)] == ["list-llm-shape", "get-llm-listed"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[tool.civis-usage.waiver]]\ncheck = "a"', "did you mean 'waivers'?"),
        ("[tool]\ncivis-usage = 3", "must be a table"),
        ("[tool.civis-usage]\nwaivers = 3", r"begin each with \[\[tool.civis-usage.waivers\]\]"),
    ],
)
def test_a_wrong_table_in_pyproject_toml_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(InvalidWaiver, match=words):
        waivers.discover(tmp_path, checks=KNOWN)


@pytest.mark.parametrize(
    ("basis", "verdict"),
    [
        (Basis.DOCUMENTED, Verdict.FAILED),
        (Basis.RECORDED, Verdict.WARNING),
        (Basis.ASSUMED, Verdict.INFO),
    ],
)
def test_an_open_finding_counts_as_the_basis_of_its_rule_says(basis: Basis, verdict: Verdict) -> None:
    outcome = Outcome("40 records", (finding(),))
    result = waivers.apply(make_check(basis=basis), outcome, (), TODAY)
    assert (result.verdict, result.findings, result.waived) == (verdict, outcome.findings, ())


def test_without_findings_a_check_is_passed_or_inconclusive() -> None:
    assert waivers.apply(make_check(), Outcome("40 records"), (), TODAY).verdict is Verdict.PASSED
    empty = waivers.apply(make_check(), Outcome("0 records", inconclusive="no data", no_data=True), (), TODAY)
    assert (empty.verdict, empty.outcome.inconclusive, empty.outcome.no_data) == (Verdict.INCONCLUSIVE, "no data", True)


def test_a_waiver_accepts_its_field_alone() -> None:
    check = make_check("list-llm-shape")
    spent, model = finding("null in credits", field="credits"), finding("null in modelId", field="modelId")
    result = waivers.apply(check, Outcome("40 records", (spent, model)), (WAIVER,), TODAY)
    assert (result.verdict, result.findings, result.waived) == (Verdict.FAILED, (model,), ((spent, WAIVER),))
    assert waivers.apply(check, Outcome("40 records", (spent,)), (WAIVER,), TODAY).verdict is Verdict.WAIVED


def test_a_waiver_without_a_field_accepts_findings_that_concern_none() -> None:
    general, named = finding("the list was cut off", field=None), finding("null in credits", field="credits")
    broad = Waiver("list-llm-filter", "Known.")
    result = waivers.apply(make_check(), Outcome("40 records", (general, named)), (broad,), TODAY)
    assert (result.findings, result.waived) == ((named,), ((general, broad),))


def test_a_waiver_of_another_check_accepts_nothing() -> None:
    result = waivers.apply(make_check(), Outcome("", (finding(field="credits"),)), (WAIVER,), TODAY)
    assert result.verdict is Verdict.FAILED


def test_a_question_left_open_is_not_waived() -> None:
    outcome = Outcome("", (finding(field="credits"),), inconclusive="the budget is spent")
    assert waivers.apply(make_check("list-llm-shape"), outcome, (WAIVER,), TODAY).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("today", "verdict", "is_expired"),
    [(date(2027, 1, 31), Verdict.WAIVED, False), (date(2027, 2, 1), Verdict.FAILED, True)],
)
def test_a_waiver_holds_until_the_end_of_its_last_day(today: date, verdict: Verdict, is_expired: bool) -> None:
    outcome = Outcome("", (finding(field="credits"),))
    assert waivers.apply(make_check("list-llm-shape"), outcome, (WAIVER,), today).verdict is verdict
    assert waivers.expired((WAIVER,), today) == ((WAIVER,) if is_expired else ())


def test_a_waiver_that_matches_nothing_is_unused_unless_its_check_was_left_open() -> None:
    check = make_check("list-llm-shape")
    used = waivers.apply(check, Outcome("", (finding(field="credits"),)), (WAIVER,), TODAY)
    kept = waivers.apply(check, Outcome("40 records"), (WAIVER,), TODAY)
    left_open = waivers.apply(check, Outcome("", inconclusive="no data"), (WAIVER,), TODAY)
    unused = [waivers.unused((WAIVER,), results, TODAY) for results in ([used], [kept], [left_open], [])]
    assert unused == [(), (WAIVER,), (), ()]
    assert waivers.unused((EXPIRED,), [waivers.apply(make_check(EXPIRED.check), Outcome(""), (), TODAY)], TODAY) == ()


def test_a_draft_does_not_load_until_its_reasons_are_filled_in(file: Path) -> None:
    text = waivers.draft(full_report())
    known = [entry["check"] for entry in tomllib.loads(text)["waiver"]]
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidWaiver, match="reason ''"):
        waivers.load(file, checks=known)
    file.write_text(text.replace('reason = ""', 'reason = "Known."'), encoding="utf-8")
    loaded = waivers.load(file, checks=known)
    assert {(waiver.check, waiver.field) for waiver in loaded} == {
        ("list-llm-filter", "organizationId"),
        ("list-llm-filter", None),
        ("list-llm-utc", "organizationId"),
        ("list-llm-utc", None),
        ("list-llm-shape", "credits"),
    }
    assert WAIVER in loaded, "a waiver in use keeps its reason"


def test_what_a_draft_accepts_is_accepted(file: Path) -> None:
    check, outcome = make_check(), Outcome("", (finding(), finding("more", field=None)))
    report = make_report((waivers.apply(check, outcome, (), TODAY),))
    filled_in = read(file, waivers.draft(report).replace('reason = ""', 'reason = "Known."'))
    assert waivers.apply(check, outcome, filled_in, TODAY).verdict is Verdict.WAIVED


def test_a_draft_tells_what_an_expired_waiver_said() -> None:
    old = Waiver("list-llm-filter", "Until the\nmigration.", "organizationId", "2026-01-31")
    text = waivers.draft(make_report(expired_waivers=(old,)))
    assert "# Waived until 2026-01-31: Until the migration.\n[[waiver]]" in text
    assert {entry["reason"] for entry in tomllib.loads(text)["waiver"]} == {"", WAIVER.reason}


def test_a_draft_of_nothing_is_an_empty_file_that_loads(file: Path) -> None:
    assert read(file, waivers.draft(make_report(()))) == ()
