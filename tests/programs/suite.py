"""The tests of the example programs, as their users would write them; ``PROGRAMS`` says which: right or buggy."""

import importlib
import os
from datetime import UTC, datetime

import pytest

programs = importlib.import_module(f"tests.programs.{os.environ.get('PROGRAMS', 'right')}")


@pytest.fixture(scope="module")
def usage_server_settings():
    """Return what the author of the programs saw at the live API: the end of a window is left out."""
    return {"behavior": {"end_bound": "exclusive"}}


@pytest.fixture(autouse=True)
def may(usage_environment):
    usage_environment.clock.pin("2026-05-01T00:05:00Z")


@pytest.fixture
def april(usage_records):
    usage_records.llm(organization_id=1, credits=4, run_created_at="2026-04-19T08:30:00Z")
    usage_records.llm(organization_id=1, credits=2, run_created_at="2026-04-02T09:00:00Z")
    return usage_records


def test_a_month_ends_before_the_next(april):
    april.llm(organization_id=1, credits=8, run_created_at="2026-05-01T00:00:00Z")
    assert programs.bill(1, "2026-04") == 6


def test_a_bill_so_far(april):
    april.llm(organization_id=1, credits=8, run_created_at="2026-05-01T00:01:00Z")
    assert programs.bill_so_far(1, "2026-05-01") == 8


def test_the_newest_run(april):
    assert programs.newest(1, "2026-04") == datetime(2026, 4, 19, 8, 30, tzinfo=UTC)


def test_tokens(usage_records):
    usage_records.llm(organization_id=1, input_tokens=5, output_tokens=2, run_created_at="2026-04-02T09:00:00Z")
    assert programs.tokens(1, "2026-04") == 7


def test_a_rounded_bill(april):
    april.llm(organization_id=1, credits=0.25, run_created_at="2026-04-03T09:00:00Z")
    assert programs.rounded_bill(1, "2026-04") == 6.25


def test_a_nightly_bill(april):
    assert programs.nightly_bill(1, "2026-04") == 6


def test_matched_records(usage_records):
    usage_records.matching(organization_id=1, num_records=7, run_created_at="2026-04-19T08:30:00Z")
    assert programs.matched(1, "2026-04") == 7


def test_packed_ids(usage_records):
    made = usage_records.llm(organization_id=1, run_created_at="2026-04-19T08:30:00Z")
    assert programs.packed_ids(1, "2026-04") == made.id.to_bytes(8, "big")
