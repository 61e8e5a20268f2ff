"""The world as data: what it holds, and that every question about it has the answer that the raw records give."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import chain, pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civis_usage.mock_server.world import World
from civis_usage.mock_server.world.pool import DEALT, FEW, draw_pool
from civis_usage.mock_server.world.schedule import PROFILES as SCHEDULES
from civis_usage.schemas import times, validator

from .worlds import generated, listed

PROFILES = ["realistic", "edge"]
KINDS = ["llm", "matching"]
DAY = 86_400_000


def ms(text: str) -> int:
    return times.to_millis(times.parse(text))


NOW = ms("2025-03-10T15:30:00.000Z")
START = ms("2025-01-15T00:00:00.000Z")


@cache
def a_world(profile: str) -> World:
    return World(seed=5, profile=profile, since=date(2025, 1, 15), organizations={1: 20, 2: 5, 3: None})


def parsed(body: bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(body, parse_float=Decimal)
    return found


@cache
def raw(profile: str, kind: str, org_id: int) -> list[tuple[int, int, dict[str, Any]]]:
    """Time, number and record of everything an organization used until now, oldest first: the oracle's raw records."""
    world = a_world(profile)
    found = []
    for day in range(START, NOW, DAY):
        for record in parsed(listed(world, kind, org_id, day, day + DAY - 1, now=NOW)):
            found.append((ms(record["runCreatedAt"]), record["id" if kind == "llm" else "runId"], record))
    return sorted(found, key=lambda item: item[:2])


def of_window(profile: str, kind: str, org_id: int, start: int | None, end: int | None) -> list[dict[str, Any]]:
    first, last = START if start is None else start, NOW if end is None else min(end, NOW)
    return [record for time, _, record in reversed(raw(profile, kind, org_id)) if first <= time <= last]


