"""The world as data: what it holds, and that every question about it has the answer that the raw records give."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import chain, islice, pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civis_usage.mock_server.world import World
from civis_usage.mock_server.world.days import Day, DayCache
from civis_usage.mock_server.world.layout import LlmLayout
from civis_usage.mock_server.world.totals import Totals
from civis_usage.mock_server.world.vocabulary import Organization
from civis_usage.schemas import times, validator

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
        for record in parsed(getattr(world, kind)(org_id, day, day + DAY - 1, now=NOW)):
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
        assert parsed(getattr(a_world(profile), kind)(org_id, *window, now=NOW)) == of_window(
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
            parsed(getattr(world, kind)(org_id, *window, now=NOW)) for window in ((a, b - 1), (b, c), (a, c))
        )
        assert late + early == both
    credits_ = [world.credits(org_id, *window, now=NOW) for window in ((a, b - 1), (b, c), (a, c))]
    assert credits_[0] + credits_[1] == credits_[2]


@two_hundred
@given(whose, windows, st.sampled_from(["IDR", "CDM"]))
def test_a_task_filters_its_records_out_of_all(whose, window, task):
    profile, org_id = whose
    expected = [record for record in of_window(profile, "matching", org_id, *window) if record["task"] == task]
    assert parsed(a_world(profile).matching(org_id, *window, now=NOW, task=task)) == expected


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("kind", KINDS)
def test_ten_thousand_records_keep_the_schema(kind, profile):
    judge = validator(f"{kind}_usage")
    world = World(profile=profile, runs_per_day=400)
    records = list(islice(world.records(kind, end=ms("2025-01-01T00:00:00Z")), 10_000))
    assert len(records) == 10_000
    for record in records:
        assert judge.is_valid(record), next(judge.iter_errors(record)).message


@pytest.mark.parametrize("profile", PROFILES)
def test_every_listed_record_is_found_by_its_id_as_it_is_listed(profile):
    world = a_world(profile)
    for organization in world.organizations:
        body = world.llm(organization.id, now=NOW)
        found = [world.llm_by_id(record["id"], now=NOW) for record in json.loads(body)]
        assert found, "an organization without usage proves nothing"
        assert b"[" + b",".join(found) + b"]" == body


@pytest.mark.parametrize("profile", PROFILES)
def test_ids_are_unique_and_grow_with_time(profile):
    world = World(profile=profile)
    end = ms("2024-06-01T00:00:00Z")
    llm, matching = ([*world.records(kind, end=end)] for kind in KINDS)
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
        listed = parsed(getattr(a_world(profile), kind)(1, now=NOW))
        keys = [(record["runCreatedAt"], record[number]) for record in listed]
        assert keys == sorted(keys, reverse=True)


def test_what_is_later_than_now_has_not_happened():
    world = a_world("realistic")
    newest = parsed(world.llm(1, now=NOW))[0]
    before = ms(newest["runCreatedAt"]) - 1
    assert world.llm_by_id(newest["id"], now=before) is None
    assert newest["id"] not in [record["id"] for record in parsed(world.llm(1, now=before))]
    assert world.credits(1, now=before) == world.credits(1, now=NOW) - newest["credits"]
    assert newest["id"] not in [record["id"] for record in world.records("llm", now=before)]


def test_a_window_includes_both_of_its_ends():
    world = a_world("realistic")
    record = parsed(world.llm(1, now=NOW))[10]
    moment = ms(record["runCreatedAt"])
    assert record in parsed(world.llm(1, moment, moment, now=NOW))
    assert record not in parsed(world.llm(1, moment + 1, None, now=NOW))
    assert record not in parsed(world.llm(1, None, moment - 1, now=NOW))


def test_nothing_happened_before_the_first_day():
    world = World(since=date(2024, 6, 1))
    june = ms("2024-06-01T00:00:00Z")
    assert world.llm(1, None, june - 1, now=NOW) == b"[]"
    assert world.credits(1, None, june - 1, now=NOW) == 0
    assert world.llm(1, june, june + DAY - 1, now=NOW) == World().llm(1, june, june + DAY - 1, now=NOW)
    earlier = parsed(World().llm(1, None, june - 1, now=NOW))[0]
    assert world.llm_by_id(earlier["id"], now=NOW) is None


def test_a_window_that_ends_before_it_starts_is_empty():
    world = a_world("realistic")
    assert world.llm(1, NOW, START, now=NOW) == b"[]"
    assert world.credits(1, NOW, START, now=NOW) == 0
    assert world.credits(1, NOW - 1000, NOW - 2000, now=NOW) == 0


def test_an_unknown_organization_has_no_usage():
    world = a_world("realistic")
    assert not world.knows(4)
    assert world.knows(3)
    assert (world.llm(4, now=NOW), world.matching(4, now=NOW), world.credits(4, now=NOW)) == (b"[]", b"[]", 0)


@pytest.mark.parametrize("id_", [0, -1, 1, 2**63, 10**40, 8766001999999, 8766000000001])
def test_an_id_that_nothing_has_finds_nothing(id_):
    assert a_world("realistic").llm_by_id(id_, now=NOW) is None
    assert a_world("edge").llm_by_id(id_, now=NOW) is None


def test_a_run_id_is_no_record_id():
    world = a_world("realistic")
    assert all(world.llm_by_id(record["runId"], now=NOW) is None for record in parsed(world.llm(1, now=NOW)))


def test_records_come_oldest_first_and_only_of_whom_is_asked():
    world = a_world("realistic")
    everyone = list(world.records("llm", now=NOW))
    assert everyone == sorted(everyone, key=lambda record: (record["runCreatedAt"], record["id"]))
    assert {record["organizationId"] for record in everyone} == {1, 2, 3}
    own = [record for record in everyone if record["organizationId"] == 2]
    assert list(world.records("llm", now=NOW, org_id=2)) == own == json.loads(world.llm(2, now=NOW))[::-1]
    assert list(world.records("llm", NOW, now=NOW + 1)) == [
        record for record in world.records("llm", end=NOW + 1) if ms(record["runCreatedAt"]) >= NOW
    ]


def test_records_without_an_end_are_refused():
    with pytest.raises(ValueError, match="tell end or now"):
        next(World().records("llm"))


def test_an_organization_does_not_depend_on_the_others():
    alone, among = World(organizations={8: 20}), World(organizations={7: None, 8: 20, 9: 1})
    assert alone.llm(8, now=NOW) == among.llm(8, now=NOW)
    assert alone.matching(8, now=NOW) == among.matching(8, now=NOW)
    assert alone.organizations[0] == among.organizations[1]


def test_organizations_that_share_their_last_digits_share_no_ids():
    world = World(organizations={7: None, 1007: None, 2000: None})
    ids = [record["id"] for record in world.records("llm", end=ms("2024-02-01T00:00:00Z"))]
    assert len(set(ids)) == len(ids) > 100


def test_seeds_and_profiles_make_different_worlds():
    worlds = [World(), World(seed=1), World(profile="edge"), World(since=date(2024, 1, 2)), World(runs_per_day=13)]
    assert len({world.fingerprint for world in worlds}) == len(worlds)
    assert len({world.llm(1, now=NOW) for world in worlds}) == len(worlds)
    assert World().fingerprint == World().fingerprint


def test_a_world_without_generated_usage_knows_its_organizations_all_the_same():
    world = World(generated=False)
    assert [organization.id for organization in world.organizations] == [1, 2, 3]
    assert world.knows(2)
    assert (world.llm(2, now=NOW), world.credits(2, now=NOW)) == (b"[]", 0)


class TestRealistic:
    def test_credits_follow_from_the_tokens_at_the_models_price(self):
        world = a_world("realistic")
        for organization in world.organizations:
            models = {model.id: model for model in organization.models}
            for record in parsed(world.llm(organization.id, now=NOW)):
                model = models[record["modelId"]]
                micro = record["inputTokens"] * model.input_rate + record["outputTokens"] * model.output_rate
                assert record["credits"] == Decimal(micro).scaleb(-6), record

    def test_jobs_and_users_belong_to_one_organization(self):
        owners: dict[tuple[str, int], set[int]] = {}
        for kind in KINDS:
            for record in World(organizations=12).records(kind, end=ms("2024-03-01T00:00:00Z")):
                for field in ("jobId", "userId"):
                    owners.setdefault((field, record[field]), set()).add(record["organizationId"])
        assert len(owners) > 100
        assert all(len(organizations) == 1 for organizations in owners.values())

    def test_records_name_only_what_their_organization_has(self):
        world = a_world("realistic")
        organization = world.organizations[0]
        for record in chain(parsed(world.llm(1, now=NOW)), parsed(world.matching(1, now=NOW))):
            assert record["userId"] in organization.users
            assert record["jobId"] in organization.jobs

    def test_weekdays_are_busier_than_weekends(self):
        counts = [0] * 7
        for record in World().records("llm", ms("2024-01-01T00:00:00Z"), ms("2024-12-29T23:59:59Z")):
            counts[times.parse(record["runCreatedAt"]).weekday()] += 1
        assert min(counts[:5]) > 1.5 * max(counts[5:])

    @pytest.mark.parametrize("runs_per_day", [1, 12, 60])
    def test_there_are_as_many_runs_a_day_as_asked(self, runs_per_day):
        world = World(runs_per_day=runs_per_day, organizations=1)
        year = ms("2024-01-01T00:00:00Z"), ms("2024-12-30T23:59:59Z")
        count = sum(1 for _ in world.records("llm", *year))
        assert count / 365 == pytest.approx(runs_per_day, rel=0.1)

    def test_times_are_whole_seconds_as_recorded(self):
        assert all(record["runCreatedAt"].endswith(".000Z") for record in parsed(a_world("realistic").llm(1, now=NOW)))


class TestEdge:
    world = World(profile="edge")
    now = ms("2025-01-01T00:00:00.000Z")

    def llm(self, org_id: int = 1) -> list[dict[str, Any]]:
        return parsed(self.world.llm(org_id, now=self.now))

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
        amounts = [len(parsed(self.world.matching(org.id, now=self.now))) for org in self.world.organizations]
        assert amounts.count(0) == 1
        assert sum(amounts) > 0

    def test_model_ids_need_care(self):
        names = {record["modelId"] for record in self.llm()}
        assert any(set("&<>") <= set(name) for name in names)
        assert any(not name.isascii() for name in names)
        assert "" in names

    def test_what_html_would_read_is_escaped(self):
        body = self.world.llm(1, now=self.now)
        assert not set(body) & set(b"&<>")
        assert rb"\u0026" in body


TOKENS = ("inputTokens", "outputTokens")


class TestCosts:
    def test_a_sum_makes_no_record(self, monkeypatch):
        expected = World(seed=3).credits(1, START + 7, NOW - 7, now=NOW)
        monkeypatch.setattr(LlmLayout, "_stretches", None)
        assert World(seed=3).credits(1, START + 7, NOW - 7, now=NOW) == expected > 0

    def test_an_id_makes_one_record(self, monkeypatch):
        world = World(runs_per_day=50_000, organizations=1)
        monkeypatch.setattr(LlmLayout, "_time", None)
        made = []
        stretches = LlmLayout._stretches
        monkeypatch.setattr(LlmLayout, "_stretches", lambda self, *asked: made.append(asked) or stretches(self, *asked))
        assert world.llm_by_id(8766001000000, now=NOW) is not None
        assert [stop - first for _, first, stop, _ in made] == [1]

    def test_a_day_is_serialised_once(self, monkeypatch):
        world = World()
        body = world.llm(1, START, now=NOW)
        monkeypatch.setattr(LlmLayout, "_stretches", None)
        assert world.llm(1, START, now=NOW) == body

    def test_vocabularies_are_drawn_when_they_are_needed(self, monkeypatch):
        monkeypatch.setattr(Organization, "vocabulary", None)
        assert len(World(organizations=999).organizations) == 999


def test_threads_share_a_world():
    world, alone = World(runs_per_day=60), World(runs_per_day=60)
    with ThreadPoolExecutor(8) as pool:
        bodies = list(pool.map(lambda org_id: world.llm(org_id, START, now=NOW), [1, 2, 3] * 8))
    assert bodies == [alone.llm(org_id, START, now=NOW) for org_id in (1, 2, 3)] * 8


def test_the_cache_forgets_what_was_made_first():
    cache_, made = DayCache(capacity=2500), []

    def day(name: str) -> Day:
        return cache_.get(name, lambda: made.append(name) or Day.of([(0, 0, "x" * 600)]))

    for name in ("a", "b", "a", "c", "b", "a", "c"):
        day(name)
    assert made == ["a", "b", "c", "a"]


@given(st.integers(0, 3000), st.integers(0, 3000))
@settings(derandomize=True, database=None)
def test_totals_are_sums(first, stop):
    assert Totals(lambda day: day * day + 1).between(first, stop) == sum(day * day + 1 for day in range(first, stop))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"profile": "wild"}, "there is no profile 'wild': choose one of realistic, edge"),
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
