"""The fake's own controls under /_fake/: what they do, what they refuse, and whom."""

from __future__ import annotations

import http.client
import json
import re
import time

import pytest

from civis_usage.mock_server import server
from civis_usage.mock_server.app import create_app
from civis_usage.mock_server.clock import Clock
from civis_usage.mock_server.fake import Fake
from civis_usage.mock_server.faults import Fault
from civis_usage.mock_server.rate_limit import Limit
from civis_usage.mock_server.settings import Settings

NOW = "2026-04-20T12:00:00Z"
KEY = {"Authorization": "Bearer a-key-of-the-tests"}
OWN = {"kind": "llm", "credits": 7.5, "runCreatedAt": "2026-04-02T00:00:00Z"}
CONTROLS = [
    ("GET", "/_fake/health"),
    ("POST", "/_fake/reset"),
    ("GET", "/_fake/data"),
    ("POST", "/_fake/data"),
    ("DELETE", "/_fake/data"),
    ("GET", "/_fake/faults"),
    ("POST", "/_fake/faults"),
    ("DELETE", "/_fake/faults"),
    ("DELETE", "/_fake/faults/1"),
    ("GET", "/_fake/stubs"),
    ("POST", "/_fake/stubs"),
    ("DELETE", "/_fake/stubs"),
    ("GET", "/_fake/journal"),
    ("DELETE", "/_fake/journal"),
    ("GET", "/_fake/clock"),
    ("POST", "/_fake/clock"),
    ("DELETE", "/_fake/clock"),
]
STRANGERS = ["192.0.2.7", "10.0.0.1", "::ffff:192.0.2.7", "2001:db8::1", "fe80::1%eth0", "no address"]


@pytest.fixture(scope="module")
def app():
    return create_app(Settings(now=NOW))


@pytest.fixture
def fake(app):
    fake = app.extensions["civis_usage"]
    fake.reset()
    return fake


@pytest.fixture
def client(app, fake):
    return app.test_client()


def state(client):
    """Return all that can be changed, as a client sees it."""
    paths = ("/_fake/data", "/_fake/faults", "/_fake/clock", "/_fake/health")
    return [client.get(path).json for path in paths] + [client.get("/usage/llm", headers=KEY).data]


def refused(answer, told, status=400):
    body = json.loads(answer.data)
    assert (answer.status_code, body["code"]) == (status, status), body
    sentence = body["errorDescription"]
    assert told in sentence, sentence
    assert "\n" not in sentence and sentence.endswith(".")


class TestHealth:
    def test_tells_what_is_served(self, client, fake):
        health = client.get("/_fake/health").json
        assert health == {
            "status": "ok",
            "version": health["version"],
            "organizations": [1, 2, 3],
            "fingerprint": fake.world.fingerprint,
            "now": "2026-04-20T12:00:00.000Z",
            "profile": "realistic",
            "seed": 0,
            "behavior": {},
        }
        assert re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+.*", health["version"])

    def test_is_no_part_of_the_api(self, client):
        headers = client.get("/_fake/health").headers
        for name in ("X-RateLimit-Limit", "X-Request-Id", "Access-Control-Allow-Origin"):
            assert name not in headers