def moments() -> st.SearchStrategy[int]:
    """Draw moments: any, and the very ones of runs and their neighbours."""
    exact = sorted(time for profile in PROFILES for kind in KINDS for time, _, _ in raw(profile, kind, 1))
    near = st.builds(int.__add__, st.sampled_from(exact), st.integers(-1, 1))
    days = st.builds(int.__add__, st.integers(START // DAY, NOW // DAY).map(DAY.__mul__), st.integers(-1, 1))
    return st.one_of(near, days, st.integers(START - 3 * DAY, NOW + 3 * DAY))


windows = st.tuples(st.none() | st.deferred(moments), st.none() | st.deferred(moments))
whose = st.tuples(st.sampled_from(PROFILES), st.sampled_from([1, 2, 3]))
two_hundred = settings(max_examples=200, deadline=None, derandomize=True, database=None)


@two_hundred
@given(whose, windows)
def test_a_list_is_what_the_raw_records_of_its_window_are(whose, window):
    profile, org_id = whose
    for kind in KINDS:
        assert parsed(listed(a_world(profile), kind, org_id, *window, now=NOW)) == of_window(
            profile, kind, org_id, *window
        )


@two_hundred
@given(whose, windows)
def test_credits_are_the_exact_sum_of_the_list(whose, window):
    profile, org_id = whose
    expected = sum((record["credits"] for record in of_window(profile, "llm", org_id, *window)), Decimal(0))
    assert a_world(profile).credits(org_id, *window, now=NOW) == expected


@two_hundred
@given(whose, st.lists(st.deferred(moments), min_size=3, max_size=3).map(sorted))
def test_windows_partition(whose, moments):
    (profile, org_id), (a, b, c) = whose, moments
    world = a_world(profile)
    for kind in KINDS:
        early, late, both = (
            parsed(listed(world, kind, org_id, *window, now=NOW)) for window in ((a, b - 1), (b, c), (a, c))
        )
        assert late + early == both
    credits_ = [world.credits(org_id, *window, now=NOW) for window in ((a, b - 1), (b, c), (a, c))]
    assert credits_[0] + credits_[1] == credits_[2]


@two_hundred
@given(whose, windows, st.sampled_from(["IDR", "CDM"]))
def test_a_task_filters_its_records_out_of_all(whose, window, task):
    profile, org_id = whose
    expected = [record for record in of_window(profile, "matching", org_id, *window) if record["task"] == task]
    assert parsed(listed(a_world(profile), "matching", org_id, *window, now=NOW, task=task)) == expected


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("kind", "end"), [("llm", "2024-01-14"), ("matching", "2024-05-01")])
def test_ten_thousand_records_keep_the_schema(kind, end, profile):
    judge = validator(f"{kind}_usage")
    world = World(profile=profile, runs_per_day=300)
    records = generated(world, kind, "2024-01-01", end)
    assert len(records) > 10_000
    for record in records:
        assert judge.is_valid(record), next(judge.iter_errors(record)).message


@pytest.mark.parametrize("profile", PROFILES)
def test_every_listed_record_is_found_by_its_id_as_it_is_listed(profile):
    world = a_world(profile)
    for organization in world.organizations:
        body = listed(world, "llm", organization.id, now=NOW)
        found = [world.llm_by_id(record["id"], now=NOW) for record in json.loads(body)]
        assert found, "an organization without usage proves nothing"
        assert b"[" + b",".join(found) + b"]" == body


@pytest.mark.parametrize("profile", PROFILES)
def test_ids_are_unique_and_grow_with_time(profile):
    world = World(profile=profile)
    llm, matching = (generated(world, kind, "2024-01-01", "2024-06-01") for kind in KINDS)
    runs = [record["runId"] for record in chain(llm, matching)]
    assert len(set(runs)) == len(runs)
    assert not {record["id"] for record in llm} & set(runs), "an id that is a run's id too hides mix-ups"
    for organization in world.organizations:
        ids = [record["id"] for record in llm if record["organizationId"] == organization.id]
        assert ids == sorted(set(ids))
    assert len({record["id"] for record in llm}) == len(llm)


@pytest.mark.parametrize("profile", PROFILES)
def test_lists_are_newest_first_ties_by_higher_number(profile):
    for kind, number in (("llm", "id"), ("matching", "runId")):
        records = parsed(listed(a_world(profile), kind, 1, now=NOW))
        keys = [(record["runCreatedAt"], record[number]) for record in records]
        assert keys == sorted(keys, reverse=True)


def test_what_is_later_than_now_has_not_happened():
    world = a_world("realistic")
    newest = parsed(listed(world, "llm", 1, now=NOW))[0]
    before = ms(newest["runCreatedAt"]) - 1
    assert world.llm_by_id(newest["id"], now=before) is None
    assert newest["id"] not in [record["id"] for record in parsed(listed(world, "llm", 1, now=before))]
    assert world.credits(1, now=before) == world.credits(1, now=NOW) - newest["credits"]
    assert newest["id"] not in [record["id"] for record in world.latest("llm", 1, 5, now=before)]


def test_a_window_includes_both_of_its_ends():
    world = a_world("realistic")
    record = parsed(listed(world, "llm", 1, now=NOW))[10]
    moment = ms(record["runCreatedAt"])
    assert record in parsed(listed(world, "llm", 1, moment, moment, now=NOW))
    assert record not in parsed(listed(world, "llm", 1, moment + 1, None, now=NOW))
    assert record not in parsed(listed(world, "llm", 1, None, moment - 1, now=NOW))


def test_nothing_happened_before_the_first_day():
    world = World(since=date(2024, 6, 1))
    june = ms("2024-06-01T00:00:00Z")
    assert listed(world, "llm", 1, None, june - 1, now=NOW) == b"[]"
    assert world.credits(1, None, june - 1, now=NOW) == 0
    assert listed(world, "llm", 1, june, june + DAY - 1, now=NOW) == listed(
        World(), "llm", 1, june, june + DAY - 1, now=NOW
    )
    earlier = parsed(listed(World(), "llm", 1, None, june - 1, now=NOW))[0]
    assert world.llm_by_id(earlier["id"], now=NOW) is None


def test_a_window_that_ends_before_it_starts_is_empty():
    world = a_world("realistic")
    assert listed(world, "llm", 1, NOW, START, now=NOW) == b"[]"
    assert world.credits(1, NOW, START, now=NOW) == 0
    assert world.credits(1, NOW - 1000, NOW - 2000, now=NOW) == 0


def test_an_unknown_organization_has_no_usage():
    world = a_world("realistic")
    assert not world.knows(4)
    assert world.knows(3)
    assert (listed(world, "llm", 4, now=NOW), listed(world, "matching", 4, now=NOW), world.credits(4, now=NOW)) == (
        b"[]",
        b"[]",
        0,
    )


@pytest.mark.parametrize("id_", [0, -1, 1, 2**63, 10**40, 8766001999999, 8766000000001])
def test_an_id_that_nothing_has_finds_nothing(id_):
    assert a_world("realistic").llm_by_id(id_, now=NOW) is None
    assert a_world("edge").llm_by_id(id_, now=NOW) is None


def test_a_run_id_is_no_record_id():
    world = a_world("realistic")
    assert all(world.llm_by_id(record["runId"], now=NOW) is None for record in parsed(listed(world, "llm", 1, now=NOW)))


def test_the_latest_records_are_the_first_of_the_list():
    world = a_world("realistic")
    for kind in KINDS:
        assert world.latest(kind, 2, 30, now=NOW) == json.loads(listed(world, kind, 2, now=NOW))[:30]


def test_generated_records_come_oldest_first():
    records = generated(a_world("edge"), "llm", "2025-02-01", "2025-03-01")
    assert records == sorted(records, key=lambda record: (record["runCreatedAt"], record["id"]))
    assert {record["organizationId"] for record in records} == {1, 2, 3}


def test_an_organization_does_not_depend_on_the_others():
    alone, among = World(organizations={8: 20}), World(organizations={7: None, 8: 20, 9: 1})
    assert listed(alone, "llm", 8, now=NOW) == listed(among, "llm", 8, now=NOW)
    assert listed(alone, "matching", 8, now=NOW) == listed(among, "matching", 8, now=NOW)
    assert alone.organizations[0] == among.organizations[1]


def test_organizations_that_share_their_last_digits_share_no_ids():
    world = World(organizations={7: None, 1007: None, 2000: None})
    ids = [record["id"] for record in generated(world, "llm", "2024-01-01", "2024-02-01")]
    assert len(set(ids)) == len(ids) > 100


def test_seeds_and_profiles_make_different_worlds():
    worlds = [World(), World(seed=1), World(profile="edge"), World(since=date(2024, 1, 2)), World(runs_per_day=13)]
    assert len({world.fingerprint for world in worlds}) == len(worlds)
    assert len({listed(world, "llm", 1, now=NOW) for world in worlds}) == len(worlds)
    assert World().fingerprint == World().fingerprint


def test_a_world_without_generated_usage_has_nothing_generated():
    world = World(generated=False)
    assert world.organizations == ()
    assert world.default_organization is None
    assert not world.knows(1)
    assert (listed(world, "llm", 1, now=NOW), world.credits(1, now=NOW)) == (b"[]", 0)
    assert world.llm_by_id(generated(World(), "llm", "2024-01-02", "2024-01-03")[0]["id"], now=NOW) is None


def test_a_world_without_generated_usage_knows_the_organizations_that_are_named():
    world = World(generated=False, organizations={7: None, 8: 200})
    assert [organization.id for organization in world.organizations] == [7, 8]
    assert (world.default_organization, world.knows(8), world.knows(1)) == (7, True, False)
    assert (listed(world, "llm", 8, now=NOW), world.credits(8, now=NOW)) == (b"[]", 0)


class TestRealistic:
    def test_credits_follow_from_the_tokens_at_the_models_price(self):
        world = a_world("realistic")
        for organization in world.organizations:
            models = {model.id: model for model in world.models(organization.id)}
            for record in parsed(listed(world, "llm", organization.id, now=NOW)):
                model = models[record["modelId"]]
                micro = record["inputTokens"] * model.input_rate + record["outputTokens"] * model.output_rate
                assert record["credits"] == Decimal(micro).scaleb(-6), record

    def test_jobs_and_users_belong_to_one_organization(self):
        owners: dict[tuple[str, int], set[int]] = {}
        for kind in KINDS:
            for record in generated(World(organizations=12), kind, "2024-01-01", "2024-03-01"):
                for field in ("jobId", "userId"):
                    owners.setdefault((field, record[field]), set()).add(record["organizationId"])
        assert len(owners) > 100
        assert all(len(organizations) == 1 for organizations in owners.values())

    def test_all_but_the_dealt_fields_are_as_the_strategies_drew_them(self):
        organization = a_world("realistic").organizations[0]
        for kind in KINDS:
            drawn = [without(DEALT, record) for record in organization.pool(kind).records]
            listed_ = [without(DEALT, record) for record in json.loads(listed(a_world("realistic"), kind, 1, now=NOW))]
            assert len(listed_) > 50
            assert all(record in drawn for record in listed_)

    def test_an_organization_has_few_users_jobs_and_models(self):
        for organization in a_world("realistic").organizations:
            records = organization.pool("llm").records
            values = {name: {record[name] for record in records} for name in ("userId", "jobId", "modelId")}
            assert (
                4 <= len(values["userId"]) <= 8 and 7 <= len(values["jobId"]) <= 14 and 2 <= len(values["modelId"]) <= 4
            )

    def test_the_shares_of_weekdays_and_hours_are_the_profiles(self):
        world = World(runs_per_day=1000, organizations=1)
        weekdays, hours = [0] * 7, [0] * 24
        for record in generated(world, "llm", "2024-01-01", "2024-12-30"):
            moment = times.parse(record["runCreatedAt"])
            weekdays[moment.weekday()] += 1
            hours[moment.hour] += 1
        expected = SCHEDULES["realistic"]
        for counts, weights in ((weekdays, expected.week), (hours, expected.hours)):
            shares = [count / sum(counts) for count in counts]
            assert shares == [pytest.approx(weight / sum(weights), rel=0.1) for weight in weights]

    @pytest.mark.parametrize("runs_per_day", [1, 12, 60])
    def test_there_are_as_many_runs_a_day_as_asked(self, runs_per_day):
        world = World(runs_per_day=runs_per_day, organizations=1)
        count = len(generated(world, "llm", "2024-01-01", "2024-12-30"))
        assert count / 364 == pytest.approx(runs_per_day, rel=0.1)

    def test_times_are_whole_seconds_as_recorded(self):
        assert all(
            record["runCreatedAt"].endswith(".000Z")
            for record in parsed(listed(a_world("realistic"), "llm", 1, now=NOW))
        )


class TestEdge:
    world = World(profile="edge")
    now = ms("2025-01-01T00:00:00.000Z")

    def llm(self, org_id: int = 1) -> list[dict[str, Any]]:
        return parsed(listed(self.world, "llm", org_id, now=self.now))

    def test_ids_need_64_bits(self):
        assert min(record["id"] for record in self.llm()) > 2**62
        assert max(organization.id for organization in self.world.organizations) == 2**63 - 1

    def test_some_days_have_no_runs_and_some_runs_no_credits(self):
        days = {record["runCreatedAt"][:10] for record in self.llm()}
        assert len(days) < 300
        assert any(record["credits"] == 0 for record in self.llm())

    def test_token_counts_go_beyond_32_bits_and_down_to_zero(self):
        tokens = [record[field] for org in self.world.organizations for record in self.llm(org.id) for field in TOKENS]
        assert max(tokens) > 2**32
        assert min(tokens) == 0

    def test_months_begin_and_end_with_runs_to_the_millisecond(self):
        found = {record["runCreatedAt"] for record in self.llm()}
        for month in range(1, 13):
            first = datetime(2024, month, 1, tzinfo=UTC)
            last = (first + timedelta(days=31)).replace(day=1) - timedelta(milliseconds=1)
            assert times.render(times.to_millis(first)) in found
            assert times.render(times.to_millis(last)) in found

    def test_the_leap_day_has_runs(self):
        assert any(record["runCreatedAt"].startswith("2024-02-29") for record in self.llm())

    def test_runs_share_a_moment(self):
        assert any(a["runCreatedAt"] == b["runCreatedAt"] for a, b in pairwise(self.llm()))

    def test_an_organization_matches_nothing(self):
        amounts = [
            len(parsed(listed(self.world, "matching", org.id, now=self.now))) for org in self.world.organizations
        ]
        assert amounts.count(0) == 1
        assert sum(amounts) > 0

    def test_model_ids_need_care(self):
        names = {record["modelId"] for record in self.llm()}
        assert any(set("&<>") <= set(name) for name in names)
        assert any(not name.isascii() for name in names)
        assert "" in names

    def test_what_html_would_read_is_escaped(self):
        body = listed(self.world, "llm", 1, now=self.now)
        assert not set(body) & set(b"&<>")
        assert rb"\u0026" in body


TOKENS = ("inputTokens", "outputTokens")


def without(names: tuple[str, ...], record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in names}


def test_pools_are_drawn_when_they_are_needed():
    draw_pool.cache_clear()
    assert len(World(seed=77, organizations=999).organizations) == 999
    assert draw_pool.cache_info().misses == 0


@pytest.mark.parametrize("profile", ["realistic", "edge", "large_ids"])
def test_the_first_records_of_a_pool_are_drawn_without_the_others(profile: str):
    draw_pool.cache_clear()
    for organization in World(seed=78, profile=profile).organizations[:2]:
        for kind in KINDS:
            first = [organization.record(kind, index) for index in range(FEW)]
            assert draw_pool.cache_info().misses == 0
            pool = organization.pool(kind).records
            assert first == list(pool[:FEW])
            assert organization.record(kind, len(pool) + FEW) == pool[FEW]
            draw_pool.cache_clear()


def test_threads_share_a_world():
    world, alone = World(runs_per_day=60), World(runs_per_day=60)
    with ThreadPoolExecutor(8) as pool:
        bodies = list(pool.map(lambda org_id: listed(world, "llm", org_id, START, now=NOW), [1, 2, 3] * 8))
    assert bodies == [listed(alone, "llm", org_id, START, now=NOW) for org_id in (1, 2, 3)] * 8


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"profile": "wild"}, "there is no profile 'wild': choose one of realistic, edge, large_ids"),
        ({"organizations": 0}, "a world holds 1 to 999 organizations, not 0"),
        ({"organizations": {}}, "a world holds 1 to 999 organizations, not 0"),
        ({"organizations": {0: None}}, "0 cannot be an organization's id: ids go from 1 to 9223372036854775807"),
        ({"organizations": {1: 100_001}}, "an organization has 0 to 100000 runs a day, not 100001"),
        ({"runs_per_day": -1}, "an organization has 0 to 100000 runs a day, not -1"),
        ({"since": date(1999, 12, 31)}, "a world cannot begin on 1999-12-31: 2000-01-01 is the first day that can be"),
    ],
)
def test_a_world_that_cannot_be_is_refused(arguments, sentence):
    with pytest.raises(ValueError, match="^" + sentence + "$"):
        World(**arguments)
