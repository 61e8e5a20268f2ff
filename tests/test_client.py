"""The reference client, against prepared answers over real HTTP."""

# ruff: noqa: SIM117 - a client is opened outside of what may raise, so that nothing but the call can

import base64
import copy
import gzip
import inspect
import json
import logging
import pickle
import subprocess
import sys
import threading
import traceback
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import civis
import pytest

from civis_usage import client
from civis_usage.client import UsageClient
from civis_usage.client.config import is_loopback
from civis_usage.client.records import camel_case
from civis_usage.client.redaction import MASK, Secret, redact
from civis_usage.client.retries import RetryPolicy, retry_after
from civis_usage.client.transport import MAX_BODY
from civis_usage.schemas import load

from .http_stub import Reply, answering, closed_port

KEY = "a-key/that+nobody=knows"

LLM = {
    "id": 5,
    "runId": 50,
    "jobId": 500,
    "userId": 7,
    "organizationId": 1,
    "runCreatedAt": "2026-04-17T17:26:07.000Z",
    "runTime": 61,
    "credits": 1.25,
    "inputTokens": 1000,
    "outputTokens": 100,
    "modelId": "m-1",
}
MATCHING = {
    "runId": 50,
    "jobId": 500,
    "userId": 7,
    "organizationId": 1,
    "runCreatedAt": "2026-04-17T17:26:07.000Z",
    "runTime": 61,
    "numRecords": 12,
    "task": "IDR",
}
SUMMARY = {"credits": 2.5, "organizationId": 1}
NOT_FOUND = '{"error":"not_found","errorDescription":"The requested resource could not be found.","code":404}'


def reply(body, status=200, **headers):
    return Reply(status, json.dumps(body), {name.replace("_", "-"): value for name, value in headers.items()})


def usage(stub, **options):
    """Return a client of ``stub`` that notes its waits instead of waiting."""
    waits = []
    made = UsageClient(KEY, stub.url, sleep=waits.append, **options)
    made.waits = waits
    return made


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    monkeypatch.delenv("CIVIS_API_KEY", raising=False)
    monkeypatch.delenv("CIVIS_API_ENDPOINT", raising=False)


# Signatures and loading


@pytest.fixture(scope="module")
def civis_usage_resource():
    spec = next(Path(civis.__file__).parent.rglob("civis_api_spec.json"))
    return civis.APIClient(api_key="none", local_api_spec=str(spec)).usage


METHODS = ["get_llm", "list_llm", "get_llm_organization_summary", "list_llm_organization_summary", "list_matching"]


@pytest.mark.parametrize("name", METHODS)
def test_a_method_has_the_signature_of_civis(civis_usage_resource, name):
    def shape(method):
        return [(p.name, p.kind, p.default) for p in inspect.signature(method).parameters.values() if p.name != "self"]

    assert shape(getattr(UsageClient, name)) == shape(getattr(civis_usage_resource, name))


def test_the_client_has_the_methods_of_civis_and_no_other_operation(civis_usage_resource):
    theirs = {n for n, m in inspect.getmembers(civis_usage_resource, callable) if not n.startswith("_")}
    ours = {n for n, _ in inspect.getmembers(UsageClient, inspect.isfunction) if not n.startswith("_")}
    assert theirs == set(METHODS)
    assert ours - {"close"} == set(METHODS)


def test_importing_the_client_loads_no_server_and_no_test_library():
    code = (
        "import sys, civis_usage.client\n"
        "heavy = {'flask', 'werkzeug', 'hypothesis', 'jsonschema', 'pytest', 'granian', 'click'}\n"
        "ours = {'civis_usage.mock_server', 'civis_usage.fixtures', 'civis_usage.contract_tests'}\n"
        "print(*sorted((heavy | ours) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    ("record", "schema"),
    [
        (client.LLMUsage, "llm_usage"),
        (client.MatchingUsage, "matching_usage"),
        (client.LLMOrganizationSummary, "llm_organization_summary"),
    ],
)
def test_a_records_attributes_are_the_fields_of_its_schema(record, schema):
    types = {"integer": int, "number": float, "string": str}
    fields = load(schema)["properties"]
    assert {camel_case(name): kind for name, kind in record.field_types.items()} == {
        name: types[field["type"]] for name, field in fields.items()
    }
    assert set(load(schema)["required"]) == set(fields), "the client requires every documented field"


