"""Faults: which requests they concern, how often they act, what they do, and how they are written."""

from __future__ import annotations

import http.client
import json
import time
from queue import Queue
from threading import Thread

import pytest
import requests

from civis_usage.mock_server import server
from civis_usage.mock_server.app import create_app
from civis_usage.mock_server.fake import Fake
from civis_usage.mock_server.settings import Settings
from civis_usage.schemas import validator

NOW = "2026-04-20T12:00:00Z"
KEY = {"Authorization": "Bearer a-key-of-the-tests"}
PATHS = {
    "get_llm": "/usage/llm/0",
    "list_llm": "/usage/llm",
    "get_llm_organization_summary": "/usage/llm/organization/1/summary",
    "list_matching": "/usage/matching",
    "endpoints": "/endpoints",
}


@pytest.fixture(scope="module")
def app():
    return create_app(fake=Fake(Settings(now=NOW, seed=3)))


@pytest.fixture
def fake(app):
    fake = app.extensions["civis_usage"]
    fake.reset()
    return fake


@pytest.fixture
def client(app):
    return app.test_client()


def statuses(client, path, times, headers=KEY):
    return [client.get(path, headers=headers).status_code for _ in range(times)]


class TestWhichRequests:
    @pytest.mark.parametrize("operation", PATHS)
    def test_of_one_operation(self, client, fake, operation):
        fake.faults.add(operation, status=418)
        hit = {name for name, path in PATHS.items() if client.get(path, headers=KEY).status_code == 418}
        assert hit == {operation}

    def test_of_all_of_usage_where_no_operation_is_named(self, client, fake):
        fake.faults.add(status=418)
        hit = {name for name, path in PATHS.items() if client.get(path, headers=KEY).status_code == 418}
        assert hit == PATHS.keys() - {"endpoints"}

    def test_of_one_organization(self, client, fake):
        second = client.get("/usage/llm?org_id=2", headers=KEY).json[0]["id"]
        fake.faults.add(org_id=2, status=500)
        hit = [
            "/usage/llm?org_id=2",
            "/usage/matching?org_id=2",
            "/usage/llm/organization/2/summary",
            f"/usage/llm/{second}",
        ]
        missed = ["/usage/llm", "/usage/llm?org_id=1", "/usage/llm?org_id=abc", "/usage/llm/0", "/usage/llm/abc"]
        assert {client.get(path, headers=KEY).status_code for path in hit} == {500}
        assert 500 not in {client.get(path, headers=KEY).status_code for path in missed}

    def test_the_callers_own_organization_is_meant_where_none_is_named(self, client, fake):
        fake.faults.add("list_llm", org_id=1, status=500)
        assert statuses(client, "/usage/llm", 1) == [500]

    def test_of_one_key(self, client, fake):
        fake.faults.add(key="key-in-trouble", status=500)
        assert statuses(client, "/usage/llm", 1, {"Authorization": "Bearer key-in-trouble"}) == [500]
        assert statuses(client, "/usage/llm", 1) == [200]

    def test_a_key_is_kept_as_a_hash_and_never_shown(self, client, fake):
        [armed] = fake.faults.add("list_llm", key="key-in-trouble", status=500)
        client.get("/usage/llm", headers={"Authorization": "Bearer key-in-trouble"})
        shown = repr((armed, vars(armed.fault), str(armed.fault), armed.as_dict(), list(fake.journal)))
        shown += client.get("/_fake/faults").text + client.get("/_fake/journal").text
        assert "key-in-trouble" not in shown
        assert "key=…" in shown

    def test_a_request_that_is_refused_meets_no_fault(self, client, fake):
        fake.faults.add(status=503, first=1)
        assert statuses(client, "/usage/llm", 1, {}) == [401]
        assert statuses(client, "/usage/llm", 2) == [503, 200]


