"""Records of a user's own: read, checked, completed, numbered, and part of every answer; or refused whole."""

from __future__ import annotations

import json
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civis_usage.fixtures import bodies
from civis_usage.mock_server.fake import Fake
from civis_usage.mock_server.settings import Settings
from civis_usage.mock_server.world import InvalidRecord, World
from civis_usage.schemas import times, validator
from civis_usage.schemas.strategies import llm_usage, matching_usage

from .worlds import generated, listed

NOW = times.to_millis(times.parse("2026-05-17T12:00:00.000Z"))
TODAY = times.to_millis(times.parse("2026-05-17T00:00:00.000Z"))
DAY = 86_400_000

WHOLE = {
    "id": 48213,
    "runId": 302144871,
    "jobId": 91834520,
    "userId": 5121,
    "organizationId": 417,
    "runCreatedAt": "2026-04-17T17:26:07.000Z",
    "runTime": 38,
    "credits": 0.4125,
    "inputTokens": 18250,
    "outputTokens": 912,
    "modelId": "anthropic.claude-3-5-sonnet-20240620-v1:0",
}
MATCHED = {
    "runId": 302150016,
    "jobId": 91840077,
    "userId": 5121,
    "organizationId": 417,
    "runCreatedAt": "2026-04-17T21:03:55.000Z",
    "runTime": 1294,
    "numRecords": 1250000,
    "task": "IDR",
}

empty = World(generated=False)
full = World()


def test_what_many_threads_load_is_all_there():
    fake = Fake(Settings(generated=False))
    start = threading.Barrier(8)

    def work(number):
        start.wait(30)
        return [fake.load([{"kind": "llm", "jobId": number * 100 + at}])[0]["jobId"] for at in range(40)]

    with ThreadPoolExecutor(8) as threads:
        told = [job for jobs in threads.map(work, range(8)) for job in jobs]
    assert told == [number * 100 + at for number in range(8) for at in range(40)], "each is told its own"
    assert sorted(record["jobId"] for record in fake.loaded()) == sorted(told)


def test_a_field_that_is_there_under_both_names_is_refused_by_the_fake_as_well():
    with pytest.raises(InvalidRecord, match="'runId' is given twice"):
        Fake(Settings(generated=False)).load([{"run_id": 1, "runId": 2, "credits": 1}])


def test_a_refusal_can_be_told_by_another_process():
    refused = InvalidRecord("7 is no text", "write text", number=3, field="modelId", line=8)
    again = pickle.loads(pickle.dumps(refused))
    assert (str(again), vars(again)) == (str(refused), vars(refused))


def load(*records: Any, into: World = empty, now: int = NOW, **options: Any) -> World:
    return into.with_records(records, now=now, **options)


def ignore(sentence: str) -> None:
    """Take a warning, and be content."""


def refusal(*records: Any, into: World = empty) -> str:
    with pytest.raises(InvalidRecord) as caught:
        load(*records, into=into)
    return str(caught.value)


