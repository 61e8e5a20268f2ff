"""The package ``civis`` from PyPI and its command line, unmodified, against ``civis-usage serve`` as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import civis
import pytest
import requests
import yaml
from civis.base import CivisAPIError, CivisAPIKeyError

from civis_usage.client import UsageClient

from .serve_process import Served, serving

KEY = "key-of-the-tests"
WINDOW = {"start_date": "2026-03-01T00:00:00Z", "end_date": "2026-03-05T23:59:59Z"}
METHODS = ["get_llm", "list_llm", "get_llm_organization_summary", "list_llm_organization_summary", "list_matching"]
THE_KEY = ["--api-key", KEY]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving(*THE_KEY) as server:
        yield server


@pytest.fixture
def environment(served: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """Set the two variables that a user sets, and nothing else of Civis's; HOME is empty, so no spec is kept there."""
    for name in [name for name in os.environ if name.startswith("CIVIS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CIVIS_API_ENDPOINT", served.url)
    monkeypatch.setenv("CIVIS_API_KEY", KEY)
    return dict(os.environ)


@pytest.fixture
def spec(served: Served, tmp_path: Path) -> Path:
    """Return a file with the description that the server serves, as ``local_api_spec`` takes it."""
    path = tmp_path / "spec.json"
    path.write_text(requests.get(f"{served.url}/endpoints", auth=(KEY, ""), timeout=10).text)
    return path


@cache
def usage_in_civis() -> OrderedDict[str, Any]:
    """Return the part about ``/usage`` of the spec inside the package, which takes civis seconds to read as a whole."""
    text = resources.files("civis.resources").joinpath("civis_api_spec.json").read_text()
    whole = json.loads(text, object_pairs_hook=OrderedDict)
    paths = {path: methods for path, methods in whole["paths"].items() if path.startswith("/usage/")}
    return OrderedDict(paths=paths, definitions=whole["definitions"])


@pytest.fixture(params=["no local spec", "a file", "a dictionary", "the spec inside civis"])
def client(request: pytest.FixtureRequest, environment: dict[str, str], spec: Path) -> civis.APIClient:
    if request.param == "no local spec":
        return civis.APIClient(force_refresh_api_spec=True)
    local: Any = {
        "a file": lambda: str(spec),
        "a dictionary": lambda: json.loads(spec.read_text(), object_pairs_hook=OrderedDict),
        "the spec inside civis": usage_in_civis,
    }[request.param]()
    return civis.APIClient(local_api_spec=local)


@pytest.fixture
def raw(environment: dict[str, str]) -> civis.APIClient:
    return civis.APIClient(return_type="raw", force_refresh_api_spec=True)


@pytest.fixture
def reference(environment: dict[str, str]) -> Iterator[UsageClient]:
    with UsageClient() as client:
        yield client


def arguments(method: str, reference: UsageClient) -> tuple[tuple[Any, ...], dict[str, Any]]:
    organization = reference.list_llm(**WINDOW)[0].organization_id
    return {
        "get_llm": lambda: ((reference.list_llm(**WINDOW)[0].id,), {}),
        "list_llm": lambda: ((), {"org_id": organization, **WINDOW}),
        "get_llm_organization_summary": lambda: ((organization,), WINDOW),
        "list_llm_organization_summary": lambda: ((organization,), WINDOW),
        "list_matching": lambda: ((), {"org_id": organization, "task": "IDR", **WINDOW}),
    }[method]()


def ask(usage: Any, method: str, reference: UsageClient) -> Any:
    """Call a method with arguments that have an answer; of the deprecated one, expect the warning."""
    args, kwargs = arguments(method, reference)
    if method == "list_llm_organization_summary":
        with pytest.warns(FutureWarning, match="get_llm_organization_summary"):
            return getattr(usage, method)(*args, **kwargs)
    return getattr(usage, method)(*args, **kwargs)


def plain(answer: Any) -> Any:
    return [dict(item.items()) for item in answer] if isinstance(answer, list) else dict(answer.items())


@pytest.mark.parametrize("method", METHODS)
def test_each_method_answers_as_the_reference_client_does_field_by_field(
    client: civis.APIClient, reference: UsageClient, method: str
) -> None:
    theirs = plain(ask(client.usage, method, reference))
    ours = plain(ask(reference, method, reference))
    assert theirs, "an empty answer proves nothing"
    assert theirs == ours
    for one, other in zip(*(each if isinstance(each, list) else [each] for each in (theirs, ours)), strict=True):
        assert list(one) == list(other)
        assert [type(value) for value in one.values()] == [type(value) for value in other.values()]


@pytest.mark.parametrize("method", METHODS)
def test_an_answer_is_of_the_kind_that_civis_documents(
    client: civis.APIClient, reference: UsageClient, method: str
) -> None:
    many = method in ("list_llm", "list_matching")
    answer = ask(client.usage, method, reference)
    assert type(answer) is (civis.ListResponse if many else civis.Response)
    record = answer[0] if many else answer
    assert isinstance(record.organization_id, int)
    assert record["organization_id"] == record["organizationId"] == record.json()["organization_id"]


@pytest.mark.parametrize(
    ("method", "args"), [("list_llm", ()), ("get_llm_organization_summary", (1,)), ("list_matching", ())]
)
def test_the_defaults_answer_as_the_reference_client_does(
    client: civis.APIClient, reference: UsageClient, method: str, args: tuple[int, ...]
) -> None:
    assert plain(getattr(client.usage, method)(*args)) == plain(getattr(reference, method)(*args))


@pytest.mark.parametrize("method", METHODS)
def test_raw_answers_are_the_bytes_of_the_wire(raw: civis.APIClient, reference: UsageClient, method: str) -> None:
    answer = ask(raw.usage, method, reference)
    assert isinstance(answer, requests.Response)
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    body = answer.json()
    record = body[0] if isinstance(body, list) else body
    assert "organizationId" in record
    ours = ask(reference, method, reference)
    assert body == ([item.json(snake_case=False) for item in ours] if isinstance(ours, list) else ours.json(False))


@pytest.mark.parametrize("method", METHODS)
def test_the_rate_limits_figures_are_readable_in_the_last_response(
    client: civis.APIClient, reference: UsageClient, method: str
) -> None:
    answer = ask(client.usage, method, reference)
    assert client.last_response is answer
    assert answer.headers["X-RateLimit-Limit"] == "1000"
    one = answer[0] if isinstance(answer, list) else answer
    assert one.rate_limit == 1000
    assert 0 <= one.calls_remaining < 1000


def test_the_rate_limits_figures_are_readable_raw(raw: civis.APIClient) -> None:
    raw.usage.list_llm(**WINDOW)
    assert raw.last_response.headers["X-RateLimit-Limit"] == "1000"


def test_a_refused_key_raises_civis_api_key_error(environment: dict[str, str], spec: Path) -> None:
    refused = civis.APIClient(api_key="another", local_api_spec=str(spec))
    with pytest.raises(CivisAPIKeyError) as raised:
        refused.usage.list_llm()
    cause = raised.value.__cause__
    assert isinstance(cause, CivisAPIError)
    assert cause.status_code == 401
    assert "another" not in f"{raised.value} {cause}"


def test_a_refused_key_gets_no_description_either(environment: dict[str, str]) -> None:
    with pytest.raises(requests.HTTPError, match="401 error downloading"):
        civis.APIClient(api_key="another", force_refresh_api_spec=True)


def test_a_key_that_is_refused_after_the_description_was_fetched_raises_civis_api_key_error(
    environment: dict[str, str],
) -> None:
    client = civis.APIClient(force_refresh_api_spec=True)
    client._session_kwargs["api_key"] = "another"
    with pytest.raises(CivisAPIKeyError):
        client.usage.list_llm()


def test_an_unknown_id_raises_civis_api_error_with_the_apis_sentence(client: civis.APIClient) -> None:
    with pytest.raises(CivisAPIError) as raised:
        client.usage.get_llm(999_999_999_999)
    assert raised.value.status_code == 404
    assert raised.value.error_message == "The requested resource could not be found."
    assert str(raised.value).endswith("(GET /usage/llm/999999999999)")


def test_an_unreadable_parameter_raises_civis_api_error_that_names_it(client: civis.APIClient) -> None:
    with pytest.raises(CivisAPIError, match="start_date") as raised:
        client.usage.list_llm(start_date="tomorrow")
    assert raised.value.status_code == 400
    assert raised.value.error_message.startswith("The given request was not as expected: ")


def test_what_is_not_faked_says_that_there_is_no_such_endpoint(environment: dict[str, str]) -> None:
    client = civis.APIClient(force_refresh_api_spec=True)
    with pytest.raises(CivisAPIError, match="endpoint could not be found"):
        client.jobs.get(1)


def test_an_argument_that_a_method_lacks_is_refused_by_civis_itself(client: civis.APIClient) -> None:
    with pytest.raises(TypeError, match="unexpected keyword"):
        client.usage.list_llm(task="IDR")


@pytest.fixture
def command(environment: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*words: object, key: str = KEY) -> subprocess.CompletedProcess[str]:
        program = [sys.executable, "-m", "civis.cli", *map(str, words)]
        return subprocess.run(
            program, env={**environment, "CIVIS_API_KEY": key}, capture_output=True, text=True, timeout=60
        )

    return run


def words_for(name: str, reference: UsageClient) -> list[object]:
    record = reference.list_llm(**WINDOW)[0]
    window = ["--start-date", WINDOW["start_date"], "--end-date", WINDOW["end_date"]]
    return {
        "get-llm": ["get-llm", record.id],
        "list-llm": ["list-llm", "--org-id", record.organization_id, *window],
        "list-llm-organization-summary": ["list-llm-organization-summary", record.organization_id, *window],
        "list-matching": ["list-matching", "--org-id", record.organization_id, "--task", "IDR", *window],
    }[name]


@pytest.mark.parametrize("output", ["YAML", "JSON"])
@pytest.mark.parametrize("name", ["get-llm", "list-llm", "list-llm-organization-summary", "list-matching"])
def test_the_command_shows_what_the_reference_client_gets(
    command: Callable[..., Any], reference: UsageClient, name: str, output: str
) -> None:
    done = command("usage", *words_for(name, reference), *(["--json-output"] if output == "JSON" else []))
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout) if output == "JSON" else yaml.safe_load(done.stdout)
    method = name.replace("-", "_").replace("list_llm_organization_summary", "get_llm_organization_summary")
    ours = ask(reference, method, reference)
    assert shown
    assert shown == ([item.json(snake_case=False) for item in ours] if isinstance(ours, list) else ours.json(False))