class TestHowOften:
    def test_always_where_nothing_is_said(self, client, fake):
        fake.faults.add(status=503)
        assert statuses(client, "/usage/matching", 4) == [503] * 4

    def test_the_first_so_many(self, client, fake):
        fake.faults.add(status=503, first=2)
        assert statuses(client, "/usage/matching", 4) == [503, 503, 200, 200]

    def test_every_so_manieth(self, client, fake):
        fake.faults.add(status=503, every=3)
        assert statuses(client, "/usage/matching", 7) == [200, 200, 503, 200, 200, 503, 200]

    def test_with_a_probability_that_the_seed_decides(self, client, fake):
        fake.faults.add(status=503, probability=0.3)
        first = statuses(client, "/usage/llm/0", 200)
        fake.reset()
        fake.faults.add(status=503, probability=0.3)
        assert statuses(client, "/usage/llm/0", 200) == first
        assert 30 < first.count(503) < 90
        other = create_app(Settings(now=NOW, seed=4))
        other.extensions["civis_usage"].faults.add(status=503, probability=0.3)
        assert statuses(other.test_client(), "/usage/llm/0", 200) != first

    def test_rules_queue_up(self, client, fake):
        fake.faults.add("status=429 first=2", "status=500 first=1")
        assert statuses(client, "/usage/matching", 4) == [429, 429, 500, 200]

    def test_counts_tell_what_was_used_and_what_never_was(self, client, fake):
        fired, _ = fake.faults.add("list_llm status=503 every=2", "list_matching status=503")
        statuses(client, "/usage/llm", 3)
        assert (fired.matched, fired.fired) == (3, 1)
        assert [str(each) for each in fake.faults.unfired] == ["list_matching status=503"]