class TestData:
    def test_can_be_loaded_seen_and_taken_back(self, client):
        before = client.get("/usage/llm", headers=KEY).json
        answer = client.post("/_fake/data", json=[OWN, {"task": "IDR"}])
        assert (answer.status_code, answer.json) == (201, {"loaded": 2})
        [llm, matching] = client.get("/_fake/data").json
        assert llm["credits"] == 7.5 and matching["task"] == "IDR"
        after = client.get("/usage/llm", headers=KEY).json
        assert [each for each in after if each not in before] == [llm]
        assert client.get(f"/usage/llm/{llm['id']}", headers=KEY).json == llm
        assert client.delete("/_fake/data").json == []
        assert client.get("/usage/llm", headers=KEY).json == before

    def test_can_take_the_place_of_all_other(self, client):
        client.post("/_fake/data?replace=true", json=[OWN])
        client.post("/_fake/data", json=[{**OWN, "credits": 1}])
        assert sorted(each["credits"] for each in client.get("/usage/llm", headers=KEY).json) == [1, 7.5]
        client.post("/_fake/data?replace=true", json=[{**OWN, "credits": 2}])
        assert [each["credits"] for each in client.get("/usage/llm", headers=KEY).json] == [2]
        assert client.get("/usage/matching", headers=KEY).json == []

    @pytest.mark.parametrize(
        ("body", "media_type"),
        [
            ('[{"credits": 2.5, "runTime": 3}, {"numRecords": 9}]', "application/json"),
            ('{"credits": 2.5, "runTime": 3}\n\n{"numRecords": 9}\n', "application/x-ndjson"),
            ("credits,run_time,numRecords\n2.5,3,\n,,9\n", "text/csv"),
            ("\ufeffcredits,runTime,num_records\r\n2.5,3,\r\n,,9\r\n", "application/octet-stream"),
        ],
        ids=["JSON", "NDJSON", "CSV", "CSV of a spreadsheet"],
    )
    def test_comes_as_json_ndjson_or_csv(self, client, body, media_type):
        client.post("/_fake/data?replace=true", data=body.encode(), content_type=media_type)
        [llm, matching] = client.get("/_fake/data").json
        assert (llm["credits"], llm["runTime"], matching["numRecords"]) == (2.5, 3, 9)

    def test_one_record_and_none_can_be_loaded(self, client):
        assert client.post("/_fake/data", json=OWN).json == {"loaded": 1}
        for nothing in (b"", b"[]", b"  \n"):
            assert client.post("/_fake/data", data=nothing).json == {"loaded": 0}
        assert len(client.get("/_fake/data").json) == 1

    def test_given_back_can_be_loaded_again(self, client):
        client.post("/_fake/data?replace=true", json=[OWN, {"task": "IDR"}])
        given, listed = client.get("/_fake/data"), client.get("/usage/llm", headers=KEY).data
        client.post("/_fake/data?replace=true", data=given.data)
        assert client.get("/_fake/data").json == given.json
        assert client.get("/usage/llm", headers=KEY).data == listed

    def test_that_is_not_seen_yet_is_loaded_with_a_warning(self, client):
        told = client.post("/_fake/data", json=[{"credits": 1, "runCreatedAt": "2999-01-01T00:00:00Z"}])
        assert (told.status_code, told.json["loaded"]) == (201, 1)
        assert "cannot be seen before the clock gets there" in told.json["warnings"][0]

    @pytest.mark.parametrize(
        ("body", "told"),
        [
            (b"[{", "not JSON"),
            (b"5,6", "'5,6'"),
            (b"[5]", "record 1"),
            (b'[{"credits": 1}, {"credits": "many"}]', "record 2: credits"),
            (b'[{"credits": 1, "runTime": -0.5}]', "runTime"),
            (b'[{"credits": 1, "runCreatedAt": "tomorrow"}]', "tomorrow"),
            (b'[{"task": "XYZ"}]', "XYZ"),
            (b'[{"credits": Infinity}]', "Infinity"),
            (b"\xff\xff", "UTF-8"),
            (b"[" * 100_000, "record"),
            (b'{"a":' * 100_000, "nested"),
        ],
    )
    def test_that_is_wrong_is_refused_whole(self, client, body, told):
        client.post("/_fake/data", json=[OWN])
        before = state(client)
        refused(client.post("/_fake/data", data=body), told)
        assert state(client) == before

    def test_replace_is_true_or_false(self, client):
        refused(client.post("/_fake/data?replace=perhaps", json=[OWN]), "replace 'perhaps'")


