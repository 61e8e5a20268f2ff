"""``civis-usage check --with-drift``: the API's own spec is judged in the same report, within the same budget."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from click.testing import CliRunner, Result
from flask import request, request_started

from civis_usage.cli import main
from civis_usage.contract_tests.checks import checks
from civis_usage.contract_tests.reports import json as json_report
from civis_usage.mock_server import usage
from civis_usage.mock_server.app import create_app
from civis_usage.mock_server.server import start
from civis_usage.mock_server.settings import Settings
from civis_usage.schemas import OPERATIONS, swagger

from .drift_changes import CHANGES, NAMES, Spec

pytestmark = pytest.mark.slow


def without_path(path: str, spec: Spec) -> Spec:
    return spec | {"paths": {name: item for name, item in spec["paths"].items() if name != path}}


DRIFT = [f"{name.replace('_', '-')}-drift" for name in OPERATIONS]
GONE = {f"without {path}": partial(without_path, path) for path in NAMES}
MADE: dict[str, Callable[[Spec], Spec]] = {change.id: change.made for change in CHANGES} | GONE


Check = Callable[..., Result]


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Check]:
    """Run ``civis-usage check --with-drift`` against a fake whose own spec has changed."""
    monkeypatch.chdir(tmp_path)
    with start(create_app(Settings(runs_per_day=3))) as fake:

        def run(*options: str, changes: tuple[str, ...] = ()) -> Result:
            changed = swagger()
            for each in changes:
                changed = MADE[each](changed)
            monkeypatch.setattr(usage, "swagger", lambda: changed)
            env = {"CIVIS_API_KEY": "any-key", "CIVIS_API_ENDPOINT": fake.url}
            return CliRunner(env=env).invoke(main, ["check", "--org-id", "1", *options], prog_name="civis-usage")

        yield run


def results(path: str = "report.json") -> dict[str, dict[str, object]]:
    report = json.loads(Path(path).read_text("utf-8"))
    jsonschema.validate(report, json_report.schema())
    return {result["id"]: result for result in report["results"]}


def test_a_spec_that_keeps_the_contract_is_kept_at_the_cost_of_one_request(check: Check) -> None:
    enough = ("--max-requests", "100")
    with_it = check("--with-drift", "--json", "with.json", *enough)
    without = check("--json", "without.json", *enough)
    assert (with_it.exit_code, without.exit_code) == (0, 0), with_it.output
    more = set(results("with.json")) - set(results("without.json"))
    assert more == set(DRIFT)
    assert {results("with.json")[name]["verdict"] for name in more} == {"passed"}
    spent = [json.loads(Path(name).read_text("utf-8"))["requests"] for name in ("with.json", "without.json")]
    assert spent[0] == spent[1] + 1


def test_a_spec_that_breaks_the_contract_violates_it_in_every_report(check: Check) -> None:
    result = check(
        "--with-drift", "--json", "report.json", "--junit", "r.xml", "--html", "r.html", changes=("enum-wider",)
    )
    assert result.exit_code == 1, result.output
    sentence = "response[].task: enum CDM, IDR → CDM, IDR, XYZ"
    assert sentence in result.stdout
    assert "curl -i" in result.stdout
    found = results()["list-matching-drift"]
    assert (found["verdict"], found["operation"]) == ("failed", "list_matching")
    assert [(each["message"], each["field"], each["request"]) for each in found["findings"]] == [  # type: ignore[attr-defined]
        (sentence, "task", "/endpoints")
    ]
    failed = [case.get("name") for case in ET.parse("r.xml").iter("testcase") if case.find("failure") is not None]
    assert failed == ["list-matching-drift"]
    assert sentence in Path("r.html").read_text("utf-8")


def test_what_is_compatible_or_deprecated_is_a_note(check: Check) -> None:
    result = check("--with-drift", changes=("parameter-new", "operation-deprecated", "summary"))
    assert result.exit_code == 0, result.output
    notes = result.stdout.partition("\nNotes\n")[2]
    assert "the API's spec, deprecated: list_matching, operation: deprecated no → yes" in notes
    assert "the API's spec, compatible: list_matching, parameter page" in notes
    assert "summary" not in notes


def test_a_known_drift_can_be_waived(check: Check, tmp_path: Path) -> None:
    waiver = '[[waiver]]\ncheck = "list-matching-drift"\nfield = "task"\nreason = "XYZ is announced; ticket 4711."\n'
    (tmp_path / "waivers.toml").write_text(waiver, "utf-8")
    result = check("--with-drift", "--waivers", "waivers.toml", changes=("enum-wider",))
    assert result.exit_code == 0, result.output
    assert "(task): XYZ is announced; ticket 4711." in result.stdout
    assert check("--waivers", "waivers.toml").exit_code == 0


def test_without_the_spec_the_rest_is_judged_and_the_run_is_3(check: Check) -> None:
    order: list[str] = []
    with request_started.connected_to(lambda *_: order.append(request.path)):
        result = check("--with-drift")
    assert result.exit_code == 0, result.output
    result = check("--with-drift", "--json", "report.json", "--max-requests", str(order.index("/endpoints")))
    assert result.exit_code == 3, result.output
    found = results()
    assert {found[name]["verdict"] for name in DRIFT} == {"inconclusive"}
    assert "budget" in str(found[DRIFT[0]]["inconclusive"])
    assert {result["verdict"] for name, result in found.items() if name not in DRIFT} == {"passed"}


def test_a_spec_that_is_none_leaves_its_checks_open(check: Check) -> None:
    result = check("--with-drift", "--json", "report.json", changes=tuple(GONE))
    assert result.exit_code == 3, result.output
    assert "none is under /usage" in str(results()[DRIFT[0]]["inconclusive"])


def test_the_checks_of_the_spec_are_asked_last_and_only_if_wanted() -> None:
    assert [each.id for each in checks(with_drift=True)[-len(DRIFT) :]] == DRIFT
    assert not {each.id for each in checks()} & set(DRIFT)
