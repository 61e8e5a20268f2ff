"""What pandas and numpy hold or write can be loaded, and is the same afterwards."""

from __future__ import annotations

import pytest

from civis_usage.client import LLMUsage
from civis_usage.client.records import Records
from civis_usage.mock_server.world import InvalidRecord

from .extras import load as load_extra
from .test_loaded import WHOLE
from .test_loading import MANY, MANY_MATCHED, load

pd = load_extra("pandas")
np = pytest.importorskip("numpy")


def test_a_data_frame_as_csv():
    for records in (MANY, MANY_MATCHED):
        pandas = pd.DataFrame(records)
        assert load(pandas.to_csv()) == load(pandas.to_csv(index=False)) == records


def test_the_clients_data_frame():
    client = Records(LLMUsage, map(LLMUsage.from_json, MANY)).to_pandas()
    assert load(client.to_csv(index=False)) == MANY
    assert load(client.to_json(orient="records", date_format="iso")) == MANY
    assert load(client.to_dict("records")) == MANY


@pytest.mark.parametrize("orient", ["records", "columns", "index", "split", "table"])
def test_a_data_frame_as_json(orient):
    assert load(pd.DataFrame(MANY).to_json(orient=orient)) == MANY


def test_a_data_frame_as_lines_of_json():
    assert load(pd.DataFrame(MANY).to_json(orient="records", lines=True)) == MANY


@pytest.mark.parametrize("orient", ["records", "columns", "index", "split", "table"])
def test_a_data_frame_of_both_kinds(orient):
    both = [*MANY[:5], *MANY_MATCHED[:5]]
    pandas = pd.DataFrame(both)
    assert load(pandas.to_json(orient=orient)) == load(pandas.to_csv()) == load(pandas.to_dict("records")) == both


def test_numpys_numbers():
    record = {"id": np.int64(7), "credits": np.float32(0.5), "inputTokens": np.uint8(9), "runTime": np.float64(3)}
    (loaded,) = load([record])
    assert {name: loaded[name] for name in record} == {"id": 7, "credits": 0.5, "inputTokens": 9, "runTime": 3}
    assert [type(loaded[name]) for name in record] == [int, float, int, int]


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (pd.Timestamp("2026-04-17T19:26:07+02:00"), "2026-04-17T17:26:07.000Z"),
        (pd.Timestamp("2026-04-17T17:26:07.25"), "2026-04-17T17:26:07.250Z"),
        (np.datetime64("2026-04-17T17:26:07", "ms"), "2026-04-17T17:26:07.000Z"),
    ],
    ids=repr,
)
def test_moments_that_are_naive_are_utc(moment, text):
    (loaded,) = load([{"credits": 1, "runCreatedAt": moment}])
    assert loaded["runCreatedAt"] == text


@pytest.mark.parametrize("missing", [pd.NA, pd.NaT, np.nan])
def test_a_missing_value_in_a_field_of_the_other_kind_is_passed_over(missing):
    assert load([{**WHOLE, "task": missing, "numRecords": missing}]) == [WHOLE]


@pytest.mark.parametrize("missing", [pd.NA, pd.NaT])
def test_a_missing_value_in_a_field_of_its_own_kind_is_refused(missing):
    for field in ("credits", "runCreatedAt", "modelId"):
        with pytest.raises(InvalidRecord, match=f"record 1: {field}: "):
            load([{**WHOLE, field: missing}])