def test_the_command_lists_the_operations(command: Callable[..., Any]) -> None:
    shown = command("usage", "--help").stdout
    for name in ("get-llm", "list-llm", "list-llm-organization-summary", "list-matching"):
        assert f"  {name} " in shown


def test_the_command_shows_the_apis_sentence_and_ends_with_1(command: Callable[..., Any]) -> None:
    done = command("usage", "get-llm", 999_999_999_999)
    assert done.returncode == 1
    assert yaml.safe_load(done.stderr) == {
        "error": "not_found",
        "errorDescription": "The requested resource could not be found.",
        "code": 404,
    }


def test_an_endpoint_may_end_in_a_slash(
    served: Served, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CIVIS_API_ENDPOINT", f"{served.url}/")
    assert civis.APIClient(force_refresh_api_spec=True).usage.list_llm(**WINDOW)


def test_the_command_says_that_the_key_was_refused(command: Callable[..., Any]) -> None:
    done = command("usage", "list-llm", key="another")
    assert done.returncode != 0
    assert "401 error downloading" in done.stderr


@pytest.fixture(scope="module")
def served_whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    stubs = tmp_path_factory.mktemp("stubs") / "stubs.json"
    stubs.write_text(json.dumps([{"path": "/usage_limits/llm", "body": [{"id": 11, "hardLimit": 1000}]}]))
    with serving(*THE_KEY, "--spec", "civis", "--stubs", str(stubs)) as server:
        yield server


def test_with_the_spec_of_civis_the_client_has_all_its_methods(
    served_whole: Served, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CIVIS_API_ENDPOINT", served_whole.url)
    client = civis.APIClient(force_refresh_api_spec=True)
    assert {"users", "groups", "scripts", "usage_limits"} <= vars(client).keys()
    assert [limit.hard_limit for limit in client.usage_limits.list_llm()] == [1000]
    assert client.usage.list_llm(**WINDOW)


def test_with_the_spec_of_civis_the_command_keeps_the_whole_spec_in_the_users_home(
    served_whole: Served, command: Callable[..., Any], environment: dict[str, str]
) -> None:
    environment["CIVIS_API_ENDPOINT"] = served_whole.url
    assert yaml.safe_load(command("usage-limits", "list-llm").stdout) == [{"id": 11, "hardLimit": 1000}]
    kept = json.loads(Path(environment["HOME"], ".civis_api_spec.json").read_text())
    assert kept == json.loads(resources.files("civis.resources").joinpath("civis_api_spec.json").read_text())
