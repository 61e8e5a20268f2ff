"""The fake over WSGI, rule by rule as WIRE.md has them, and over a real socket where that can differ."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import random
import re
import uuid

import pytest

from civis_usage.mock_server import server
from civis_usage.mock_server.app import create_app
from civis_usage.mock_server.fake import Fake
from civis_usage.mock_server.rate_limit import Limit
from civis_usage.mock_server.settings import Settings
from civis_usage.schemas import OPERATIONS, validator

NOW = "2026-04-20T12:00:00Z"
KEY = {"Authorization": "Bearer a-key-of-the-tests"}
NO_RESOURCE = "The requested resource could not be found."
NO_ENDPOINT = "The requested endpoint could not be found."
EVERY_OPERATION = [
    "/usage/llm",
    "/usage/llm/1",
    "/usage/llm/organization/1/summary",
    "/usage/matching",
    "/endpoints",
]


def client_of(wall=None, **settings):
    settings = Settings(**{"now": NOW, **settings})
    return create_app(fake=Fake(settings, wall=wall) if wall else Fake(settings)).test_client()


@pytest.fixture(scope="module")
def client():
    return client_of()


@pytest.fixture(scope="module")
def record(client):
    return client.get("/usage/llm", headers=KEY).json[0]


@pytest.fixture(scope="module")
def url():
    with server.start(create_app(Settings(now=NOW))) as running:
        yield running.url


def ask(client, path, **query):
    return client.get(path, query_string=query or None, headers=KEY)


def problem(answer):
    """Return an error answer's sentence, once the answer has shown itself to be the API's own."""
    assert answer.content_type == "application/json; charset=utf-8"
    assert "ETag" not in answer.headers
    body = json.loads(answer.data)
    assert not list(validator("error").iter_errors(body)), body
    assert body["code"] == answer.status_code
    assert list(body) == [name for name in ("error", "errorDescription", "code") if name in body]
    return body.get("errorDescription")


class TestKeys:
    @pytest.mark.parametrize(
        "authorization",
        [
            "Basic " + base64.b64encode(b"some-key:").decode(),
            "Basic " + base64.b64encode(b"some-key:a-password-nobody-looks-at").decode(),
            "Basic " + base64.b64encode(b"some-key").decode(),
            "Bearer some-key",
            "bearer some-key",
        ],
    )
    def test_a_key_is_basics_user_name_or_bearers_token(self, authorization):
        client = client_of(api_keys=("another-key", "some-key"))
        assert client.get("/usage/llm", headers={"Authorization": authorization}).status_code == 200

    @pytest.mark.parametrize(
        "authorization",
        ["", "Basic", "Basic !!!", "Basic " + base64.b64encode(b":password").decode(), "Bearer ", "Digest x", "some"],
    )
    @pytest.mark.parametrize("path", EVERY_OPERATION)
    def test_a_missing_key_gets_401_with_a_challenge(self, client, path, authorization):
        answer = client.get(path, headers={"Authorization": authorization} if authorization else {})
        assert answer.status_code == 401
        bearer, basic = answer.headers.getlist("WWW-Authenticate")
        assert bearer.startswith("Bearer ") and basic.startswith("Basic ")
        assert json.loads(answer.data)["error"] == "unauthorized"
        assert problem(answer)

    @pytest.mark.parametrize("authorization", ["Bearer wrong-key", "Basic " + base64.b64encode(b"wrong-key:").decode()])
    def test_a_refused_key_is_offered_bearer_alone(self, client, authorization):
        answer = client.get("/usage/llm", headers={"Authorization": authorization})
        [offer] = answer.headers.getlist("WWW-Authenticate")
        assert answer.status_code == 401 and offer.startswith("Bearer "), "a browser asks for a password at Basic"

    def test_any_key_will_do_unless_some_are_named(self, client):
        assert client.get("/usage/llm", headers={"Authorization": "Bearer x"}).status_code == 200
        strict = client_of(api_keys=("the-key",))
        assert strict.get("/usage/llm", headers={"Authorization": "Bearer the-key"}).status_code == 200
        assert strict.get("/usage/llm", headers={"Authorization": "Bearer the-key2"}).status_code == 401


class TestAnswers:
    def test_are_compact_json_with_the_recorded_headers(self, client, record):
        answer = ask(client, f"/usage/llm/{record['id']}")
        assert answer.content_type == "application/json; charset=utf-8"
        assert b": " not in answer.data and b", " not in answer.data
        expected = {
            "X-Frame-Options": "SAMEORIGIN",
            "X-XSS-Protection": "1; mode=block",
            "X-Content-Type-Options": "nosniff",
            "X-Download-Options": "noopen",
            "X-Permitted-Cross-Domain-Policies": "none",
            "Referrer-Policy": "strict-origin-when-cross-origin",
            "Access-Control-Allow-Origin": "null",
            "Vary": "Origin",
            "Cache-Control": "private, no-store",
            "Pragma": "no-cache",
            "Expires": "0",
            "Content-Security-Policy": "frame-ancestors 'self' *.civisanalytics.com",
        }
        assert {name: answer.headers.get(name) for name in expected} == expected

    def test_leave_the_state_of_the_module_random_to_the_program(self, client):
        ask(client, "/usage/llm")  # what is drawn once is drawn
        before = random.getstate()
        assert ask(client, "/usage/llm").status_code == 200
        assert random.getstate() == before

    @pytest.mark.parametrize("path", [*EVERY_OPERATION, "/nothing"])
    def test_each_have_a_request_id_a_runtime_and_the_rate_limit(self, client, path):
        first, second = ask(client, path), ask(client, path)
        assert uuid.UUID(first.headers["X-Request-Id"]) != uuid.UUID(second.headers["X-Request-Id"])
        assert re.fullmatch(r"[0-9]+\.[0-9]{6}", first.headers["X-Runtime"])
        assert first.headers["X-RateLimit-Limit"] == "1000"
        assert not [name for name, _ in first.headers if name.startswith("X-Pagination")]

    @pytest.mark.parametrize("path", ["/usage/llm", "/usage/matching", "/usage/llm/organization/1/summary"])
    def test_have_the_first_32_hex_digits_of_the_bodys_sha256_as_etag(self, client, path):
        answer = ask(client, path)
        assert answer.headers["ETag"] == f'W/"{hashlib.sha256(answer.data).hexdigest()[:32]}"'

    def test_known_by_the_client_become_304_without_a_body(self, client):
        etag = ask(client, "/usage/llm").headers["ETag"]
        for condition in (etag, f'"other", {etag}', etag.removeprefix("W/"), "*"):
            answer = client.get("/usage/llm", headers={**KEY, "If-None-Match": condition})
            assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", etag), condition
            assert "X-Request-Id" in answer.headers
        assert client.get("/usage/llm", headers={**KEY, "If-None-Match": 'W/"other"'}).status_code == 200

    @pytest.mark.parametrize("path", ["/usage/llm", "/usage/matching", "/usage/llm/organization/1/summary"])
    def test_to_head_are_those_to_get_without_the_body(self, client, path):
        got, head = ask(client, path), client.head(path, headers=KEY)
        assert head.data == b""
        for name in ("ETag", "Content-Length", "Content-Type"):
            assert head.headers[name] == got.headers[name]

    def test_take_no_notice_of_a_json_body_on_get(self, client):
        for body in (b"{}", b'{"org_id": "abc"}', b"no json"):
            answer = client.get("/usage/llm", data=body, headers={**KEY, "Content-Type": "application/json"})
            assert answer.data == ask(client, "/usage/llm").data


class TestRateLimit:
    def test_windows_are_aligned_to_the_clock_and_counted_by_key(self):
        time = [299.0]
        client = client_of(wall=lambda: time[0])
        other = {"Authorization": "Bearer another-key"}

        def remaining(headers):
            return int(client.get("/usage/matching", headers=headers).headers["X-RateLimit-Remaining"])

        assert [remaining(KEY), remaining(KEY), remaining(other)] == [999, 998, 999]
        time[0] = 300.0
        assert remaining(KEY) == 999

    def test_is_counted_and_not_enforced_unless_asked_for(self):
        client = client_of(wall=lambda: 0.0)
        answers = [client.get("/usage/llm/0", headers=KEY) for _ in range(1002)]
        assert {each.status_code for each in answers} == {404}
        assert answers[-1].headers["X-RateLimit-Remaining"] == "0"

    def test_enforced_refuses_with_429_until_the_next_window(self):
        time = [60.5]
        client = client_of(wall=lambda: time[0], rate_limit=Limit.parse("2/60"))
        assert [ask(client, "/usage/llm").status_code for _ in range(3)] == [200, 200, 429]
        refused = ask(client, "/usage/llm")
        assert refused.headers["Retry-After"] == "60"
        assert refused.headers["X-RateLimit-Limit"] == "2"
        assert refused.headers["X-RateLimit-Remaining"] == "0"
        assert problem(refused) is None, "429 has no errorDescription"
        time[0] += int(refused.headers["Retry-After"])
        assert ask(client, "/usage/llm").status_code == 200

    def test_live_is_1000_in_300_seconds(self):
        assert Limit.parse("live") == Limit(1000, 300)

    @pytest.mark.parametrize("text", ["", "5", "5/", "0/5", "5/0", "-1/5", "5/1.5", "LIVE", "a/b", "1/2/3"])
    def test_of_another_form_is_refused_with_the_remedy(self, text):
        with pytest.raises(ValueError, match="20/60"):
            Limit.parse(text)


class TestWhatIsAssumed:
    """The table in WIRE.md, row by row."""

    def test_without_org_id_a_list_is_of_the_callers_own_organization(self, client):
        for path in ("/usage/llm", "/usage/matching"):
            assert ask(client, path).data == ask(client, path, org_id=1).data != ask(client, path, org_id=2).data

    def test_another_organization_is_served(self, client):
        assert {each["organizationId"] for each in ask(client, "/usage/llm", org_id=2).json} == {2}

    def test_another_organization_is_404_with_a_key_that_may_not_see_it(self, client):
        narrow = client_of(behavior={"foreign_organization": "not_found", "unknown_organization_in_list": "not_found"})
        foreign = ask(client, "/usage/llm", org_id=2).json[0]["id"]
        own = ask(client, "/usage/llm").json[0]["id"]
        for path in (
            "/usage/llm?org_id=2",
            "/usage/matching?org_id=2",
            "/usage/llm/organization/2/summary",
            f"/usage/llm/{foreign}",
            "/usage/llm?org_id=99",
        ):
            assert problem(ask(narrow, path)) == NO_RESOURCE, path
        for path in ("/usage/llm?org_id=1", "/usage/llm", "/usage/llm/organization/1/summary", f"/usage/llm/{own}"):
            assert ask(narrow, path).data == ask(client, path).data, path

    def test_an_unknown_organization_has_an_empty_list_and_no_summary(self, client):
        for org in (99, 0, -1, 2**63, 10**30, -(10**30)):
            assert ask(client, "/usage/llm", org_id=org).json == []
            assert ask(client, "/usage/matching", org_id=org).json == []
            assert problem(ask(client, f"/usage/llm/organization/{org}/summary")) == NO_RESOURCE

    def test_a_date_without_a_time_is_midnight_utc_at_its_start(self, client):
        day = ask(client, "/usage/llm", start_date="2026-03-05", end_date="2026-03-06")
        assert day.json
        spelt = {"start_date": "2026-03-05T00:00:00Z", "end_date": "2026-03-06T00:00:00.000Z"}
        assert day.data == ask(client, "/usage/llm", **spelt).data
        offset = {"start_date": "2026-03-05T02:00:00+02:00", "end_date": "2026-03-05T18:30:00-05:30"}
        assert day.data == ask(client, "/usage/llm", **offset).data

    def test_a_time_without_an_offset_is_utc(self, client):
        written = {"start_date": "2026-03-05T00:00:00", "end_date": "2026-03-05T12:00:00.5"}
        spelt = {"start_date": "2026-03-05T00:00:00Z", "end_date": "2026-03-05T12:00:00.5Z"}
        assert ask(client, "/usage/llm", **written).data == ask(client, "/usage/llm", **spelt).data

    def test_bounds_are_inclusive_to_the_millisecond(self, client, record):
        at = record["runCreatedAt"]

        def found(start, end):
            return record in ask(client, "/usage/llm", start_date=start, end_date=end).json

        assert found(at, at)
        assert found(at.replace("Z", "999Z"), at) is False, "a start within the millisecond after it is later"
        assert found(at, at.replace("Z", "999Z"))

    @pytest.mark.parametrize("path", ["/usage/llm", "/usage/llm/organization/1/summary"])
    def test_the_default_window_is_the_month_and_day_in_utc(self, path):
        client = client_of(now="2026-04-20T23:59:59.999Z")
        month = {"start_date": "2026-04-01T00:00:00Z", "end_date": "2026-04-20T23:59:59.999Z"}
        assert ask(client, path).data == ask(client, path, **month).data
        assert ask(client, path).data != ask(client, path, start_date="2026-03-31").data

    def test_matching_has_no_default_window(self, client):
        everything = ask(client, "/usage/matching", start_date="2000-01-01", end_date="2100-01-01")
        assert ask(client, "/usage/matching").data == everything.data
        assert everything.json[-1]["runCreatedAt"] < "2026"

    @pytest.mark.parametrize("path", ["/usage/llm", "/usage/llm/organization/1/summary", "/usage/matching"])
    def test_one_date_alone_leaves_the_other_end_open(self, client, path):
        since = ask(client, path, start_date="2026-02-10")
        assert since.data == ask(client, path, start_date="2026-02-10", end_date="2999-01-01").data
        until = ask(client, path, end_date="2026-02-10")
        assert until.data == ask(client, path, start_date="1999-01-01", end_date="2026-02-10").data

    def test_a_window_that_runs_backwards_is_empty(self, client):
        backwards = {"start_date": "2026-03-06", "end_date": "2026-03-05"}
        assert ask(client, "/usage/llm", **backwards).json == []
        assert ask(client, "/usage/matching", **backwards).json == []
        assert ask(client, "/usage/llm/organization/1/summary", **backwards).json["credits"] == 0

    def test_lists_are_newest_first(self, client):
        for path, tie in (("/usage/llm", "id"), ("/usage/matching", "runId")):
            keys = [(each["runCreatedAt"], each[tie]) for each in ask(client, path, start_date="2026-01-01").json]
            assert len(keys) > 10
            assert keys == sorted(keys, reverse=True)

    def test_a_task_filters_matching(self, client):
        tasks = {task: ask(client, "/usage/matching", task=task).json for task in ("IDR", "CDM")}
        assert all({each["task"] for each in records} == {task} for task, records in tasks.items())
        assert len(tasks["IDR"]) + len(tasks["CDM"]) == len(ask(client, "/usage/matching").json)

    @pytest.mark.parametrize(
        ("path", "name", "value"),
        [
            ("/usage/llm", "org_id", "abc"),
            ("/usage/llm", "org_id", ""),
            ("/usage/llm", "org_id", "1.0"),
            ("/usage/llm", "org_id", "1e3"),
            ("/usage/llm", "org_id", "+1"),
            ("/usage/llm", "org_id", "--1"),
            ("/usage/llm", "org_id", "1 "),
            ("/usage/llm", "org_id", "1\n"),
            ("/usage/llm", "org_id", "٣"),
            ("/usage/llm", "org_id", "1_000"),
            ("/usage/llm", "org_id", "0x1"),
            ("/usage/llm", "org_id", "\0"),
            ("/usage/llm", "start_date", "tomorrow"),
            ("/usage/llm", "start_date", ""),
            ("/usage/llm", "end_date", "2026-02-30"),
            ("/usage/llm", "end_date", "2026-13-01T00:00:00Z"),
            ("/usage/llm", "end_date", "2026-01-01T24:00:00Z"),
            ("/usage/llm", "end_date", "0000-01-01"),
            ("/usage/llm", "end_date", "1776446767"),
            ("/usage/llm", "end_date", "2026-1-1"),
            ("/usage/llm", "end_date", "2026-01-01 00:00:00Z"),
            ("/usage/llm/organization/1/summary", "start_date", "2026-01-01T00:00:00+24:00"),
            ("/usage/llm/organization/1/summary", "end_date", "\0"),
            ("/usage/matching", "task", "XYZ"),
            ("/usage/matching", "task", "idr"),
            ("/usage/matching", "task", ""),
            ("/usage/matching", "org_id", "null"),
            ("/usage/matching", "start_date", "2026-02-29T00:00:00Z"),
        ],
    )
    def test_a_parameter_that_cannot_be_read_is_400_and_named(self, client, path, name, value):
        answer = ask(client, path, **{name: value})
        sentence = problem(answer)
        assert answer.status_code == 400
        assert json.loads(answer.data)["error"] == "bad_request"
        assert sentence.startswith(f"The given request was not as expected: {name} ")
        assert value == "" or repr(value) in sentence

    def test_a_long_value_is_shown_shortened(self, client):
        assert len(problem(ask(client, "/usage/llm", org_id="x" * 10_000))) < 200

    def test_a_plus_sign_lost_on_the_way_is_explained(self, client):
        answer = client.get("/usage/llm?start_date=2026-01-01T00:00:00+00:00", headers=KEY)
        assert "%2B" in problem(answer)

    @pytest.mark.parametrize(
        "date", ["2026-01-01 00:00:00", "next month", "2026-01-01 ", " 2026-01-01", "2026-01-01 00:00"]
    )
    def test_another_blank_is_no_lost_plus_sign(self, client, date):
        assert "%2B" not in problem(ask(client, "/usage/llm", start_date=date))

    @pytest.mark.parametrize(
        "date", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59.9999Z", "0001-01-01"]
    )
    def test_the_ends_of_the_calendar_can_be_asked_for(self, client, date):
        for path in ("/usage/llm", "/usage/matching", "/usage/llm/organization/1/summary"):
            for name in ("start_date", "end_date"):
                assert ask(client, path, **{name: date}).status_code == 200

    def test_unknown_parameters_are_ignored(self, client):
        more = {"limit": "5", "page_num": "2", "org_id[]": "abc", "": "x", "ORG_ID": "abc"}
        assert ask(client, "/usage/llm", **more).data == ask(client, "/usage/llm").data

    def test_of_a_parameter_given_twice_the_last_counts(self, client):
        assert ask(client, "/usage/llm?org_id=abc&org_id=2").data == ask(client, "/usage/llm?org_id=2").data
        assert ask(client, "/usage/llm?org_id=2&org_id=").status_code == 400

    def test_an_integer_is_a_minus_sign_and_digits(self, client):
        assert ask(client, "/usage/llm", org_id="002").data == ask(client, "/usage/llm", org_id="2").data
        assert ask(client, "/usage/llm", org_id="-2").json == []
        assert ask(client, "/usage/llm", org_id="9" * 10_000).json == []

    @pytest.mark.parametrize(
        "number", ["abc", "1.5", "-1", "0", "99999", str(2**63), "9" * 5000, "%00", "%ff", "%zz", "%20"]
    )
    def test_an_id_that_nothing_has_is_404(self, client, number):
        assert problem(ask(client, f"/usage/llm/{number}")) == NO_RESOURCE

    @pytest.mark.parametrize("org", ["abc", "1.5", "%00", "9" * 5000])
    def test_an_organization_that_cannot_be_read_has_no_summary(self, client, org):
        assert problem(ask(client, f"/usage/llm/organization/{org}/summary")) == NO_RESOURCE

    @pytest.mark.parametrize("path", [*EVERY_OPERATION, "/endpoints/"])
    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"])
    def test_another_method_is_405_with_allow(self, client, method, path):
        answer = client.open(path, method=method, headers=KEY)
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "GET, HEAD"
        assert problem(answer)


class TestRoutes:
    @pytest.mark.parametrize(
        "path",
        ["/nothing", "/usage", "/usage/", "/usage//llm", "/usage/llm/1/2", "/usage/llm/", "/%ff", "/.."],
    )
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_that_the_api_lacks_are_404(self, client, path, method):
        answer = client.open(path, method=method, headers=KEY)
        assert answer.status_code == 404
        assert problem(answer) == NO_ENDPOINT

    def test_are_found_behind_an_endpoint_that_ends_in_a_slash(self, client):
        doubled = client.open(environ_overrides={"PATH_INFO": "//usage/llm"}, headers=KEY)
        assert doubled.data == ask(client, "/usage/llm").data

    def test_the_description_comes_in_three_dialects(self, client):
        swagger = ask(client, "/endpoints").json
        assert swagger["swagger"] == "2.0"
        assert ask(client, "/endpoints/").json == swagger
        assert ask(client, "/endpoints", openapi_version="3.0").json["openapi"].startswith("3.0")
        assert client.get("/openapi.json").json["openapi"].startswith("3.1")
        for operation in OPERATIONS.values():
            assert operation.path in swagger["paths"]

    def test_every_operation_of_the_contract_is_served(self, client, record):
        for operation in OPERATIONS.values():
            answer = ask(client, operation.url(id=record["id"], org_id=1))
            bodies = answer.json if operation.many else [answer.json]
            errors = [error for body in bodies[:50] for error in validator(operation.body).iter_errors(body)]
            assert answer.status_code == 200 and bodies and not errors

    def test_a_listed_record_is_found_by_its_id(self, client, record):
        assert ask(client, f"/usage/llm/{record['id']}").json == record


class TestTheServer:
    """What only a real socket can show."""

    @pytest.fixture
    def connection(self, url):
        made = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
        yield made
        made.close()

    def get(self, connection, path, **headers):
        connection.request("GET", path, headers={**KEY, **headers})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("/usage/llm?org_id=" + "a" * 100_000, 400),
            ("/usage/llm?" + "&".join(f"p{i}=1" for i in range(15_000)), 200),
            ("/nothing?" + "%00" * 40_000, 404),
            ("/usage/llm/" + "9" * 100_000, 404),
            ("/usage/llm?org_id=%00", 400),
            ("/usage/llm?org_id=%zz", 400),
            ("/usage/llm?org_id=%ff%fe", 400),
            ("/usage/llm?%", 200),
            ("/usage/llm/%00", 404),
            ("/usage/llm/%2e%2e/%2f", 404),
            ("/usage/llm;x=1", 404),
        ],
    )
    def test_answers_in_json_whatever_the_url_and_goes_on(self, connection, path, status):
        got, headers, body = self.get(connection, path)
        assert got == status
        assert headers["Content-Type"] == "application/json; charset=utf-8"
        json.loads(body)
        assert self.get(connection, "/usage/llm/organization/1/summary")[0] == 200

    @pytest.mark.parametrize(
        ("host", "expected"),
        [
            ("", 404),
            ("x" * 5000, 400),
            ("a b", 404),
            ("[::1", 404),
            ("evil.example", 404),
            ("a_b:1", 404),
            ("1:2:3", 404),
        ],
    )
    def test_answers_the_api_under_any_host_name(self, connection, host, expected):
        status, headers, body = self.get(connection, "/usage/llm/0", Host=host.encode())
        assert (status, json.loads(body)["code"]) == (expected, expected)
        assert headers["Content-Type"] == "application/json; charset=utf-8"

    def test_keeps_a_connection_for_many_requests(self, connection):
        self.get(connection, "/usage/llm")
        first = connection.sock
        for _ in range(20):
            assert self.get(connection, "/usage/llm/0")[0] == 404
            connection.request("HEAD", "/usage/llm", headers=KEY)
            assert connection.getresponse().read() == b""
        assert connection.sock is first

    def test_two_run_side_by_side(self, url):
        with server.start(create_app(Settings(now=NOW, seed=7))) as second:
            assert second.url != url
            other = http.client.HTTPConnection(second.url.removeprefix("http://"), timeout=10)
            assert self.get(other, "/usage/llm")[0] == 200
            other.close()

    def test_gives_its_port_back(self, url):
        port = int(url.rpartition(":")[2])
        with pytest.raises(server.StartError, match=f"port {port} .* is taken"):
            server.start(create_app(Settings(now=NOW)), port=port)
        with server.start(create_app(Settings(now=NOW))) as running:
            port = int(running.url.rpartition(":")[2])
        with server.start(create_app(Settings(now=NOW)), port=port) as again:
            assert again.url.endswith(f":{port}")