class TestWhole:
    def test_whole_records_come_back_as_they_were_given(self):
        world = load(WHOLE, MATCHED)
        assert world.loaded() == [WHOLE, MATCHED]
        assert json.loads(listed(world, "llm", 417, now=NOW)) == [WHOLE]
        assert json.loads(listed(world, "matching", 417, now=NOW)) == [MATCHED]
        assert json.loads(world.llm_by_id(48213, now=NOW) or b"") == WHOLE
        assert world.credits(417, now=NOW) == Decimal("0.4125")

    def test_an_organization_that_only_they_name_becomes_known(self):
        assert not full.knows(417)
        world = load(WHOLE, into=full)
        assert world.knows(417)
        assert [organization.id for organization in world.organizations] == [1, 2, 3, 417]

    def test_windows_tasks_and_the_clock_apply_to_them(self):
        world = load(WHOLE, MATCHED)
        moment = times.to_millis(times.parse(WHOLE["runCreatedAt"]))
        assert listed(world, "llm", 417, moment, moment, now=NOW) != b"[]"
        assert listed(world, "llm", 417, moment + 1, None, now=NOW) == b"[]"
        assert world.credits(417, None, moment - 1, now=NOW) == 0
        assert listed(world, "matching", 417, now=NOW, task="CDM") == b"[]"
        assert json.loads(listed(world, "matching", 417, now=NOW, task="IDR")) == [MATCHED]
        assert (listed(world, "llm", 417, now=moment - 1), world.llm_by_id(48213, now=moment - 1)) == (b"[]", None)

    def test_they_stand_among_the_generated_ones_in_order(self):
        own = [{"credits": n / 4, "runCreatedAt": f"2026-05-{n:02d}T1{n}:00:00.5Z"} for n in range(1, 10)]
        world = load(*own, into=full)
        records = json.loads(listed(world, "llm", 1, now=NOW))
        keys = [(record["runCreatedAt"], record["id"]) for record in records]
        assert keys == sorted(keys, reverse=True)
        before = json.loads(listed(full, "llm", 1, now=NOW))
        assert len(records) == len(before) + 9
        numbers = {record["id"] for record in world.loaded()}
        assert [record for record in records if record["id"] not in numbers] == before
        assert world.credits(1, now=NOW) == full.credits(1, now=NOW) + Decimal("11.25")
        assert all(json.loads(world.llm_by_id(record["id"], now=NOW) or b"") == record for record in records)

    def test_they_may_be_older_than_the_world_and_lie_in_the_future(self):
        world = load(
            {**WHOLE, "runCreatedAt": "1969-07-20T20:17:40.000Z"}, {"credits": 1, "runCreatedAt": LATER}, warn=ignore
        )
        assert len(json.loads(listed(world, "llm", 417, now=NOW))) == 1
        assert listed(world, "llm", 1, now=NOW) == b"[]"
        assert len(json.loads(listed(world, "llm", 1, now=NOW + 400 * DAY))) == 1

    def test_an_exact_sum_of_doubles_is_kept(self):
        amounts = [1e290, 1e15, 0.1, 0.2, 3, 1e-15, 5e-324]
        world = load(*({"credits": amount} for amount in amounts))
        expected = sum(Fraction(repr(amount)) for amount in amounts)
        assert Fraction(world.credits(1, now=NOW)) == expected

    def test_a_moment_with_another_offset_is_told_as_the_api_tells_it(self):
        (record,) = load({"credits": 1, "runCreatedAt": "2026-04-17t19:26:07.25+02:00"}).loaded()
        assert record["runCreatedAt"] == "2026-04-17T17:26:07.250Z"

    def test_a_datetime_is_a_moment_too(self):
        (record,) = load({"credits": 1, "runCreatedAt": datetime(2026, 4, 17, 17, 26, 7, tzinfo=UTC)}).loaded()
        assert record["runCreatedAt"] == "2026-04-17T17:26:07.000Z"


LATER = "2027-01-01T00:00:00.000Z"