class TestWhatHappens:
    @pytest.mark.parametrize("status", [400, 401, 403, 404, 418, 429, 451, 499, 500, 502, 503, 504, 599])
    def test_a_status_comes_with_the_apis_own_body(self, client, fake, status):
        fake.faults.add(status=status)
        answer = client.get("/usage/llm", headers=KEY)
        body = json.loads(answer.data)
        assert answer.status_code == body["code"] == status
        assert not list(validator("error").iter_errors(body))
        assert ("errorDescription" in body) is (status not in (429, 503))
        assert ("WWW-Authenticate" in answer.headers) is (status == 401)
        assert "ETag" not in answer.headers and "X-Request-Id" in answer.headers

    @pytest.mark.parametrize(("seconds", "written"), [(2, "2"), (0, "0"), (0.5, "0.5")])
    def test_retry_after_stands_beside_a_status(self, client, fake, seconds, written):
        fake.faults.add(status=429, retry_after=seconds)
        assert client.get("/usage/llm", headers=KEY).headers["Retry-After"] == written

    @pytest.mark.parametrize("prefer", [{}, {"Prefer": "code=429"}])
    def test_a_429_always_says_when_to_try_again(self, client, fake, prefer):
        if not prefer:
            fake.faults.add(status=429)
        response = client.get("/usage/llm", headers={**KEY, **prefer})
        assert (response.status_code, response.headers["Retry-After"]) == (429, "1")
        assert "Retry-After" not in client.get("/usage/llm", headers={**KEY, "Prefer": "code=503"}).headers

    def test_retry_after_is_sent_in_digits(self, client, fake):
        fake.faults.add("list_llm status=429 retry-after=1234567 first=1", "list_llm status=429 retry-after=0.25")
        told = [client.get("/usage/llm", headers=KEY).headers["Retry-After"] for _ in range(2)]
        assert told == ["1234567", "0.25"]

    def test_latency_waits_before_the_true_answer(self):
        waits = []
        fake = Fake(Settings(now=NOW), sleep=waits.append)
        client = create_app(fake=fake).test_client()
        fake.faults.add("list_llm", latency=1.5)
        truth = client.get("/usage/matching", headers=KEY)
        answer = client.get("/usage/llm", headers=KEY)
        assert (waits, answer.status_code, truth.status_code) == ([1.5], 200, 200)

    def test_latency_can_be_spread_and_lets_the_next_rule_act(self):
        waits = []
        fake = Fake(Settings(now=NOW), sleep=waits.append)
        client = create_app(fake=fake).test_client()
        fake.faults.add("latency=0.2-0.4", "list_llm status=503 first=1", "latency=1")
        assert statuses(client, "/usage/llm", 20) == [503] + [200] * 19
        assert 0.2 <= waits[0] <= 0.4, "the rule after the one that fired is not reached"
        assert all(1.2 <= wait <= 1.4 for wait in waits[1:])
        assert len(set(waits)) == 20

    @pytest.mark.parametrize("path", ["/usage/llm", "/usage/llm/organization/1/summary"])
    def test_fields_become_null_or_go_missing_or_change_type(self, client, fake, path):
        truth = client.get(path, headers=KEY).json
        fake.faults.add(null="credits", missing=["organization_id", "runTime"])
        drifted = client.get(path, headers=KEY)
        for record, before in zip(*([x] if isinstance(x, dict) else x for x in (drifted.json, truth)), strict=True):
            assert record["credits"] is None
            assert record.keys() == before.keys() - {"organizationId", "runTime"}
            rest = record.keys() - {"credits"}
            assert {name: record[name] for name in rest} == {name: before[name] for name in rest}
        assert client.get(path, headers={**KEY, "If-None-Match": drifted.headers["ETag"]}).status_code == 304

    @pytest.mark.parametrize("limit", [0, 2, 10_000])
    def test_a_list_ends_after_so_many_records_and_its_summary_is_of_all(self, client, fake, limit):
        truth = client.get("/usage/llm", headers=KEY).json
        summary = client.get("/usage/llm/organization/1/summary", headers=KEY).json
        fake.faults.add("list_llm", limit=limit)
        cut = client.get("/usage/llm", headers=KEY)
        assert cut.json == truth[:limit]
        assert int(cut.headers["Content-Length"]) == len(cut.get_data())
        assert client.get("/usage/llm/organization/1/summary", headers=KEY).json == summary

    def test_numbers_of_the_wrong_type_become_strings_and_strings_numbers(self, client, fake):
        truth = client.get("/usage/llm", headers=KEY).json[0]
        fake.faults.add("list_llm wrong-type=credits,inputTokens,modelId")
        drifted = client.get("/usage/llm", headers=KEY).json[0]
        assert drifted["credits"] == str(truth["credits"])
        assert drifted["inputTokens"] == str(truth["inputTokens"])
        assert type(drifted["modelId"]) is int

    @pytest.mark.parametrize("path", ["/usage/llm", "/usage/llm?org_id=99", "/usage/llm/0", "/endpoints"])
    def test_malformed_is_no_json_under_the_right_length(self, client, fake, path):
        fake.faults.add("malformed")
        fake.faults.add("endpoints malformed")
        answer = client.get(path, headers=KEY)
        with pytest.raises(ValueError):
            json.loads(answer.data)
        assert int(answer.headers["Content-Length"]) == len(answer.data)

    def test_a_content_type_replaces_the_true_one(self, client, fake):
        truth = client.get("/usage/llm", headers=KEY)
        fake.faults.add("list_llm content-type=text/html")
        answer = client.get("/usage/llm", headers=KEY)
        assert answer.headers["Content-Type"] == "text/html"
        assert answer.data == truth.data

    def test_a_gateways_page_is_a_status_under_another_content_type(self, client, fake):
        fake.faults.add("status=502 content-type=text/html malformed")
        answer = client.get("/usage/llm", headers=KEY)
        assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html")