# Questions


def test_each_method_asks_for_its_path():
    with answering(reply(LLM), reply([LLM]), reply(SUMMARY), reply([MATCHING])) as stub, usage(stub) as api:
        api.get_llm(5)
        api.list_llm(org_id=1)
        api.get_llm_organization_summary(1, start_date="2026-04-01")
        api.list_matching(task="IDR", end_date="2026-05-01")
    assert stub.paths == [
        "/usage/llm/5",
        "/usage/llm?org_id=1",
        "/usage/llm/organization/1/summary?start_date=2026-04-01",
        "/usage/matching?task=IDR&end_date=2026-05-01",
    ]


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("2026-04-01", "2026-04-01"),
        ("tomorrow", "tomorrow"),
        (date(2026, 4, 1), "2026-04-01T00:00:00Z"),
        (datetime(2026, 4, 1, 12, 30), "2026-04-01T12:30:00Z"),
        (datetime(2026, 4, 1, 12, 30, tzinfo=UTC), "2026-04-01T12:30:00Z"),
        (datetime(2026, 4, 1, 1, 30, tzinfo=timezone(timedelta(hours=2))), "2026-03-31T23:30:00Z"),
        (datetime(2026, 4, 1, 0, 0, 0, 250_000), "2026-04-01T00:00:00.250000Z"),
    ],
)
def test_a_date_is_sent_as_the_documentation_says(given, sent):
    with answering(reply([])) as stub, usage(stub) as api:
        api.list_llm(start_date=given)
    assert parse_qs(urlsplit(stub.paths[0]).query) == {"start_date": [sent]}


@pytest.mark.parametrize(
    "wrong",
    [
        lambda api: api.get_llm("../secrets"),
        lambda api: api.get_llm(1.5),
        lambda api: api.get_llm_organization_summary("1/2"),
        lambda api: api.list_llm(org_id="one"),
        lambda api: api.list_llm(start_date=20260401),
    ],
)
def test_an_argument_of_another_type_is_refused_before_anything_is_sent(wrong):
    with answering(reply([])) as stub, usage(stub) as api:
        with pytest.raises(TypeError, match="must be"):
            wrong(api)
    assert stub.paths == []


def test_the_deprecated_name_warns_and_gives_what_the_new_one_gives():
    with answering(reply(SUMMARY)) as stub, usage(stub) as api:
        with pytest.warns(FutureWarning, match="get_llm_organization_summary") as warned:
            old = api.list_llm_organization_summary(1, start_date="2026-04-01")
        assert old == api.get_llm_organization_summary(1, start_date="2026-04-01")
    assert stub.paths[0] == stub.paths[1]
    assert warned[0].filename == __file__


def test_the_key_goes_by_basic_with_an_empty_password_and_the_client_says_who_it_is():
    with answering(reply([])) as stub, usage(stub) as api:
        api.list_llm()
    headers = stub.requests[0][1]
    assert base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode() == f"{KEY}:"
    assert headers["user-agent"].startswith("civis-usage-kit/")
    assert headers["accept"] == "application/json"


def test_key_and_endpoint_come_from_the_environment(monkeypatch):
    with answering(reply([])) as stub:
        monkeypatch.setenv("CIVIS_API_KEY", f"{KEY}\n")
        monkeypatch.setenv("CIVIS_API_ENDPOINT", f"{stub.url}/v1/")
        with UsageClient() as api:
            api.list_llm()
    assert stub.paths == ["/v1/usage/llm"]
    assert base64.b64encode(f"{KEY}:".encode()).decode() in stub.requests[0][1]["authorization"]


def test_without_an_endpoint_the_live_api_is_meant(monkeypatch):
    assert UsageClient(KEY).base_url == "https://api.civisanalytics.com"
    monkeypatch.setenv("CIVIS_API_ENDPOINT", "")
    assert UsageClient(KEY).base_url == "https://api.civisanalytics.com"