class TestFaults:
    def test_can_be_set_seen_and_taken_back(self, client):
        rule = {"operation": "list_llm", "status": 503, "retry_after": 2, "first": 1}
        added = client.post("/_fake/faults", json=rule)
        assert added.status_code == 201
        [one] = added.json["faults"]
        assert one["rule"] == "list_llm first=1 status=503 retry-after=2"
        assert one["fault"] == rule
        assert added.json["unfired"] == [one["id"]]
        assert client.get("/usage/llm", headers=KEY).status_code == 503
        seen = client.get("/_fake/faults").json
        assert (seen["faults"][0]["matched"], seen["faults"][0]["fired"], seen["unfired"]) == (1, 1, [])
        client.post("/_fake/faults", json=["get_llm latency=0.01", {"truncate": True}])
        assert len(client.delete(f"/_fake/faults/{one['id']}").json["faults"]) == 2
        refused(client.delete(f"/_fake/faults/{one['id']}"), str(one["id"]), 404)
        assert client.delete("/_fake/faults").json == {"faults": [], "unfired": []}

    @pytest.mark.parametrize(
        ("body", "told"),
        [
            (b"", "not JSON"),
            (b"{", "not JSON"),
            (b"5", "a fault is an object"),
            (b"null", "a fault is an object"),
            (b"{}", "does nothing"),
            (b'{"status": "503"}', "status='503' is invalid"),
            (b'{"status": true}', "status=True is invalid"),
            (b'{"status": 503, "colour": 1}', "colour"),
            (b'{"truncate": "yes"}', "truncate='yes'"),
            (b'{"latency": [1]}', "latency"),
            (b'{"latency": {}}', "latency"),
            (b'{"null": 5}', "null=5 is invalid"),
            (b'{"null": [5]}', "null=5"),
            (b'{"status": 503, "key": 5}', "key"),
            (b'{"status": 503, "operation": ["list_llm"]}', "operation"),
            (b'{"content_type": "a\\nb"}', "content-type"),
            (b'["status=500", {"status": 1}]', "status=1"),
            (b'["status=500", "nonsense"]', "nonsense"),
            (b'{"null": ["\\ud800"]}', "ud800"),
            (b'{"truncate": "\\udfff"}', "udfff"),
        ],
    )
    def test_that_cannot_be_are_refused_whole(self, client, body, told):
        client.post("/_fake/faults", json={"operation": "get_llm", "status": 500})
        before = state(client)
        refused(client.post("/_fake/faults", data=body), told)
        assert state(client) == before


class TestJournal:
    def test_can_be_seen_filtered_and_forgotten(self, client):
        for path in ("/usage/llm?org_id=2", "/usage/llm?org_id=abc", "/usage/matching", "/nothing"):
            client.get(path, headers=KEY)

        def numbers(query=""):
            return [each["number"] for each in client.get(f"/_fake/journal{query}").json["calls"]]

        assert numbers() == [1, 2, 3, 4]
        assert numbers("?operation=list_llm") == [1, 2]
        assert numbers("?status=404") == [4]
        assert numbers("?org_id=2") == [1]
        assert numbers("?limit=2") == [3, 4]
        assert numbers("?since=2026-04-20T12:00:00.001Z") == []
        assert numbers("?since=2026-04-20&operation=list_llm&limit=1") == [2]
        call = client.get("/_fake/journal?limit=1&operation=list_llm&status=200").json["calls"][0]
        assert call["parameters"] == {"org_id": "2"}
        assert client.get("/_fake/journal").json["remembered"] == 4
        client.delete("/_fake/journal")
        assert numbers() == []

    @pytest.mark.parametrize(
        ("query", "told"),
        [("status=abc", "status"), ("limit=", "limit"), ("since=tomorrow", "since"), ("colour=red", "'colour'")],
    )
    def test_cannot_be_filtered_by_what_cannot_be_read(self, client, query, told):
        refused(client.get(f"/_fake/journal?{query}"), told)