class TestOnTheWire:
    """What only a socket shows: bodies that stop, and connections that break."""

    @pytest.fixture(scope="class")
    @classmethod
    def running(cls):
        app = create_app(Settings(now=NOW))
        with server.start(app) as running:
            yield running.url, app.extensions["civis_usage"]

    @pytest.fixture
    def url(self, running):
        running[1].reset()
        return running[0]

    @pytest.fixture
    def served(self, running, url):
        return running[1]

    def test_a_cut_body_promises_more_than_it_sends(self, served, url):
        truth = requests.get(f"{url}/usage/llm", headers=KEY, timeout=5)
        served.faults.add("list_llm truncate first=1")
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            requests.get(f"{url}/usage/llm", headers=KEY, timeout=5)
        served.faults.add("list_llm truncate first=1")
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
        connection.request("GET", "/usage/llm", headers=KEY)
        answer = connection.getresponse()
        assert answer.status == 200
        assert int(answer.headers["Content-Length"]) == len(truth.content)
        with pytest.raises(http.client.IncompleteRead) as cut:
            answer.read()
        assert cut.value.partial == truth.content[: len(truth.content) // 2]
        connection.close()
        assert requests.get(f"{url}/usage/llm", headers=KEY, timeout=5).content == truth.content

    def test_a_connection_is_dropped_without_a_byte(self, served, url):
        served.faults.add("disconnect first=1")
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
        connection.request("GET", "/usage/llm", headers=KEY)
        with pytest.raises(http.client.RemoteDisconnected):
            connection.getresponse()
        connection.close()
        assert requests.get(f"{url}/usage/llm", headers=KEY, timeout=5).status_code == 200
        assert [call.status for call in served.journal] == [None, 200]

    @pytest.mark.parametrize(("method", "headers"), [("HEAD", {}), ("GET", {"If-None-Match": "*"})])
    def test_a_connection_is_dropped_without_a_byte_where_no_body_is_due(self, served, url, method, headers):
        served.faults.add("disconnect first=1")
        with pytest.raises(requests.ConnectionError, match="without response"):
            requests.request(method, f"{url}/usage/llm", headers={**KEY, **headers}, timeout=5)
        assert [call.status for call in served.journal] == [None]

    def test_nothing_of_it_is_printed(self, served, url, capfd):
        served.faults.add("truncate first=1", "disconnect first=1")
        for _ in range(2):
            with pytest.raises(requests.RequestException):
                requests.get(f"{url}/usage/llm", headers=KEY, timeout=5)
        assert capfd.readouterr() == ("", "")

    def test_latency_ends_with_a_reset_and_is_not_written_into_the_next_tests_journal(self, served, url):
        served.faults.add(latency=3000)
        answers = Queue()
        slow = Thread(target=lambda: answers.put(requests.get(f"{url}/usage/llm", headers=KEY, timeout=60)))
        slow.start()
        _until(lambda: served.faults and next(iter(served.faults)).fired)
        served.reset()
        assert answers.get(timeout=30).status_code == 200
        slow.join()
        served.journal.assert_not_called("list_llm")
        assert requests.get(f"{url}/usage/llm", headers=KEY, timeout=30).status_code == 200
        served.journal.assert_called("list_llm", times=1)


def _until(reached):
    end = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.005)


class TestPrefer:
    @pytest.mark.parametrize("header", ["code=503", "respond-async, code=503", 'code="503"; x=1', "Code=503"])
    def test_asks_for_a_status_for_one_request(self, client, fake, header):
        answer = client.get("/usage/llm", headers={**KEY, "Prefer": header})
        assert (answer.status_code, json.loads(answer.data)["code"]) == (503, 503)
        assert statuses(client, "/usage/llm", 1) == [200]

    def test_uses_up_no_fault_and_can_ask_for_the_truth(self, client, fake):
        fake.faults.add(status=500, first=1)
        assert statuses(client, "/usage/llm", 2, {**KEY, "Prefer": "code=200"}) == [200, 200]
        assert statuses(client, "/usage/llm", 1, {**KEY, "Prefer": "code=404"}) == [404]
        assert statuses(client, "/usage/llm", 2) == [500, 200]

    @pytest.mark.parametrize("code", ["", "abc", "99", "302", "600", "200.5", "5030"])
    def test_for_what_is_no_error_is_400(self, client, fake, code):
        answer = client.get("/usage/llm", headers={**KEY, "Prefer": f"code={code}"})
        assert answer.status_code == 400
        assert "Prefer" in answer.json["errorDescription"]

    def test_for_anything_else_is_ignored(self, client, fake):
        assert statuses(client, "/usage/llm", 1, {**KEY, "Prefer": "return=minimal; example=x"}) == [200]