@pytest.mark.parametrize("key", [None, "", "  ", "two words", "line\nbreak", "ключ", "with:colon"])
def test_a_key_that_cannot_be_one_is_refused_without_showing_it(key):
    with pytest.raises(client.ConfigurationError) as refused:
        UsageClient(key)
    assert "key" in str(refused.value)
    assert not (key or "").strip() or key not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.civisanalytics.com",
        "ftp://example.org",
        "http://",
        "http://host:port",
        "http://host:99999",
        "http://[::1",
        "http://ho st/",
        "http://host/?x=1",
        "http://host/#part",
        f"https://{quote(KEY, safe='')}@api.example.org",
        "https://user:hunter2@api.example.org",
        f"https://api.example.org/{KEY}",
        f"http://{'a' * 64}.example.org",
        "http://a..example.org",
        f"https://api.example.org/{quote(KEY, safe='').lower()}",
    ],
)
def test_a_base_url_that_cannot_be_used_is_refused_without_showing_a_secret(url):
    with pytest.raises(client.ConfigurationError, match="base URL") as refused:
        UsageClient(KEY, url)
    shown = str(refused.value)
    assert "hunter2" not in shown
    assert redact(shown, [KEY]) == shown


def test_a_host_that_no_name_can_have_is_a_wrong_configuration():
    with UsageClient(KEY, "http://*.example.org") as api:
        with pytest.raises(client.ConfigurationError, match="host"):
            api.list_llm()


def test_connections_are_used_again_and_no_cookie_is_kept():
    with answering(Reply(headers={"Set-Cookie": "session=1; Path=/"})) as stub, usage(stub) as api:
        for _ in range(3):
            api.list_llm()
    assert len(stub.connections) == 1
    assert all("cookie" not in headers for _, headers in stub.requests)


