"""Organizations as a user writes them."""

from __future__ import annotations

import pytest

from civis_usage.mock_server.world.organization import parse_organizations


@pytest.mark.parametrize(
    ("text", "organizations"),
    [
        ("3", 3),
        (" 12 ", 12),
        ("7,8", {7: None, 8: None}),
        ("7,", {7: None}),
        ("7:200", {7: 200}),
        ("7:200, 8 ,9:0", {7: 200, 8: None, 9: 0}),
        ("9223372036854775807,", {2**63 - 1: None}),
    ],
)
def test_a_number_or_ids_with_their_runs_a_day(text, organizations):
    assert parse_organizations(text) == organizations


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0", "0 organizations cannot be made: give a number from 1 to 999, or an id with a comma, as in '0,'"),
        ("1000", "1000 organizations cannot be made"),
        ("9" * 5000, "organizations cannot be made"),
        ("x", "'x' is not an organization: write its id, or its id and runs a day, as in 7:200"),
        ("", "'' is not an organization"),
        ("7,,8", "'' is not an organization"),
        ("-7", "'-7' is not an organization"),
        ("7:many", "'7:many' is not an organization"),
        ("\u0667,8", "is not an organization"),
        ("7,7", "organization 7 is named twice in '7,7': name each once"),
        ("0,1", "0 cannot be an organization's id: ids go from 1 to 9223372036854775807"),
        ("9223372036854775808,", "9223372036854775808 cannot be an organization's id"),
        ("7:100001", "100001 runs a day are too many for organization 7: at most 100000"),
        (",".join(map(str, range(1, 1001))), "1000 organizations are too many: a world holds at most 999"),
    ],
    ids=lambda text: text[:12],
)
def test_what_cannot_be_is_refused_with_a_sentence(text, sentence):
    with pytest.raises(ValueError, match="organization") as caught:
        parse_organizations(text)
    assert sentence in str(caught.value)