class TestClock:
    def test_can_be_pinned_moved_and_released(self, client, fake):
        assert client.get("/_fake/clock").json == {"now": "2026-04-20T12:00:00.000Z", "pinned": True}
        pinned = client.post("/_fake/clock", json={"pin": "2026-01-31T23:59:30+01:00"}).json
        assert pinned == {"now": "2026-01-31T22:59:30.000Z", "pinned": True}
        assert client.post("/_fake/clock", json={"move": 30.5}).json["now"] == "2026-01-31T23:00:00.500Z"
        assert client.post("/_fake/clock", json={"move": -31}).json["now"] == "2026-01-31T22:59:29.500Z"
        assert client.post("/_fake/clock", json={"release": True}).json["pinned"] is False
        client.post("/_fake/clock", json={"pin": "2026-02-01"})
        assert client.delete("/_fake/clock").json["pinned"] is False

    def test_is_followed_by_default_windows_and_by_what_has_happened(self, client):
        client.post("/_fake/clock", json={"pin": "2026-03-01T06:00:00Z"})
        listed = client.get("/usage/llm", headers=KEY).json
        assert all(each["runCreatedAt"] < "2026-03-01T06:00:00.001Z" for each in listed)
        client.post("/_fake/clock", json={"move": 24 * 60 * 60})
        later = client.get("/usage/llm", headers=KEY).json
        assert len(later) > len(listed)
        assert later[-len(listed) :] == listed if listed else later
        assert {each["runCreatedAt"][:7] for each in later} == {"2026-03"}

    @pytest.mark.parametrize(
        ("body", "told"),
        [
            (b"", "not JSON"),
            (b"{}", '{"pin"'),
            (b'{"pin": 5}', '{"pin"'),
            (b'{"pin": "tomorrow"}', "tomorrow"),
            (b'{"pin": "2026-02-30"}', "2026-02-30"),
            (b'{"pin": "0001-01-01"}', "years 2 to 9998"),
            (b'{"pin": "9999-12-31"}', "years 2 to 9998"),
            (b'{"move": "5"}', '{"pin"'),
            (b'{"move": true}', '{"pin"'),
            (b'{"move": 1e300}', "years 2 to 9998"),
            (b'{"move": NaN}', "NaN"),
            (b'{"move": Infinity}', "Infinity"),
            (b'{"release": false}', '{"pin"'),
            (b'{"pin": "2026-01-01", "move": 5}', '{"pin"'),
            (b"[1]", '{"pin"'),
        ],
    )
    def test_cannot_show_what_cannot_be(self, client, body, told):
        before = state(client)
        refused(client.post("/_fake/clock", data=body), told)
        assert state(client) == before

    def test_shows_real_time_unless_pinned(self):
        wall = [1_000_000.0]
        clock = Clock(wall=lambda: wall[0])
        assert (clock.now(), clock.pinned) == (1_000_000_000, False)
        clock.move(60)
        wall[0] += 5
        assert clock.now() == 1_000_065_000
        clock.pin(7)
        wall[0] += 5
        assert (clock.now(), clock.pinned) == (7, True)
        clock.release()
        assert clock.now() == 1_000_010_000
        clock.move(1)
        clock.reset()
        assert clock.now() == 1_000_010_000


class TestReset:
    @pytest.mark.parametrize("over_http", [True, False])
    def test_brings_all_of_it_back(self, over_http):
        settings = Settings(
            now=NOW,
            data=(OWN,),
            faults=(Fault.parse("list_matching status=503 first=1"),),
            rate_limit=Limit(50, 10**9),
        )
        fake = Fake(settings)
        client = create_app(fake=fake).test_client()
        before = state(client)
        assert client.get("/usage/matching", headers=KEY).status_code == 503
        client.post("/_fake/data?replace=true", json=[{"credits": 1}])
        client.post("/_fake/faults", json={"latency": 0.001})
        client.post("/_fake/clock", json={"pin": "2026-04-01"})
        assert state(client) != before
        if over_http:
            client.post("/_fake/reset")
        else:
            fake.reset()
        assert client.get("/_fake/journal").json["calls"] == []
        assert client.get("/usage/matching", headers=KEY).headers["X-RateLimit-Remaining"] == "49"
        fake.reset()
        assert state(client) == before

    def test_takes_less_than_five_milliseconds(self, client, fake):
        for _ in range(50):
            client.get("/usage/llm?start_date=2024-01-01", headers=KEY)
        fake.load([OWN] * 20)
        times = []
        for _ in range(20):
            start = time.perf_counter()
            fake.reset()
            times.append(time.perf_counter() - start)
        assert min(times) < 0.005