def test_threads_share_a_client_and_each_sees_its_own_last_response():
    seen = {}
    with answering(reply([])) as stub, usage(stub) as api:

        def ask(org):
            for _ in range(5):
                api.list_llm(org_id=org)
                assert api.last_response.url.endswith(f"org_id={org}")
            seen[org] = api.last_response.url

        threads = [threading.Thread(target=ask, args=(org,)) for org in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert api.last_response is None
    assert sorted(seen) == [0, 1, 2, 3]
    assert len(stub.paths) == 20


def test_the_last_response_tells_the_rate_limit():
    limits = {"X_RateLimit_Limit": "1000", "X_RateLimit_Remaining": "987"}
    with answering(reply([], **limits), reply([])) as stub, usage(stub) as api:
        assert api.last_response is None
        api.list_llm()
        last = api.last_response
        assert (last.status, last.rate_limit, last.calls_remaining, last.retry_after) == (200, 1000, 987, None)
        assert last.seconds > 0
        api.list_llm()
        assert (api.last_response.rate_limit, api.last_response.calls_remaining) == (None, None)


@pytest.mark.parametrize("figure", ["9" * 5000, "-1", "many", ""])
def test_what_is_no_figure_of_a_rate_limit_says_nothing(figure):
    with answering(reply([], X_RateLimit_Limit=figure, X_RateLimit_Remaining=figure)) as stub, usage(stub) as api:
        api.list_llm()
        assert (api.last_response.rate_limit, api.last_response.calls_remaining) == (None, None)


# Answers


def test_a_record_is_read_by_attribute_and_by_item_under_snake_case_names():
    with answering(reply([LLM])) as stub, usage(stub) as api:
        (record,) = api.list_llm()
    assert isinstance(record, client.LLMUsage)
    assert record.run_created_at == record["run_created_at"] == "2026-04-17T17:26:07.000Z"
    assert record.created_at == datetime(2026, 4, 17, 17, 26, 7, tzinfo=UTC)
    assert {camel_case(name): value for name, value in record.items()} == LLM
    assert dict(record) == record.json()
    assert record.json(snake_case=False) == LLM
    assert (len(record), "credits" in record, "runId" in record, record.get("nothing")) == (11, True, False, None)
    assert repr(record).startswith("LLMUsage(id=5, run_id=50, ")


def test_a_record_equals_another_with_the_same_fields_and_survives_copying():
    record = client.MatchingUsage.from_json(MATCHING)
    assert record == client.MatchingUsage.from_json(dict(reversed(MATCHING.items())))
    assert record != client.MatchingUsage.from_json({**MATCHING, "numRecords": 13})
    for twin in (copy.copy(record), copy.deepcopy(record), pickle.loads(pickle.dumps(record))):
        assert twin == record
        assert {twin, record} == {record}


def test_a_record_cannot_be_changed():
    record = client.LLMUsage.from_json({**LLM, "tags": ["a"]})
    with pytest.raises(AttributeError, match="credits"):
        record.credits = 0
    with pytest.raises(AttributeError, match="credits"):
        del record.credits
    with pytest.raises(TypeError):
        record["credits"] = 0
    record.json()["tags"].append("b")
    assert record["tags"] == ["a"]


def test_an_additional_field_keeps_its_name_and_null_is_none():
    body = {**LLM, "credits": None, "costCenter": "x", "runCreatedAt": None}
    record = client.LLMUsage.from_json(body)
    assert record.credits is None
    assert record.created_at is None
    assert record["costCenter"] == record.additional["costCenter"] == "x"
    assert (len(record), list(record)[-1]) == (12, "costCenter")
    assert record.json(snake_case=False) == body


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(("name", "documented"), [("run_id", "run_id"), ("RunId", "run_id"), ("Credits", "credits")])
def test_an_additional_field_never_takes_the_place_of_a_documented_one(name, documented, first):
    body = {name: 999, **LLM} if first else {**LLM, name: 999}
    record = client.LLMUsage.from_json(body)
    right = LLM[camel_case(documented)]
    assert getattr(record, documented) == record[documented] == dict(record)[documented] == right
    assert record.additional == {name: 999}
    assert record.json(snake_case=False) == body


def test_a_timestamp_that_is_none_is_an_error_of_the_tree():
    with pytest.raises(client.InvalidResponse, match="run_created_at: 'tomorrow' is not a date-time"):
        _ = client.LLMUsage.from_json({**LLM, "runCreatedAt": "tomorrow"}).created_at


NOT_AS_CONTRACTED = {
    "no JSON": (Reply(body="<html>hello"), "not JSON .*; this came: <html>hello"),
    "an empty body": (Reply(body=""), "the body is empty"),
    "no content": (Reply(204, body="", headers={}), "status 204, where 200 is documented"),
    "accepted, for later": (reply([LLM], 202), "status 202, where 200 is documented"),
    "a part of the list": (reply([LLM], 206, Content_Range="items 0-0/500"), "status 206, where 200 is documented"),
    "NaN": (Reply(body=json.dumps([{**LLM, "credits": float("nan")}])), "not JSON"),
    "a number beyond all numbers": (Reply(body=json.dumps([LLM]).replace("1.25", "1e999")), "credits is inf"),
    "an object for a list": (reply(LLM), "the body is an object, where an array is documented"),
    "null": (reply(None), "the body is null"),
    "an item that is no object": (reply([LLM, 3]), "item 1: 3, where an object is documented"),
    "a field missing": (
        reply([LLM, {k: v for k, v in LLM.items() if k != "credits"}]),
        "item 1: .* credits is missing",
    ),
    "a string for a number": (reply([{**LLM, "credits": "1.25"}]), "item 0: credits is '1.25', not a number"),
    "true for an integer": (reply([{**LLM, "runTime": True}]), "runTime is True, not an integer"),
    "a fraction for an integer": (reply([{**LLM, "runTime": 1.5}]), "runTime is 1.5, not an integer"),
    "a number for a string": (reply([{**LLM, "modelId": 4}]), "modelId is 4, not a string"),
    "a redirect": (Reply(302, headers={"Location": "http://elsewhere/"}), "status 302.*redirect to http://elsewhere/"),
    "broken gzip": (Reply(body="plain", headers={"Content-Encoding": "gzip"}), "Content-Encoding"),
    "nested beyond reason": (Reply(body="[" * 200_000), "not JSON"),
}


@pytest.mark.parametrize("case", NOT_AS_CONTRACTED)
def test_an_answer_that_is_not_as_contracted_is_refused(case):
    answer, says = NOT_AS_CONTRACTED[case]
    with answering(answer) as stub, usage(stub) as api:
        with pytest.raises(client.InvalidResponse, match=says) as refused:
            api.list_llm(org_id=1)
    assert refused.value.url == f"{stub.url}/usage/llm?org_id=1"
    assert len(stub.paths) == 1, "such an answer is not asked for again"


def test_a_list_for_one_record_is_refused():
    with answering(reply([LLM])) as stub, usage(stub) as api:
        with pytest.raises(client.InvalidResponse, match="the body is an array, where one object is documented"):
            api.get_llm(5)


def test_an_integral_float_is_an_integer_and_an_integer_a_number():
    record = client.LLMUsage.from_json({**LLM, "runTime": 61.0, "credits": 10**400})
    assert record.run_time == 61
    assert isinstance(record.run_time, int)


# Errors


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, client.BadRequest),
        (401, client.Unauthorized),
        (403, client.Forbidden),
        (404, client.NotFound),
        (405, client.APIError),
        (418, client.APIError),
        (429, client.RateLimited),
        (500, client.ServerError),
        (503, client.ServerError),
    ],
)
def test_an_error_status_raises_its_exception_with_the_apis_sentence(status, error):
    body = {"error": "some_name", "errorDescription": "The API's own sentence.", "code": status}
    with answering(reply(body, status)) as stub, usage(stub, retries=0) as api:
        with pytest.raises(client.UsageError) as raised:
            api.get_llm(5)
    found = raised.value
    assert type(found) is error
    assert (found.status, found.error, found.description) == (status, "some_name", "The API's own sentence.")
    assert (found.method, found.url) == ("GET", f"{stub.url}/usage/llm/5")
    assert str(found) == f"The API's own sentence. ({status}, GET {stub.url}/usage/llm/5)"
    assert str(pickle.loads(pickle.dumps(found))) == str(found)


