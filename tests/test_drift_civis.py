"""Drift between the contract and real specs: those inside released wheels of ``civis``, of which none is kept here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import pytest

from civis_usage.contract_tests.drift.compare import Difference, compare
from civis_usage.contract_tests.drift.spec import ApiDescription, contract, describe
from civis_usage.schemas import OPERATIONS, load

from .drift_changes import CHANGES, Change, parameter

INSIDE = "civis/resources/civis_api_spec.json"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "civis-usage-kit" / "wheels"
CONTRACT = contract()
INSTALLED = "2.10.1"


def wheel(version: str) -> Path:
    """Return a released wheel: downloaded once, by pip in a process of its own, and kept outside the repository."""
    kept = CACHE / f"civis-{version}-py3-none-any.whl"
    if not kept.is_file():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            command = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"]
            done = subprocess.run(
                [*command, "--only-binary", ":all:", "-d", folder, f"civis=={version}"], capture_output=True, text=True
            )
            if done.returncode:
                pytest.skip(f"civis {version} cannot be downloaded: {done.stderr.strip().splitlines()[-1:]}")
            next(Path(folder).glob("*.whl")).replace(kept)
    return kept


def spec(version: str) -> dict[str, Any]:
    if version == INSTALLED:
        assert metadata.version("civis") == INSTALLED
        text = resources.files("civis").joinpath("resources", "civis_api_spec.json").read_bytes()
    else:
        with zipfile.ZipFile(wheel(version)) as archive:
            text = archive.read(INSIDE)
    found: dict[str, Any] = json.loads(text)
    return found


def api(version: str) -> ApiDescription:
    return describe(spec(version), version)


def but_wording(differences: tuple[Difference, ...]) -> list[Difference]:
    return [each for each in differences if each.severity != "wording"]


@pytest.mark.parametrize("version", [INSTALLED, "2.9.0"])
def test_since_the_required_lists_came_nothing_but_wording_differs(version: str) -> None:
    differences = compare(CONTRACT, api(version))
    assert but_wording(differences) == []
    assert len(differences) > 30, "every description is in our own words"


@pytest.mark.parametrize("version", ["2.8.1", "2.6.0", "2.5.0", "2.0.0"])
def test_before_the_required_lists_each_field_of_them_is_breaking(version: str) -> None:
    expected = {
        (name, f"response{'[]' if operation.many else ''}.{field}", "required", True, False, "breaking")
        for name, operation in OPERATIONS.items()
        for field in load(operation.body)["properties"]
    }
    found = but_wording(compare(CONTRACT, api(version)))
    assert len(found) == len(expected) == 32
    assert {(e.operation, e.location, e.keyword, e.contract, e.spec, str(e.severity)) for e in found} == expected


def test_the_required_lists_are_compatible_for_whoever_lived_without() -> None:
    found = but_wording(compare(api("2.8.1"), api("2.9.0")))
    assert {(str(each.severity), each.keyword, each.contract, each.spec) for each in found} == {
        ("compatible", "required", False, True)
    }
    assert len(found) == 32


@pytest.mark.parametrize(("old", "new"), [("2.0.0", "2.5.0"), ("2.6.0", "2.8.1"), ("2.9.0", "2.10.1")])
def test_between_these_releases_nothing_happened_to_usage(old: str, new: str) -> None:
    assert but_wording(compare(api(old), api(new))) == []


IN_WORDS = {"enum-gone", "enum-in-words", "enum-wider-in-words", "parameter-enum-gone"}
"""Changes of an enum that is listed; the real spec tells it in words, so it has none to take away."""


@pytest.mark.parametrize("change", [each for each in CHANGES if each.id not in IN_WORDS], ids=str)
def test_a_change_of_the_real_spec_is_classed_as_one_of_ours_is(change: Change) -> None:
    before, after = api(INSTALLED), describe(change.made(spec(INSTALLED)))
    found = [each for each in compare(CONTRACT, after) if change.forth == "wording" or each.severity != "wording"]
    if change.forth == "wording":
        found = [each for each in compare(before, after) if each.keyword == change.keyword]
    assert {str(each.severity) for each in found} == {change.forth}, found
    assert {each.keyword for each in found} == {change.keyword}
    assert change.location in ("*", *{each.location for each in found})


def test_an_enum_that_the_real_spec_tells_in_words_is_read_there() -> None:
    changed = spec(INSTALLED)
    task = parameter(changed, "/usage/matching", "task")
    assert 'One of ["IDR", "CDM"]' in task["description"]
    task["description"] = task["description"].replace('"CDM"', '"XYZ"')
    found = but_wording(compare(CONTRACT, describe(changed)))
    assert [(each.location, each.keyword, each.contract, each.spec, each.severity) for each in found] == [
        ("parameter task", "enum", ["CDM", "IDR"], ["IDR", "XYZ"], "breaking")
    ]
