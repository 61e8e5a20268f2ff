"""The settings of a fake: written as on the command line, and refused in one sentence where they cannot be used."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from civis_usage.fixtures.fake_server import UsageServer, resolve_settings
from civis_usage.mock_server.faults import Fault
from civis_usage.mock_server.rate_limit import Limit
from civis_usage.mock_server.settings import Settings

RECORD = {"kind": "llm", "credits": 5}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ({"since": "2026-11-01"}, {"since": date(2026, 11, 1)}),
        ({"rate_limit": "20/60"}, {"rate_limit": Limit(20, 60)}),
        (
            {"faults": ["list_llm status=503", {"status": 500}]},
            {"faults": (Fault(operation="list_llm", status=503), Fault(status=500))},
        ),
        ({"api_keys": ["a", "b"]}, {"api_keys": ("a", "b")}),
        ({"data": (each for each in [RECORD])}, {"data": (RECORD,)}),
        ({"variations": ["slow"]}, {"variations": ("slow",)}),
    ],
    ids=lambda each: next(iter(each)),
)
def test_a_dictionary_may_say_it_as_the_command_line_does(written: dict[str, Any], meant: dict[str, Any]) -> None:
    assert resolve_settings(written) == Settings(**meant)


def test_a_path_may_be_a_text_or_a_path(tmp_path: Path) -> None:
    (tmp_path / "usage.json").write_text('[{"kind": "llm", "credits": 5}]', encoding="utf-8")
    (tmp_path / "behavior.toml").write_text('end_bound = "exclusive"', encoding="utf-8")
    for kind in (str, Path):
        settings = resolve_settings(
            {"data": kind(tmp_path / "usage.json"), "behavior": kind(tmp_path / "behavior.toml")}
        )
        assert [each["credits"] for each in settings.data] == [5]
        assert settings.behavior == {"end_bound": "exclusive"}


@pytest.mark.parametrize("name", [each.name for each in dataclasses.fields(Settings)])
@pytest.mark.parametrize("value", [object(), 2.5, {"a": "b"}], ids=["object", "number", "dictionary"])
def test_a_value_of_a_wrong_type_is_refused_with_the_settings_name(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=rf"{name}|{value!r}|'a'"):
        UsageServer({name: value})


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"since": "soon"}, "the setting since cannot be 'soon': use a day, such as 2024-01-01"),
        ({"since": datetime(2026, 1, 1)}, "use a day"),
        ({"now": "soon"}, "'soon' is not a timestamp"),
        ({"generated": "false"}, "the setting generated cannot be 'false': use True or False"),
        ({"seed": True}, "use a whole number"),
        ({"organizations": {"7": 2}}, "their ids with their runs a day, such as"),
        ({"api_keys": "a-secret-key"}, "the setting api_keys cannot be …: use a tuple of keys"),
        ({"api_keys": ("",)}, "keys that are not empty"),
        ({"faults": "status=503"}, "use a tuple of faults"),
        ({"variations": "slow"}, "use a tuple of variations"),
        ({"rate_limit": "20"}, "use requests/seconds as in 20/60, or live"),
        ({"sede": 7}, "there is no setting 'sede': did you mean 'seed'?"),
    ],
    ids=lambda each: next(iter(each)) if isinstance(each, dict) else "",
)
def test_a_mistake_gets_a_sentence_with_the_remedy(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        UsageServer(setting)
    assert "a-secret-key" not in str(caught.value)