@pytest.mark.parametrize(
    "body", ["", "<html>", "[]", "null", "3", '{"errorDescription": 4}', '{"errorDescription": ""}']
)
def test_an_error_without_a_sentence_gets_one(body):
    with answering(Reply(500, body)) as stub, usage(stub) as api:
        with pytest.raises(client.ServerError, match="The API responded with 500; this came: ") as raised:
            api.list_llm()
    assert raised.value.description is None


def test_a_spent_rate_limit_says_how_long_to_wait():
    body = {"error": "too_many_requests", "code": 429}
    with answering(reply(body, 429, Retry_After="17.5")) as stub, usage(stub, retries=0) as api:
        with pytest.raises(client.RateLimited, match=r"try again in 17\.5 s") as raised:
            api.list_llm()
    assert raised.value.retry_after == 17.5


def test_control_characters_of_an_error_do_not_reach_the_terminal():
    with answering(reply({"errorDescription": "red \x1b[31m\nline"}, 400)) as stub, usage(stub) as api:
        with pytest.raises(client.BadRequest) as raised:
            api.list_llm()
    assert raised.value.description == "red  [31m line"


# Retries


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_passing_error_is_tried_again(status):
    with answering(Reply(status), Reply(status), reply([LLM])) as stub, usage(stub) as api:
        assert len(api.list_llm()) == 1
    assert len(stub.paths) == 3
    assert len(api.waits) == 2
    assert 0.25 <= api.waits[0] <= 0.5 <= api.waits[1] <= 1.0


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 501])
def test_another_error_is_not_tried_again(status):
    with answering(Reply(status)) as stub, usage(stub) as api:
        with pytest.raises(client.APIError):
            api.list_llm()
    assert len(stub.paths) == 1


def test_a_lasting_error_is_tried_ten_times_at_most():
    with answering(Reply(503)) as stub, usage(stub) as api:
        with pytest.raises(client.ServerError):
            api.list_llm()
    assert len(stub.paths) == 10
    assert api.waits[:7] == sorted(api.waits[:7])
    assert max(api.waits) <= 60


