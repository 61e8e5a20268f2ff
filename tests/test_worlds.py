"""``usage_worlds()``: legal worlds that find the bugs of programs, and the small ones that show them."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from civis_usage.fixtures import UsageWorld, usage_worlds
from civis_usage.fixtures.fake_server import UsageServer
from civis_usage.schemas import validator
from civis_usage.schemas.behavior import InvalidBehavior

from .programs import buggy, right

MONTH = "2026-04"
QUICK = settings(max_examples=25, deadline=None, database=None, derandomize=True)

# -- programs with one bug each --------------------------------------------------------------------------------------

Program = Callable[[Any, UsageWorld], bool]


def is_right(name: str) -> Program:
    """Return whether a program's result is the world's own."""
    return lambda programs, world: EXPECTED[name](world) == getattr(programs, name)(1, _asked(name, world))


def _asked(name: str, world: UsageWorld) -> str:
    return world.now if name == "bill_so_far" else MONTH


def _newest(world: UsageWorld) -> datetime | None:
    listed = world.llm(1, month=MONTH)
    return datetime.fromisoformat(listed[-1]["runCreatedAt"]) if listed else None


EXPECTED: dict[str, Callable[[UsageWorld], object]] = {
    "bill": lambda world: world.credits(1, month=MONTH),
    "bill_so_far": lambda world: world.credits(1, month=world.now[:7]),
    "newest": _newest,
    "tokens": lambda world: sum(each["inputTokens"] + each["outputTokens"] for each in world.llm(1, month=MONTH)),
    "rounded_bill": lambda world: round(world.credits(1, month=MONTH), 2),
    "nightly_bill": lambda world: world.credits(1, month=MONTH),
    "matched": lambda world: sum(each["numRecords"] for each in world.matching(1, month=MONTH)),
    "packed_ids": lambda world: b"".join(id_.to_bytes(8, "big") for id_ in sorted(_ids(world))),
}
FAULTS = ("tokens", "nightly_bill")
"""The bugs that show only where something may go wrong."""


def _ids(world: UsageWorld) -> list[int]:
    return [each["id"] for each in world.llm(1, month=MONTH)]


QUICKLY_FOUND = ("bill",)


@pytest.mark.parametrize(
    "name", [each if each in QUICKLY_FOUND else pytest.param(each, marks=pytest.mark.nightly) for each in EXPECTED]
)
def test_a_bug_is_found_within_200_examples_and_shown_by_three_records(usage_server: UsageServer, name: str) -> None:
    failing: list[UsageWorld] = []

    @settings(max_examples=200, deadline=None, database=None, derandomize=True, report_multiple_bugs=False)
    @given(world=usage_worlds(faults=name in FAULTS))
    def check(world: UsageWorld) -> None:
        with usage_server.showing(world):
            try:
                passes = is_right(name)(buggy, world)
            except Exception:
                passes = False
        if not passes:
            failing.append(world)
        assert passes

    with pytest.raises(AssertionError):
        check()
    assert len(failing[-1].records) <= 3, failing[-1]


@pytest.mark.parametrize("name", EXPECTED)
def test_a_right_program_is_right_in_every_world(usage_server: UsageServer, name: str) -> None:
    @QUICK
    @given(world=usage_worlds(faults=True))
    def check(world: UsageWorld) -> None:
        with usage_server.showing(world):
            assert is_right(name)(right, world)

    check()


# -- the worlds --------------------------------------------------------------------------------------------------------


@QUICK
@given(world=usage_worlds(faults=True))
def test_a_worlds_repr_is_a_program_that_makes_it_again(world: UsageWorld) -> None:
    assert eval(repr(world)) == world


def test_a_month_without_usage_is_drawn_often_with_each_answer_to_what_its_summary_is() -> None:
    answers = []

    @settings(QUICK, max_examples=100)
    @given(world=usage_worlds())
    def look(world: UsageWorld) -> None:
        if not world.llm(1, month=MONTH):
            answers.append(world.behavior.get("summary_without_usage", "zero"))

    look()
    assert answers.count("zero") >= 5
    assert answers.count("not_found") >= 5
    assert len(answers) <= 75, "most worlds have usage"


@QUICK
@given(world=usage_worlds(organizations=(7, 2**62)))
def test_a_world_is_legal_and_coherent(world: UsageWorld) -> None:
    for kind, records in (("llm", world.llm_usage), ("matching", world.matching_usage)):
        for record in records:
            validator(f"{kind}_usage").validate(record)
            assert record["runCreatedAt"] <= world.now
            assert record["organizationId"] in (7, 2**62)
    for name in ("id", "runId"):
        numbers = [record[name] for record in world.records if name in record]
        assert len(set(numbers)) == len(numbers)
    for question in ("record_decimals", "summary_decimals"):
        decimals = world.behavior.get(question, 20)
        assert all(record["credits"] == round(record["credits"], decimals) for record in world.llm_usage)


@QUICK
@given(world=usage_worlds())
def test_the_fake_shows_a_world_and_nothing_else(usage_server: UsageServer, world: UsageWorld) -> None:
    everything = {"start_date": "2020-01-01T00:00:00Z", "end_date": "2027-01-01T00:00:00Z"}
    with usage_server.showing(world), usage_server.client() as client:
        for org in world.organizations:
            listed = [dict(each.items()) for each in client.list_llm(org_id=org, **everything)]
            matched = [dict(each.items()) for each in client.list_matching(org_id=org, **everything)]
            assert _by_id(listed) == _by_id(world.llm(org))
            assert _by_id(matched) == _by_id(world.matching(org))
            if listed:
                assert client.get_llm_organization_summary(org, **everything).credits == world.credits(org)
    assert usage_server.fake.health()["behavior"] == {}


def _by_id(records: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return sorted(tuple(each.values()) for each in records)


def test_its_methods_count_what_has_happened_in_a_window() -> None:
    turn = "2026-05-01T00:00:00.000Z"
    world = UsageWorld(
        now="2026-05-02T00:00:00.000Z",
        llm_usage=[
            {"run_created_at": "2026-04-30T23:59:59.999Z", "credits": 2},
            {"runCreatedAt": turn, "credits": 4},
            {"runCreatedAt": turn, "credits": 8, "organization_id": 5},
            {"runCreatedAt": "2026-05-02T00:00:00.001Z", "credits": 16},
        ],
        matching_usage=[{"runCreatedAt": turn, "task": "CDM"}, {"runCreatedAt": turn}],
    )
    assert world.organizations == (1, 5)
    assert world.credits(1, month="2026-04") == 2
    assert world.credits(1, month="2026-05") == 4
    assert world.credits(month="2026-05") == 12
    assert world.credits(start_date="2026-04-30", end_date=turn) == 2
    assert [each["credits"] for each in world.llm(1)] == [2, 4]
    assert [each["task"] for each in world.matching(1, task="CDM", month="2026-05")] == ["CDM"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: UsageWorld(now="soon"), "'soon' is not a timestamp"),
        (lambda: UsageWorld(now="2026-05-01", llm_usage=[{"credit": 1}]), "llm usage has no field 'credit'"),
        (lambda: UsageWorld(now="2026-05-01", llm_usage=[{"credits": 1}]), "has no runCreatedAt: add one"),
        (lambda: UsageWorld(now="2026-05-01").llm(month="April"), "'April' is not a month: write it as 2026-04"),
        (lambda: UsageWorld(now="2026-05-01").llm(month="2026-04", end_date="2026-04-02"), "leave start_date"),
        (lambda: usage_worlds(month="2026-13"), "'2026-13' is not a month"),
        (lambda: usage_worlds(organizations=()), "name the key's own"),
        (lambda: usage_worlds(behavior={"end_bond": "exclusive"}), "did you mean 'end_bound'"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_answers_that_are_known_are_fixed(tmp_path: Path) -> None:
    file = tmp_path / "behavior.toml"
    file.write_text('end_bound = "exclusive"\nlist_order = "newest_first"\n', encoding="utf-8")
    seen = []

    @QUICK
    @given(world=usage_worlds(behavior=file))
    def look(world: UsageWorld) -> None:
        seen.append(world.behavior)
        assert world.behavior["end_bound"] == "exclusive"
        assert world.behavior["list_order"] == "newest_first"

    look()
    assert any(len(behavior) > 5 for behavior in seen), "the other questions are answered differently"
    with pytest.raises(InvalidBehavior, match="cannot be read"):
        usage_worlds(behavior=tmp_path / "missing.toml")


# -- showing -----------------------------------------------------------------------------------------------------------

WORLD = UsageWorld(
    now="2026-05-01T00:00:00.000Z",
    llm_usage=[{"runCreatedAt": "2026-04-30T23:59:59.999Z", "credits": 2}],
    behavior={"end_bound": "exclusive"},
    faults=("list_llm status=503 first=1",),
    variations=("additional_fields",),
)


def test_after_it_all_is_as_before_but_for_the_journal(usage_server: UsageServer, usage_records: Any) -> None:
    usage_records.llm(credits=5)
    usage_server.clock.pin("2026-06-01T00:00:00Z")
    usage_server.faults.add("get_llm status=500")
    before, environment = usage_server.snapshot(), dict(os.environ)
    with usage_server.showing(WORLD) as shown, usage_server.client() as client:
        assert shown is WORLD
        assert os.environ["CIVIS_API_ENDPOINT"] == usage_server.url
        assert usage_server.clock.text == WORLD.now
        assert client.list_llm(start_date="2026-04-01", end_date="2026-04-30T23:59:59.999Z") == []
        assert client.list_llm(start_date="2026-04-01", end_date="2026-05-01")[0].additional
    assert dict(os.environ) == environment
    assert usage_server.snapshot() == before
    assert [call.status for call in usage_server.journal] == [503, 200, 200]
    usage_server.faults.clear()


def test_it_ends_with_an_error_in_the_block_as_well(usage_server: UsageServer) -> None:
    with pytest.raises(ZeroDivisionError), usage_server.showing(WORLD):
        1 / 0  # noqa: B018
    assert not usage_server.clock.pinned
    assert not usage_server.faults


def test_a_users_property_test_needs_no_settings(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import os

        import requests
        from hypothesis import given

        from civis_usage.fixtures import usage_worlds


        def my_bill(org_id, month):
            url = f"{os.environ['CIVIS_API_ENDPOINT']}/usage/llm"
            dates = {"start_date": "2026-03-31T00:00:00Z", "end_date": "2026-05-02T00:00:00Z"}
            for _ in range(3):
                try:
                    answer = requests.get(
                        url, params={"org_id": org_id, **dates}, auth=(os.environ["CIVIS_API_KEY"], ""), timeout=10
                    )
                except requests.exceptions.ChunkedEncodingError:
                    continue
                if answer.ok:
                    break
            return sum(run["credits"] for run in answer.json() if run["runCreatedAt"].startswith(month))


        @given(world=usage_worlds(faults=True))
        def test_the_bill_is_right_in_every_world(usage_server, world):
            with usage_server.showing(world):
                assert my_bill(org_id=1, month="2026-04") == world.credits(org_id=1, month="2026-04")
        """
    )
    result = pytester.runpytest_inprocess("-W", "error", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, warnings=0)