class TestPartial:
    @pytest.mark.parametrize("profile", ["realistic", "edge"])
    def test_what_is_missing_is_completed_as_the_schema_wants_it(self, profile):
        kinds: list[dict[str, Any]] = [{"kind": "llm"}, {"kind": "matching"}]
        for record in load(
            *kinds, *kinds, {"organizationId": 2**31, "task": "CDM"}, into=World(profile=profile)
        ).loaded():
            judge = validator("matching_usage" if "task" in record else "llm_usage")
            assert judge.is_valid(record), next(judge.iter_errors(record)).message

    def test_the_same_records_are_always_completed_alike(self):
        partial = [{"credits": 1}, {"task": "IDR"}, {"inputTokens": 5}]
        assert load(*partial).loaded() == load(*partial, into=World(generated=False)).loaded()

    def test_what_is_told_is_kept(self):
        (record,) = load({"credits": 0.25, "userId": 12}).loaded()
        assert (record["credits"], record["userId"], record["organizationId"]) == (0.25, 12, 1)

    def test_the_rest_is_of_their_organization(self):
        (record,) = load({"credits": 0.25, "organizationId": 2}, into=full).loaded()
        drawn = full.organizations[1].pool("llm").records
        for field in ("userId", "jobId", "modelId", "runTime"):
            assert record[field] in {each[field] for each in drawn}

    def test_credits_follow_from_the_tokens_and_the_model(self):
        (record,) = load(
            {"inputTokens": 1_000_000, "outputTokens": 10, "modelId": "anthropic.claude-3-opus-20240229-v1:0"}
        ).loaded()
        assert record["credits"] == 15.00075

    def test_without_a_time_they_happened_just_now_in_their_order(self):
        moments = [record["runCreatedAt"] for record in load({"credits": 1}, {"credits": 2}, {"task": "IDR"}).loaded()]
        assert moments == [f"2026-05-17T11:59:{second}.000Z" for second in (57, 58, 59)]

    def test_without_a_time_they_are_in_the_default_window_when_the_month_is_young(self):
        first = times.to_millis(times.parse("2026-05-01T00:00:01.250Z"))
        world = load(*[{"credits": 1}] * 5, now=first)
        assert {record["runCreatedAt"][:10] for record in world.loaded()} == {"2026-05-01"}
        assert len(json.loads(listed(world, "llm", 1, now=first))) == 5

    def test_ids_and_run_ids_are_given_that_nothing_else_has(self):
        world = load({"credits": 1}, {"id": 2, "runId": 300_003}, {"credits": 1}, {"task": "IDR"}, into=full)
        world = load({"credits": 1}, {"task": "CDM"}, into=world)
        ids = [record["id"] for record in world.loaded() if "id" in record]
        runs = [record["runId"] for record in world.loaded()]
        assert len(set(ids)) == 4
        assert len(set(runs)) == 6
        assert not any(full.llm_by_id(number, now=NOW + 10**13) for number in ids)

    def test_names_may_be_spelled_as_in_python(self):
        (record,) = load({"input_tokens": 7, "organization_id": 3, "run_created_at": LATER}, warn=ignore).loaded()
        assert (record["inputTokens"], record["organizationId"], record["runCreatedAt"]) == (7, 3, LATER)

    def test_a_whole_number_written_as_a_float_is_a_whole_number(self):
        (record,) = load({"inputTokens": 7.0}).loaded()
        assert record["inputTokens"] == 7
        assert isinstance(record["inputTokens"], int)

    @pytest.mark.parametrize("field", sorted(WHOLE.keys() - MATCHED.keys()))
    def test_a_field_of_llm_usage_tells_the_kind(self, field):
        assert listed(load({field: WHOLE[field]}), "llm", 1, now=NOW) != b"[]"

    @pytest.mark.parametrize("field", ["numRecords", "task"])
    def test_a_field_of_matching_usage_tells_the_kind(self, field):
        assert listed(load({field: MATCHED[field]}), "matching", 1, now=NOW) != b"[]"


class TestAddingAndReplacing:
    def test_a_world_is_a_value(self):
        before = listed(full, "llm", 1, now=NOW)
        load({"credits": 1}, into=full)
        assert (listed(full, "llm", 1, now=NOW), full.loaded()) == (before, [])

    def test_loading_again_adds(self):
        world = load({"credits": 2}, into=load({"credits": 1}))
        assert [record["credits"] for record in world.loaded()] == [1, 2]
        assert world.credits(1, now=NOW) == 3

    def test_replacing_leaves_nothing_else(self):
        world = load({"credits": 2}, into=load({"credits": 1}, into=full), replace=True)
        assert [record["credits"] for record in json.loads(listed(world, "llm", 1, now=NOW))] == [2]
        assert (listed(world, "matching", 2, now=NOW), world.credits(1, now=NOW)) == (b"[]", 2)
        assert [organization.id for organization in world.organizations] == [1]

    def test_replacing_frees_the_ids_of_what_is_replaced(self):
        taken = json.loads(listed(full, "llm", 1, now=NOW))[0]["id"]
        assert json.loads(listed(load({"id": taken}, into=full, replace=True), "llm", 1, now=NOW))[0]["id"] == taken

    def test_nothing_at_all_may_replace(self):
        assert listed(load(into=full, replace=True), "llm", 1, now=NOW) == b"[]"


INVALID = [body for body in bodies("invalid") if body.schema.endswith("_usage")]
COMPLETED = ("without", "snake case", *(f"runCreatedAt {how}" for how in ("with a space", "as a number", "without")))
"""Examples that are no answer of the API, but that a user may load."""