def test_a_wait_is_at_least_what_retry_after_says():
    with answering(Reply(429, headers={"Retry-After": "7.5"}), reply([])) as stub, usage(stub) as api:
        api.list_llm()
    assert api.waits == [7.5]


def test_a_wait_that_is_longer_than_allowed_is_not_begun():
    with answering(Reply(429, headers={"Retry-After": "601"}), reply([])) as stub, usage(stub) as api:
        with pytest.raises(client.RateLimited):
            api.list_llm()
    assert (len(stub.paths), api.waits) == (1, [])


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"
BROKEN_HEADS = [Reply(raw=HEAD[:end]) for end in range(3, len(HEAD) - 1, 5)]


@pytest.mark.parametrize(
    "fault", [Reply(drop=True), Reply(reset=True), Reply(body="[", cut=5), *BROKEN_HEADS], ids=repr
)
def test_a_lost_connection_is_tried_again(fault):
    with answering(fault, reply([LLM])) as stub, usage(stub) as api:
        assert len(api.list_llm()) == 1
    assert len(stub.paths) == 2


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Reply(drop=True), "the connection was closed before a response came"),
        (Reply(reset=True), "the connection was closed before a response came"),
        (Reply(raw=HEAD[:40]), "it broke off before its end"),
        (Reply(raw=b"SSH-2.0-OpenSSH_9.2\r\n"), "does not speak HTTP"),
        (Reply(interim=11), "more than 10 interim responses"),
        (Reply(body="[", cut=5), "it broke off before its end"),
    ],
    ids=["dropped", "reset", "cut in its head", "not HTTP", "too many interim responses", "cut"],
)
def test_a_connection_that_is_lost_again_and_again_is_unreachable_after_three_tries(fault, says):
    with answering(fault) as stub, usage(stub) as api:
        with pytest.raises(client.ConnectionFailed, match=says) as raised:
            api.list_llm(org_id=1)
    assert len(stub.paths) == 3
    assert isinstance(raised.value, client.ConnectionClosed) is ("closed" in says or "broke off" in says)
    assert raised.value.url == f"{stub.url}/usage/llm?org_id=1"
    assert raised.value.status is None


def test_a_closed_port_is_unreachable_and_says_so():
    url = f"http://127.0.0.1:{closed_port()}"
    with UsageClient(KEY, url, sleep=lambda _: None) as api:
        with pytest.raises(client.ConnectionFailed, match="connection refused") as raised:
            api.list_llm()
    assert str(raised.value).endswith(f"(GET {url}/usage/llm)")
    assert str(api.last_response.failure) == str(raised.value)


def test_an_answer_that_does_not_come_is_given_up_after_the_timeout():
    hold = threading.Event()
    with answering(reply([])) as stub, usage(stub, timeout=0.05, retries=0) as api:
        stub.next = lambda: hold.wait(10) and Reply()
        with pytest.raises(client.ConnectionFailed, match="it did not respond in time"):
            api.list_llm()
        hold.set()


def test_a_response_that_drips_is_given_up_at_the_deadline():
    done = threading.Event()
    with answering(Reply(drip=done, cut=10**6), reply([LLM])) as stub:
        retries = RetryPolicy(attempts=1)
        with client.Transport(stub.url, KEY, timeout=5.0, deadline=0.1, retries=retries) as transport:
            with pytest.raises(client.ConnectionFailed, match=r"no whole response within 0\.1 s"):
                transport.get("/usage/llm")
            assert json.loads(transport.get("/usage/llm").content) == [LLM]
        done.set()


NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "3"}, 3.0),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After": "-4"}, 0.0),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": ""}, None),
        (
            {"Retry-After": format_datetime(NOW + timedelta(seconds=90), usegmt=True), "Date": format_datetime(NOW)},
            90.0,
        ),
        ({"Retry-After": format_datetime(NOW, usegmt=True), "Date": format_datetime(NOW + timedelta(1))}, 0.0),
        ({"Retry-After": "Wed, 01 Apr 2020 12:00:00 GMT"}, 0.0),
        ({"Retry-After": "9" * 5000}, None),
        ({"Retry-After": f"Wed, 01 Apr {'9' * 30} 12:00:00 GMT"}, None),
    ],
    ids=str,
)
def test_retry_after_is_seconds_or_a_date(headers, seconds):
    assert retry_after(headers) == seconds


