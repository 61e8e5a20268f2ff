"""The API's spec against the contract: what differs is seen, and classed by what it means to programs."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civis_usage.drift.comparison import compare
from civis_usage.drift.contract import Contract, contract_of, read_contract
from civis_usage.drift.difference import Difference
from civis_usage.drift.form import Api
from civis_usage.drift.operations import read_api
from civis_usage.drift.proposal import as_text, propose
from civis_usage.schemas import bundled_openapi, openapi_30, swagger

from .drift_changes import CHANGES, NAMES, Change

CONTRACT = read_contract()


def api(spec: dict[str, Any]) -> Api:
    return read_api("the spec", spec)


def but_wording(differences: tuple[Difference, ...]) -> list[Difference]:
    return [each for each in differences if each.weight != "wording"]


def expected_of(change: Change, differences: tuple[Difference, ...]) -> list[Difference]:
    """Give the differences that a change should show: all but wording, or those in wording that it names."""
    if change.forth == "wording":
        return [each for each in differences if each.what == change.what]
    return but_wording(differences)


def fits(name: str, told: str) -> bool:
    return told in ("*", name)


@pytest.mark.parametrize("dialect", [swagger, openapi_30, bundled_openapi], ids=["2.0", "3.0", "3.1"])
def test_the_contract_does_not_differ_from_its_own_dialects(dialect: Any) -> None:
    assert compare(CONTRACT.api, api(dialect())) == ()


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_a_change_is_seen_where_it_is_and_as_what_it_is(change: Change) -> None:
    found = expected_of(change, compare(CONTRACT.api, api(change.made(swagger()))))
    assert found, "nothing was seen"
    for each in found:
        assert fits(each.operation, change.operation), each
        assert fits(each.place, change.place), each
        assert fits(each.what, change.what), each
        assert each.weight == change.forth, each
        assert each.contract != each.spec, each


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_the_undoing_of_a_change_is_classed_by_what_it_means(change: Change) -> None:
    found = expected_of(change, compare(api(change.made(swagger())), api(swagger())))
    assert {str(each.weight) for each in found} == {change.back}, found
    if change.id not in ("operation-gone", "operation-new", "method", "path-parameter-renamed"):
        assert all(fits(each.place, change.place_back or change.place) for each in found), found


def test_there_are_changes_of_every_class_and_of_every_kind_that_breaks() -> None:
    assert {change.forth for change in CHANGES} == {"breaking", "compatible", "deprecated", "wording"}
    assert len({change.what for change in CHANGES}) > 15
    assert set(NAMES.values()) == {each.name for each in CONTRACT.api.operations}


# -- the update


def updated(change: Change) -> tuple[Contract, Api, tuple[str, ...]]:
    spec = api(change.made(swagger()))
    proposal = propose(CONTRACT, spec)
    files = {
        **CONTRACT.files,
        **{name.removesuffix(".json"): json.loads(text) for name, text in proposal.files.items()},
    }
    return contract_of(files), spec, proposal.by_hand


@pytest.mark.parametrize("change", [each for each in CHANGES if not each.by_hand], ids=str)
def test_after_an_update_nothing_but_wording_differs(change: Change) -> None:
    contract, spec, by_hand = updated(change)
    assert (but_wording(compare(contract.api, spec)), by_hand) == ([], ())


@pytest.mark.parametrize("change", [each for each in CHANGES if each.by_hand], ids=str)
def test_what_cannot_be_derived_is_named_and_left_as_it_is(change: Change) -> None:
    contract, spec, by_hand = updated(change)
    assert by_hand
    assert dict(contract.files) == dict(CONTRACT.files)
    assert len(but_wording(compare(contract.api, spec))) == len(by_hand)


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_an_update_keeps_our_own_words(change: Change) -> None:
    contract, _, _ = updated(change)

    def words(node: Any) -> set[str]:
        if isinstance(node, dict):
            own = {
                value
                for key, value in node.items()
                if key in ("description", "summary", "title") and isinstance(value, str)
            }
            return own.union(*map(words, node.values()))
        return set().union(*map(words, node)) if isinstance(node, list) else set()

    gone = words(dict(CONTRACT.files)) - words(dict(contract.files))
    assert len(gone) <= (1 if change.id in ("field-gone", "parameter-gone") else 0), gone


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from([each for each in CHANGES if not each.by_hand]), max_size=5, unique_by=lambda each: each.id
    )
)
def test_after_an_update_of_many_changes_nothing_but_wording_differs(changes: list[Change]) -> None:
    spec = deepcopy(swagger())
    for change in changes:
        try:
            spec = change.made(spec)
        except (KeyError, StopIteration, ValueError):
            continue  # what it changes is gone
    proposal = propose(CONTRACT, api(spec))
    new = {name.removesuffix(".json"): json.loads(text) for name, text in proposal.files.items()}
    assert proposal.by_hand == ()
    assert but_wording(compare(contract_of({**CONTRACT.files, **new}).api, api(spec))) == []


def test_a_body_that_two_operations_describe_differently_is_left_to_a_person() -> None:
    spec = deepcopy(swagger())
    own = deepcopy(spec["definitions"]["llm_usage"])
    own["properties"]["credits"]["type"] = "string"
    spec["definitions"]["own"] = own
    spec["paths"]["/usage/llm/{id}"]["get"]["responses"]["200"]["schema"] = {"$ref": "#/definitions/own"}
    proposal = propose(CONTRACT, api(spec))
    assert proposal.files == {}
    assert proposal.by_hand == ("get_llm, answer.credits: type number (float) → string (float)",)


def test_the_contract_is_written_as_an_update_writes_it() -> None:
    from importlib import resources

    for name, file in CONTRACT.files.items():
        text = resources.files("civis_usage.schemas").joinpath(f"{name}.json").read_text("utf-8")
        assert as_text(file) == text, f"{name}.json: an update would rewrite more than it changes"