class TestWhoMayUseThem:
    @pytest.mark.parametrize(("method", "path"), CONTROLS)
    @pytest.mark.parametrize("address", STRANGERS)
    def test_nobody_but_this_machine(self, client, method, path, address):
        answer = client.open(path, method=method, environ_overrides={"REMOTE_ADDR": address})
        refused(answer, "--allow-remote-control", 403)

    def test_a_body_from_elsewhere_is_refused_unread(self, client):
        before = state(client)
        for body in (b"[{", json.dumps([OWN]).encode()):
            answer = client.post("/_fake/data?replace=true", data=body, environ_overrides={"REMOTE_ADDR": "192.0.2.7"})
            refused(answer, "--allow-remote-control", 403)
        assert state(client) == before

    @pytest.mark.parametrize("address", STRANGERS)
    def test_the_contract_is_for_everyone_under_any_name(self, client, address):
        answer = client.get(
            "/openapi.json", headers={"Host": "fake.example"}, environ_overrides={"REMOTE_ADDR": address}
        )
        assert answer.json["openapi"].startswith("3.1")

    @pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
    def test_this_machine_by_any_of_its_addresses(self, client, address):
        assert client.get("/_fake/health", environ_overrides={"REMOTE_ADDR": address}).status_code == 200

    @pytest.mark.parametrize(
        "host",
        [
            "evil.example",
            "evil.example:8765",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "192.0.2.7",
            "fake",
            "0.0.0.0",
            "[2001:db8::1]:80",
            "",
        ],
    )
    @pytest.mark.parametrize(("method", "path"), [CONTROLS[0], CONTROLS[1]])
    def test_not_under_a_name_that_is_not_its_own(self, client, method, path, host):
        answer = client.open(path, method=method, headers={"Host": host})
        refused(answer, "The fake is not called", 403)

    @pytest.mark.parametrize(
        "host", ["localhost", "LOCALHOST:8765", "127.0.0.1", "127.0.0.1:1", "[::1]:8765", "127.1.2.3:80"]
    )
    def test_under_the_names_of_this_machine(self, client, host):
        assert client.get("/_fake/health", headers={"Host": host}).status_code == 200

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "http://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://localhost:1"},
            {"Origin": "https://localhost"},
            {"Origin": ""},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ],
    )
    @pytest.mark.parametrize(("method", "path"), CONTROLS)
    def test_no_page_from_elsewhere(self, client, fake, method, path, headers):
        fake.faults.add("get_llm status=500")
        before = state(client)
        refused(client.open(path, method=method, headers=headers), "pages from elsewhere", 403)
        assert state(client) == before

    def test_the_fakes_own_page(self, client):
        own = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
        assert client.post("/_fake/reset", headers=own).status_code == 200

    def test_the_api_is_open_to_all_that_have_a_key(self, client):
        stranger = {"REMOTE_ADDR": "192.0.2.7"}
        headers = {**KEY, "Host": "evil.example", "Origin": "http://evil.example"}
        assert client.get("/usage/llm", headers=headers, environ_overrides=stranger).status_code == 200

    @pytest.mark.parametrize(
        "host",
        [
            "192.0.2.1:8765",
            "fake",
            "usage_fake:8765",
            "my.host.internal",
            "fake.example:8765",
            "[2001:db8::1]:80",
            "[::1]",
        ],
    )
    def test_other_machines_where_allowed_by_every_name(self, host):
        client = create_app(Settings(now=NOW, allow_remote_control=True)).test_client()
        stranger = {"REMOTE_ADDR": "192.0.2.7"}
        assert client.get("/_fake/health", headers={"Host": host}, environ_overrides=stranger).status_code == 200
        own = {"Host": host, "Origin": f"http://{host}"}
        assert client.get("/_fake/health", headers=own, environ_overrides=stranger).status_code == 200

    @pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
    def test_no_page_from_elsewhere_even_then(self, headers):
        client = create_app(Settings(now=NOW, allow_remote_control=True)).test_client()
        assert client.get("/_fake/health", headers=headers).status_code == 403

    def test_the_name_that_it_was_told_to_listen_on_is_its_own(self):
        client = create_app(Settings(now=NOW, host="fake.example")).test_client()
        assert client.get("/_fake/health", headers={"Host": "fake.example:8765"}).status_code == 200

    def test_over_a_real_socket_as_well(self):
        with server.start(create_app(Settings(now=NOW))) as running:
            where = running.url.removeprefix("http://")
            statuses = []
            for headers in ({}, {"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": running.url}):
                connection = http.client.HTTPConnection(where, timeout=5)
                connection.request("POST", "/_fake/reset", headers=headers)
                statuses.append(connection.getresponse().status)
                connection.close()
            assert statuses == [200, 403, 403, 200]


class TestOthers:
    @pytest.mark.parametrize("path", ["/_fake/nothing", "/_fake/", "/_fake/faults/abc"])
    def test_unknown_controls_are_404(self, client, path):
        refused(client.get(path), "could not be found", 404)

    @pytest.mark.parametrize("path", ["/_fake/health", "/_fake/reset", "/_fake/data", "/_fake/clock"])
    def test_another_method_is_405(self, client, path):
        answer = client.patch(path)
        assert answer.status_code == 405
        assert answer.headers["Allow"]
