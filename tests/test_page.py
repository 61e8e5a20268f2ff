"""The page at ``/``: a static document, and the JSON of the world that it shows."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from civis_usage.mock_server.app import create_app
from civis_usage.mock_server.faults import Fault
from civis_usage.mock_server.page import routes
from civis_usage.mock_server.settings import Settings

NOW = "2026-04-20T12:00:00Z"
KEY = {"Authorization": "Bearer a-key-of-the-tests"}
STATIC = Path(routes.__file__).parent / "static"


def overview(query: str = "", **settings: Any) -> dict[str, Any]:
    response = create_app(Settings(**{"now": NOW, **settings})).test_client().get(f"/_fake/overview{query}")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = json.loads(response.text, parse_float=Decimal)
    return found


def asked(path: str, **settings: Any) -> Any:
    response = create_app(Settings(**{"now": NOW, **settings})).test_client().get(path, headers=KEY)
    return json.loads(response.text, parse_float=Decimal)


class TestTheDocument:
    client = create_app(Settings(now=NOW)).test_client()

    def test_is_one_file_that_loads_nothing_from_elsewhere(self):
        with self.client.get("/") as response:
            assert response.status_code == 200 and response.data == (STATIC / "index.html").read_bytes()
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
        assert response.headers["X-Frame-Options"] == "DENY"

    def test_no_link_leads_to_nowhere(self):
        html = (STATIC / "index.html").read_text(encoding="utf-8")
        links = re.findall(r'(?:href|src)="([^"]+)"', html)
        ids = set(re.findall(r'id="([^"]+)"', html))
        for link in links:
            if link.startswith("#"):
                assert link[1:] in ids, link
            elif not link.startswith("data:"):
                with self.client.get(link) as response:
                    assert response.status_code == 200, link
        assert len(links) > 10

    def test_the_program_finds_all_that_it_looks_for(self):
        ids = set(re.findall(r'id="([^"]+)"', (STATIC / "index.html").read_text(encoding="utf-8")))
        looked_for = set(re.findall(r'(?:find|on)\("([\w-]+)"', (STATIC / "page.js").read_text(encoding="utf-8")))
        assert len(looked_for) > 30 and looked_for <= ids, looked_for - ids

    def test_no_text_becomes_markup(self):
        program = (STATIC / "page.js").read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", program)

    def test_it_is_not_written_into_the_journal(self):
        app = create_app(Settings(now=NOW))
        for path in ("/", "/_page/page.js", "/_fake/overview"):
            with app.test_client().get(path) as response:
                assert response.status_code == 200
        assert len(app.extensions["civis_usage"].journal) == 0


class TestTheOverview:
    @pytest.mark.parametrize("profile", ["realistic", "edge"])
    def test_credits_are_those_of_the_summaries(self, profile):
        found = overview("?days=7", profile=profile)
        assert found["days"] == [f"2026-04-{day}" for day in range(14, 21)]
        for each in found["shown"]:
            path = f"/usage/llm/organization/{each['id']}/summary"
            assert each["credits_this_month"] == asked(path, profile=profile)["credits"]
            for day, amount in zip(found["days"], each["credits_by_day"], strict=True):
                window = f"?start_date={day}&end_date={day}T23:59:59.999Z"
                assert amount == asked(path + window, profile=profile)["credits"]

    def test_this_month_is_that_of_the_default_window(self):
        behavior = {"default_window_offset": "-06:00"}
        found = overview("?org=1", behavior=behavior, now="2026-05-01T03:00:00Z")
        credited = asked("/usage/llm/organization/1/summary", behavior=behavior, now="2026-05-01T03:00:00Z")["credits"]
        assert [each["credits_this_month"] for each in found["shown"]] == [credited]

    def test_what_differs_from_the_default_behavior_is_named(self):
        assert overview()["behavior"] == []
        [one] = overview(behavior={"end_bound": "exclusive", "start_bound": "inclusive"})["behavior"]
        assert (one["id"], one["answer"], one["meaning"]) == ("end_bound", "exclusive", "no")
        assert one["question"].endswith("?")

    @pytest.mark.parametrize("profile", ["realistic", "edge"])
    @pytest.mark.parametrize("kind", ["llm", "matching"])
    def test_the_latest_records_are_the_first_of_the_list(self, kind, profile):
        found = overview("?org=1", profile=profile)[kind]
        assert found == asked(f"/usage/{kind}?org_id=1&start_date=2024-01-01", profile=profile)[: len(found)]
        assert len(found) == 8

    def test_models_are_those_of_the_records(self):
        found = overview("?org=2")
        records = asked("/usage/llm?org_id=2&start_date=2024-01-01")
        assert [model["id"] for model in found["models"]] == sorted({record["modelId"] for record in records})
        assert all(model["organizations"] == [2] and model["input_rate"] for model in found["models"])

    def test_all_organizations_can_be_reached(self):
        found = overview(organizations=40)
        assert found["organizations"] == list(range(1, 41))
        assert [each["id"] for each in found["shown"]] == [1, 2, 3, 4, 5, 6]
        assert [each["id"] for each in overview("?org=40", organizations=40)["shown"]] == [40]

    def test_without_generated_usage_there_is_only_what_is_loaded(self):
        found = overview(generated=False, data=({"credits": 2, "organizationId": 417, "modelId": "mine"},))
        assert (found["organizations"], found["default_organization"]) == ([417], 417)
        assert [model["id"] for model in found["models"]] == ["mine"]
        assert [record["organizationId"] for record in found["llm"]] == [417]

    def test_an_empty_world_has_nothing(self):
        found = overview(generated=False)
        assert (found["organizations"], found["shown"], found["models"]) == ([], [], [])
        assert (found["llm"], found["matching"], found["default_organization"]) == ([], [], None)

    def test_organizations_that_the_key_may_not_see_are_not_shown(self):
        assert overview(behavior={"foreign_organization": "not_found"})["organizations"] == [1]

    def test_no_key_is_shown(self):
        found = overview(api_keys=("a-secret-key",))
        assert found["keys"] is True and "a-secret-key" not in str(found)

    @pytest.mark.parametrize(
        ("query", "status", "sentence"),
        [
            ("?org=77", 404, "There is no organization 77 here; there are 1, 2, 3."),
            ("?org=x", 400, "org"),
            ("?days=0", 400, "days 0 is out of range: use 1 to 3660."),
        ],
    )
    def test_what_is_not_there_is_said_in_a_sentence(self, query, status, sentence):
        response = create_app(Settings(now=NOW)).test_client().get(f"/_fake/overview{query}")
        assert response.status_code == status and sentence in response.json["errorDescription"]

    def test_other_machines_do_not_see_it(self):
        client = create_app(Settings(now=NOW)).test_client()
        response = client.get("/_fake/overview", environ_base={"REMOTE_ADDR": "192.0.2.7"})
        assert response.status_code == 403


def test_the_fault_rules_that_the_page_names_can_be_set() -> None:
    html, script = ((STATIC / name).read_text(encoding="utf-8") for name in ("index.html", "page.js"))
    offered = re.findall(r'<option value="([^"]+)">', html)
    offered += re.findall(r'^  \["[^"]+", "[^"]+", "([^"]+)"\]', script, re.MULTILINE)
    syntax = html.partition('<dl class="words">')[2].partition("</dl>")[0]
    which, often, what = (re.findall("<code>([^/<]+)</code>", part) for part in syntax.split("</dd>")[:3])
    rules = [f"{word} status=503" for word in (*which, *often, "retry-after=2")] + [
        each for each in what if "retry" not in each
    ]
    assert len(offered) > 10
    assert len(rules) > 15
    for rule in (*offered, *rules):
        Fault.parse(rule)