def test_retries_are_bounded_by_tries_and_by_time():
    retries = RetryPolicy(attempts=3, max_wait=10)
    assert retries.delay(1, 0, {}) is not None
    assert retries.delay(3, 0, {}) is None
    assert retries.delay(1, 9.9, {}) is None
    assert retries.delay(1, 0, {"Retry-After": "10"}) == 10
    assert RetryPolicy(attempts=1).delay(1, 0, None) is None


def test_interim_responses_are_passed_over_and_the_next_request_gets_its_own_response():
    with answering(Reply(interim=10, body=json.dumps([LLM])), reply(SUMMARY)) as stub, usage(stub) as api:
        assert [record.id for record in api.list_llm()] == [5]
        assert api.get_llm_organization_summary(1).credits == 2.5
    assert len(stub.connections) == 1


def test_a_body_that_is_larger_than_any_list_is_not_read_to_its_end():
    packed = gzip.compress(b" " * (MAX_BODY + 2**20))
    with answering(Reply(body=packed, headers={"Content-Encoding": "gzip"})) as stub, usage(stub) as api:
        with pytest.raises(client.InvalidResponse, match="larger than 256 MB"):
            api.list_llm()
    assert len(stub.paths) == 1


# The key


FORMS = {
    "plain": KEY,
    "percent-encoded": quote(KEY, safe=""),
    "percent-encoded in lower case": quote(KEY, safe="").replace("%2F", "%2f"),
    "base64": base64.b64encode(KEY.encode()).decode(),
    "HTTP Basic": base64.b64encode(f"{KEY}:".encode()).decode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_key_that_the_api_echoes_is_not_shown(form, caplog):
    caplog.set_level(logging.DEBUG)
    echo = FORMS[form]
    bodies = [
        reply({"error": echo, "errorDescription": f"Bad key {echo}!"}, 401, WWW_Authenticate=f'Bearer realm="{echo}"'),
        Reply(200, echo),
        Reply(302, headers={"Location": f"http://other/{echo}"}),
        reply([{**LLM, "credits": f"x{echo}x"}]),
        Reply(503, json.dumps({"error": echo})),
        Reply(400, json.dumps({"errorDescription": "x" * 490 + echo})),
        Reply(200, "<" * 50 + echo),
        reply([{**LLM, "credits": "x" * 80 + echo}]),
        reply("x" * 30 + echo),
    ]
    for body in bodies:
        with answering(body) as stub, usage(stub, retries=1) as api:
            with pytest.raises(client.UsageError) as raised:
                api.list_llm()
            shown = [
                str(raised.value),
                repr(raised.value),
                repr(vars(raised.value)),
                "".join(traceback.format_exception(raised.value)),
                repr(api),
                repr(api.last_response),
                repr(vars(api)),
                repr(vars(api._transport)),
                caplog.text,
            ]
        assert not [text for text in shown if echo[:10] in text or KEY[:10] in text]


def test_a_key_may_be_as_long_as_a_signed_token():
    key = "eyJhbGciOi." * 500
    with answering(reply({"errorDescription": f"Bad key {key}!"}, 401)) as stub, UsageClient(key, stub.url) as api:
        with pytest.raises(client.Unauthorized) as refused:
            api.list_llm()
    assert refused.value.description == f"Bad key {MASK}!"
    assert base64.b64encode(f"{key}:".encode()).decode() in stub.requests[0][1]["authorization"]


def test_redaction_goes_by_the_exact_value():
    secret = Secret(KEY)
    assert secret.redact(f"token {KEY}, inputTokens") == f"token {MASK}, inputTokens"
    assert (str(secret), repr(secret), secret.reveal()) == (MASK, f"Secret({MASK!r})", KEY)
    short = Secret("dev")
    assert short.redact("the dev key of a developer") == f"the {MASK} key of a developer"
    assert Secret("").redact("nothing") == "nothing"


PROXIES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST"])
def test_this_machine_is_asked_without_a_proxy(monkeypatch, host):
    for name in PROXIES:
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    with answering(reply([])) as stub, UsageClient(KEY, stub.url.replace("127.0.0.1", host), retries=0) as api:
        assert api.list_llm() == []


def test_another_machine_is_asked_by_the_proxy_of_the_environment(monkeypatch):
    with answering(reply([])) as proxy:
        for name in PROXIES:
            monkeypatch.setenv(name, proxy.url)
        with UsageClient(KEY, "http://localhost.example.org") as api:
            assert api.list_llm() == []
    assert proxy.paths == ["http://localhost.example.org/usage/llm"]


@pytest.mark.parametrize("proxy", ["ftp://proxy", "http://host:port", "http://[::1", "http://"])
def test_a_proxy_that_cannot_be_used_is_named_by_its_variable(monkeypatch, proxy):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", proxy)
    with UsageClient(KEY, "http://usage.example.org", retries=0) as api:
        with pytest.raises(client.ConfigurationError, match="http_proxy cannot be used as a proxy"):
            api.list_llm()


def test_a_proxy_that_does_not_respond_is_named_by_its_variable(monkeypatch):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", f"http://user:hunter2@127.0.0.1:{closed_port()}")
    with UsageClient(KEY, "http://usage.example.org", retries=0) as api:
        with pytest.raises(client.ConnectionFailed, match="the proxy of http_proxy refuses") as raised:
            api.list_llm()
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_ca_bundle_that_is_missing_is_named_by_variable_and_file(monkeypatch, variable, tmp_path):
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, str(tmp_path / "none.pem"))
    with UsageClient(KEY, "https://127.0.0.1:9") as api:
        with pytest.raises(client.ConfigurationError, match=f"{variable} names .*none.pem, which does not exist"):
            api.list_llm()


