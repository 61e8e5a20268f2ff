"""The API's spec against the contract: a difference is seen, and classed by what it means to programs."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from dataclasses import replace
from importlib import resources
from typing import Any

import pytest

from civis_usage.contract_tests.drift.compare import Difference, Severity, compare, rewrite
from civis_usage.contract_tests.drift.spec import contract, describe
from civis_usage.schemas import bundled_openapi, openapi_30, swagger

from .drift_changes import CHANGES, MATCHING, NAMES, Change, Spec, by_post, field, parameter

REPORT = json.loads(resources.files("civis_usage.contract_tests.drift").joinpath("report.schema.json").read_text())
BY_ID = {change.id: change for change in CHANGES}


def but_wording(differences: tuple[Difference, ...]) -> list[Difference]:
    return [each for each in differences if each.severity != "wording"]


def expected_of(change: Change, differences: tuple[Difference, ...]) -> list[Difference]:
    """Return the differences that a change should show: all but wording, or those in wording that it names."""
    if change.forth == "wording":
        return [each for each in differences if each.keyword == change.keyword]
    return but_wording(differences)


def fits(name: str, expected: str) -> bool:
    return expected in ("*", name)


@pytest.mark.parametrize("dialect", [swagger, openapi_30, bundled_openapi], ids=["2.0", "3.0", "3.1"])
def test_the_contract_does_not_differ_from_its_own_dialects(dialect: Any) -> None:
    assert compare(contract(), describe(dialect())) == ()


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_a_change_is_seen_where_it_is_and_as_what_it_is(change: Change) -> None:
    found = expected_of(change, compare(contract(), describe(change.made(swagger()))))
    assert found, "nothing was seen"
    for each in found:
        assert fits(each.operation, change.operation), each
        assert fits(each.location, change.location), each
        assert fits(each.keyword, change.keyword), each
        assert each.severity == change.forth, each
        assert each.contract != each.spec, each


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_the_undoing_of_a_change_is_classed_by_what_it_means(change: Change) -> None:
    found = expected_of(change, compare(describe(change.made(swagger())), describe(swagger())))
    assert {str(each.severity) for each in found} == {change.back}, found
    assert all(fits(each.location, change.location) for each in found), found


def test_there_are_changes_of_every_severity_and_of_every_kind_that_breaks() -> None:
    assert {change.forth for change in CHANGES} == {str(each) for each in Severity}
    assert len({change.keyword for change in CHANGES}) > 15
    assert set(NAMES.values()) == {*contract().names.values()}


def test_another_method_is_one_operation_gone_and_one_new() -> None:
    changed = deepcopy(swagger())
    by_post(changed)
    found = but_wording(compare(contract(), describe(changed)))
    assert [(each.operation, each.id, str(each.severity)) for each in found] == [
        ("list_matching", "operation-removed", "breaking"),
        ("POST /usage/matching", "operation-added", "compatible"),
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("operation-gone", "operation-removed"),
        ("operation-deprecated", "operation-deprecated-changed"),
        ("base-path", "operation-base-path-added"),
        ("status", "response-status-changed"),
        ("media-type", "response-media-type-changed"),
        ("list-to-object", "response-type-changed"),
        ("field-gone", "response-field-removed"),
        ("field-new", "response-field-added"),
        ("field-nullable", "response-field-type-changed"),
        ("field-optional", "response-field-required-changed"),
        ("field-without-format", "response-field-format-removed"),
        ("enum-wider", "response-field-enum-changed"),
        ("enum-in-words", "response-field-enum-notation-changed"),
        ("field-bounded", "response-field-keyword-added"),
        ("parameter-gone", "parameter-removed"),
        ("parameter-moved", "parameter-in-changed"),
        ("parameter-default", "parameter-default-added"),
        ("parameter-pattern", "parameter-keyword-added"),
        ("body-new-needed", "request-body-added"),
    ],
)
def test_a_change_has_an_id(change: str, expected: str) -> None:
    found = expected_of(BY_ID[change], compare(contract(), describe(BY_ID[change].made(swagger()))))
    assert {each.id for each in found} == {expected}


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_every_id_is_of_the_form_that_the_report_promises(change: Change) -> None:
    form = REPORT["$defs"]["difference"]["properties"]["id"]["pattern"]
    for each in compare(contract(), describe(change.made(swagger()))):
        assert re.search(form, each.id), each


def with_keyword(keyword: str, value: Any, *, at: str) -> Spec:
    changed = deepcopy(swagger())
    (field(changed, MATCHING, "runTime") if at == "field" else parameter(changed, MATCHING, "task"))[keyword] = value
    return changed


@pytest.mark.parametrize("value", [5, "x", True, False, ["a"], {"maximum": 3}])
@pytest.mark.parametrize("keyword", ["neverSeen", "allOf", "const", "exclusiveMaximum"])
def test_an_unknown_keyword_is_a_change(keyword: str, value: Any) -> None:
    changed = describe(with_keyword(keyword, value, at="field")), describe(with_keyword(keyword, value, at="parameter"))
    for spec, there, back in zip(changed, ("compatible", "breaking"), ("breaking", "compatible"), strict=True):
        (added,), (removed,) = compare(contract(), spec), compare(spec, contract())
        assert (added.keyword, added.contract, added.spec, added.severity) == (keyword, None, value, there)
        assert (removed.contract, removed.spec, removed.severity) == (value, None, back)


def test_an_unknown_keyword_with_another_value_is_breaking() -> None:
    one, other = (describe(with_keyword("neverSeen", value, at="field")) for value in (1, 2))
    (changed,) = compare(one, other)
    assert (changed.id, changed.severity) == ("response-field-keyword-changed", "breaking")


@pytest.mark.parametrize("at", ["field", "parameter"])
def test_an_extension_is_reported_and_breaks_nothing(at: str) -> None:
    (found,) = compare(contract(), describe(with_keyword("x-new", {"a": 1}, at=at)))
    assert (found.keyword, found.severity) == ("x-new", "compatible")


def test_a_field_is_not_explained_by_another_one_whose_name_its_own_begins_with() -> None:
    ours, theirs = deepcopy(swagger()), deepcopy(swagger())
    for spec, name in ((ours, "run.time"), (theirs, "run")):
        spec["definitions"]["matching_usage"]["properties"][name] = {"type": "integer"}
    found = compare(describe(ours), describe(theirs))
    assert {(each.location, each.id) for each in found} == {
        ("response[].run.time", "response-field-removed"),
        ("response[].run", "response-field-added"),
    }


def test_texts_of_the_spec_can_be_rewritten_and_the_contracts_stay() -> None:
    changed = with_keyword("secret", [{"secret": ["a secret"]}], at="field")
    (found,) = compare(contract(), describe(changed))
    clean = rewrite(found, lambda text: text.replace("secret", "***"))
    assert (clean.keyword, clean.spec) == ("***", [{"***": ["a ***"]}])
    assert "secret" not in clean.sentence


def test_no_statement_of_the_contract_can_go_unseen() -> None:
    statements = contract().statements
    for key in statements:
        without = {other: value for other, value in statements.items() if other != key}
        found = compare(contract(), replace(contract(), statements=without))
        if key.keyword == "enum notation":  # says how an enum is written, and nothing without it
            assert found == ()
        else:
            assert ("".join(key.location), key.keyword) in {(each.location, each.keyword) for each in found}, key