class TestRefused:
    @pytest.mark.parametrize(
        ("record", "sentence"),
        [
            ({"credit": 5}, "record 1: 'credit' is not a field of a usage record; did you mean 'credits'?"),
            ({"org_id": 1}, "'org_id' is not a field of a usage record; did you mean 'organization_id'?"),
            (
                {"kind": "llm", "run_tmie": 1},
                "'run_tmie' is not a field of an LLM usage record; did you mean 'run_time'",
            ),
            ({"kind": "llm", "task": "IDR"}, "'task' is not a field of an LLM usage record; use one of id, runId, "),
            (
                {"kind": "matching", "credits": 1},
                "'credits' is not a field of a matching usage record; use one of runId, ",
            ),
            (
                {"credits": 1, "task": "IDR"},
                "record 1: 'credits' is a field of LLM usage, but 'task' of matching usage",
            ),
            ({"runTime": 4}, 'record 1: nothing says whether it is LLM or matching usage; add "kind": "llm" or'),
            ({"kind": "batch"}, "record 1: kind: 'batch' is not a kind of usage; write llm or matching"),
            ({"credits": "much"}, "record 1: credits: 'much' is not a number; write one such as 0.25, or leave"),
            ({"credits": None}, "record 1: credits: null is not a number"),
            ({"credits": True}, "record 1: credits: True is not a number"),
            ({"credits": float("nan")}, "record 1: credits: nan is not a number"),
            ({"credits": float("-inf")}, "record 1: credits: -inf is too large"),
            ({"credits": 10**400}, "is too large"),
            ({"inputTokens": 1.5}, "record 1: inputTokens: 1.5 is not a whole number"),
            ({"inputTokens": True}, "record 1: inputTokens: True is not a whole number"),
            ({"id": 2**63}, "record 1: id: 9223372036854775808 does not fit into 64 bits"),
            ({"task": "XYZ"}, "record 1: task: 'XYZ' is not one of IDR, CDM; write IDR or CDM, or leave the field out"),
            ({"modelId": 5}, "record 1: modelId: 5 is not a text"),
            ({"modelId": "\ud83d"}, "record 1: modelId: '\\ud83d' has half a character"),
            (
                {"credits": 1, "runCreatedAt": "tomorrow"},
                "runCreatedAt: 'tomorrow' is not a date and time; write one such as",
            ),
            ({"credits": 1, "runCreatedAt": "2026-02-30T00:00:00Z"}, "is not a date and time"),
            ({"credits": 1, "runCreatedAt": "0001-01-01T00:00:00+01:00"}, "is not a date and time"),
            ({"credits": 1, "runCreatedAt": 1_776_446_767}, "1776446767 is not a date and time"),
            ({"credits": 1, "inputTokens": Decimal("9.82E+12")}, "inputTokens: 9.82E+12 has lost digits; export the"),
            ({"credits": 1, "inputTokens": 2.0**60}, "inputTokens: 1.152921504606847e+18 has lost digits; write it"),
            ({"runTime": 1, "run_time": 1, "credits": 1}, "record 1: 'runTime' is given twice, as 'run_time' too"),
            ([1, 2], "record 1: [1, 2] is not a record; write an object such as"),
            ("credits", "record 1: 'credits' is not a record"),
            (None, "record 1: null is not a record"),
        ],
        ids=str,
    )
    def test_a_record_that_cannot_be(self, record, sentence):
        said = refusal(record)
        assert sentence in said
        assert "\n" not in said

    def test_the_record_is_named_by_its_number(self):
        assert refusal({"credits": 1}, {"credits": 2}, {"credits": "x"}).startswith("record 3: credits: 'x'")

    def test_an_id_twice(self):
        assert refusal({"id": 5}, {"id": 5}).startswith("record 2: id: 5 is the id of record 1; choose another")
        assert "5 is the id of a record loaded before" in refusal({"id": 5}, into=load({"id": 5}))

    def test_an_id_of_a_generated_record_even_of_one_to_come(self):
        number = generated(full, "llm", "2026-08-24", "2026-08-26")[0]["id"]
        assert refusal({"id": number}, into=full).startswith(f"record 1: id: {number} is the id of a generated record")

    def test_a_long_value_is_cut(self):
        assert len(refusal({"credits": "x" * 10_000})) < 200

    @settings(max_examples=30, derandomize=True, database=None, deadline=None)
    @given(st.lists(llm_usage() | matching_usage(), max_size=5, unique_by=lambda record: record.get("id", id(record))))
    def test_none_that_the_schema_allows(self, records):
        loaded = load(*records, warn=ignore).loaded()
        assert [{**record, "runCreatedAt": ""} for record in loaded] == [
            {**record, "runCreatedAt": ""} for record in records
        ]

    @pytest.mark.parametrize("body", [body for body in INVALID if not body.about.startswith(COMPLETED)], ids=str)
    def test_every_example_that_the_schema_forbids(self, body):
        assert refusal(body.value)

    @pytest.mark.parametrize("body", [body for body in INVALID if body.about.startswith(COMPLETED)], ids=str)
    def test_no_example_that_only_lacks_a_field_or_is_spelled_as_in_python(self, body):
        (record,) = load(body.value).loaded()
        assert validator(body.schema).is_valid(record)