def test_a_ca_bundle_that_holds_no_certificate_is_named_by_variable_and_file(monkeypatch, tmp_path):
    bundle = tmp_path / "notes.pem"
    bundle.write_text("mine")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    with answering(Reply()) as stub, UsageClient(KEY, stub.url.replace("http:", "https:"), retries=0) as api:
        with pytest.raises(
            client.ConfigurationError, match=r"REQUESTS_CA_BUNDLE names .*notes\.pem, which holds no CA"
        ):
            api.list_llm()


def test_a_server_without_tls_is_a_failure_of_tls():
    with answering(Reply()) as stub, UsageClient(KEY, stub.url.replace("http:", "https:"), retries=0) as api:
        with pytest.raises(client.ConnectionFailed, match="TLS failed"):
            api.list_llm()


@pytest.mark.parametrize(
    "url", ["http://127.3.2.1", "http://[::1]:8000/v1", "https://api.localhost", "http://localhost."]
)
def test_loopback_is_more_than_one_address(url):
    assert is_loopback(url)
    assert not is_loopback(url.replace("127.", "128.").replace("::1", "::2").replace("localhost", "localhost.org"))


def test_the_transport_can_go_without_the_key_whatever_the_netrc_says(monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password other\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with answering(reply([])) as stub, client.Transport(stub.url, KEY) as transport:
        transport.get("/usage/llm", auth=False)
        transport.get("/usage/llm", headers={"Authorization": "Bearer other"}, auth=False)
    assert [headers.get("authorization") for _, headers in stub.requests] == [None, "Bearer other"]


def test_the_transport_reports_every_attempt_and_can_be_stopped_before_one():
    told = []

    def budget(url):
        if len(told) == 2:
            raise RuntimeError(f"no more: {url}")

    with (
        answering(Reply(503)) as stub,
        client.Transport(stub.url, KEY, on_request=budget, on_response=told.append, sleep=lambda _: None) as transport,
        pytest.raises(RuntimeError, match="no more: http"),
    ):
        transport.get("/usage/llm")
    assert [(attempt.number, attempt.status) for attempt in told] == [(1, 503), (2, 503)]
    assert len(stub.paths) == 2
