"""The interception of httpx: the fake answers over real HTTP, other hosts are blocked."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from civis_usage.fixtures.intercept import intercept_usage

LIVE = "https://api.civisanalytics.com"
SUMMARY = f"{LIVE}/usage/llm/organization/1/summary"
AUTH = ("a key", "")


@pytest.fixture(scope="module")
def interception():
    return intercept_usage()


@pytest.fixture
def usage(interception):
    with interception as usage:
        usage.records.llm(organization_id=1, credits=5)
        yield usage


def test_a_function_of_the_module_a_client_and_a_stream_are_answered(usage):
    assert httpx.get(SUMMARY, auth=AUTH).json()["credits"] == 5
    with httpx.Client(base_url=LIVE, auth=AUTH) as client:
        answer = client.get("/usage/llm", params={"org_id": 1})
        assert [each["credits"] for each in answer.json()] == [5]
        assert str(answer.request.url) == f"{LIVE}/usage/llm?org_id=1"
        with client.stream("GET", "/usage/llm") as streamed:
            assert b"".join(streamed.iter_bytes()) == answer.content
    usage.journal.assert_called("list_llm", org_id=1, times=1)


def test_asynchronous_clients_are_answered_in_one_event_loop_after_another(usage):
    async def credits_of():
        async with httpx.AsyncClient(auth=AUTH) as client:
            answers = await asyncio.gather(*(client.get(SUMMARY) for _ in range(5)))
        return [answer.json()["credits"] for answer in answers]

    assert [asyncio.run(credits_of()) for _ in range(2)] == [[5] * 5] * 2


def test_the_programs_own_transport_and_proxy_are_redirected_too(usage):
    transport = httpx.HTTPTransport(retries=2, proxy="http://127.0.0.1:9")
    with httpx.Client(transport=transport, auth=AUTH) as client:
        assert client.get(SUMMARY).json()["credits"] == 5
    with httpx.Client(proxy="http://127.0.0.1:9", auth=AUTH) as client:
        assert client.get(SUMMARY).json()["credits"] == 5


def test_faults_happen_over_real_http(usage):
    usage.faults.add("list_llm", status=429, retry_after=3, first=1)
    usage.faults.add("list_llm", disconnect=True)
    assert httpx.get(f"{LIVE}/usage/llm", auth=AUTH).headers["Retry-After"] == "3"
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{LIVE}/usage/llm", auth=AUTH)


def test_other_hosts_are_blocked(usage):
    async def get():
        async with httpx.AsyncClient() as client:
            await client.get("https://example.com/a?key=secret")

    message = "GET https://example.com:443 was not sent"
    with pytest.raises(httpx.ConnectError, match=message) as blocked:
        httpx.get("https://example.com/a?key=secret")
    assert "secret" not in str(blocked.value)
    with pytest.raises(httpx.ConnectError, match=message):
        asyncio.run(get())


def test_this_machine_and_transports_without_a_network_are_left_alone(usage):
    assert httpx.get(f"{usage.url}/usage/llm", auth=AUTH).status_code == 200
    mock = httpx.MockTransport(lambda request: httpx.Response(418))
    with httpx.Client(transport=mock) as client:
        assert client.get(SUMMARY).status_code == 418


def test_a_path_of_the_base_url_is_taken_off():
    with intercept_usage("https://api.example.com/v1") as usage:
        answer = httpx.get("https://api.example.com/v1/usage/llm?org_id=1", auth=AUTH)
        assert answer.status_code == 200
        usage.journal.assert_called("list_llm", org_id=1, times=1)
        with pytest.raises(httpx.ConnectError):
            httpx.get("https://api.example.com/v2/usage/llm", auth=AUTH)


def test_afterwards_httpx_is_as_it_was(interception):
    before = httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport.handle_async_request
    with interception, intercept_usage("https://other.example"):
        assert httpx.HTTPTransport.handle_request is not before[0]
    assert (httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport.handle_async_request) == before
