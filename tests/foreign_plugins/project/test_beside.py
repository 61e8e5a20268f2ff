"""Tests of a user's program that use the kit's fixtures together with those of other plugins.

``.ci/run`` runs them, with ``--base-url http://theirs.example``, in an environment that has the plugins.
"""

import asyncio

import pytest
import requests

from civis_usage.fixtures.intercept import BlockedRequest, intercept_usage

LIVE = "https://api.civisanalytics.com/usage/llm"


def status():
    return requests.get(LIVE, auth=("a-key", ""), timeout=10).status_code


def test_the_options_with_common_names_are_theirs(pytestconfig, base_url):
    assert base_url == "http://theirs.example"
    assert {pytestconfig.getoption(f"claimed_{name}") for name in ("from", "seed", "org-id")} == {"theirs"}
    assert pytestconfig.getoption("usage_base_url") is None


@pytest.mark.parametrize("number", range(4))
def test_the_fake_is_reset_in_any_order_and_on_any_worker(usage_client, usage_records, number):
    mine = usage_records.llm(credits=number)
    assert usage_client.list_llm() == [mine]


@pytest.mark.asyncio
async def test_pytest_asyncio_awaits_a_program(usage_environment):
    response = await asyncio.to_thread(
        requests.get, f"{usage_environment.url}/usage/llm", auth=("a-key", ""), timeout=10
    )
    assert response.status_code == 200


@pytest.mark.asyncio
@intercept_usage()
async def test_pytest_asyncio_awaits_a_decorated_coroutine_function():
    assert await asyncio.to_thread(status) == 200


def test_pytest_httpserver_is_reached_while_the_live_api_is_intercepted(httpserver, usage_intercept):
    httpserver.expect_request("/mine").respond_with_json("mine")
    assert requests.get(httpserver.url_for("/mine"), timeout=10).json() == "mine"
    assert status() == 200
    with pytest.raises(BlockedRequest):
        requests.get("https://example.org", timeout=10)


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_pytest_socket_lets_the_fake_be_reached(usage_intercept, usage_client):
    assert status() == 200
    assert usage_client.list_llm() is not None


@pytest.mark.block_network(allowed_hosts=["127.0.0.1"])
def test_pytest_recording_lets_the_fake_be_reached(usage_intercept):
    assert status() == 200


@pytest.mark.vcr(ignore_localhost=True)
def test_pytest_recording_can_ignore_the_fake(usage_intercept):
    assert status() == 200
    usage_intercept.journal.assert_called("list_llm", times=1)


attempts = []


@pytest.mark.flaky(reruns=1)
def test_pytest_rerunfailures_begins_again_with_a_reset_fake(usage_server, usage_client):
    assert len(usage_server.journal) == 0
    usage_client.list_llm()
    attempts.append(1)
    assert len(attempts) == 2
