"""Replicas answer alike."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from contextlib import ExitStack, contextmanager

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from .documentation.pages import pages
from .serve_process import serving

OPTIONS = ("--seed", "7", "--orgs", "1:200,2:50")
NOW = "2026-04-30T12:00:00Z"


@pytest.fixture(scope="module")
def replicas():
    with ExitStack() as stack:
        yield [stack.enter_context(serving(*OPTIONS, now=NOW)).url for _ in range(3)]


def test_replicas_answer_alike_whichever_is_asked(replicas):
    listed = requests.get(f"{replicas[0]}/usage/llm?org_id=1", auth=("k", ""), timeout=20).json()
    questions = [
        *(f"/usage/llm/{run['id']}" for run in listed[::40]),
        "/usage/llm?org_id=2&start_date=2026-01-01",
        "/usage/llm?org_id=1&start_date=2024-01-01",  # long enough to be streamed
        "/usage/matching?org_id=1&start_date=2026-04-01&task=IDR",
        "/usage/llm/organization/2/summary?start_date=2025-01-01",
        "/usage/llm?org_id=abc",
    ]
    for number, question in enumerate(questions):
        order = replicas[number % 3 :] + replicas[: number % 3]  # each has been asked other things before
        told = [requests.get(f"{url}{question}", auth=("k", ""), timeout=20) for url in order]
        assert len({(each.status_code, each.content, each.headers.get("ETag")) for each in told}) == 1, question
    fingerprints = {requests.get(f"{url}/_fake/health", timeout=20).json()["fingerprint"] for url in replicas}
    assert len(fingerprints) == 1


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not here")
def test_the_balancer_of_the_page_asks_each_of_three_replicas(replicas, tmp_path):
    [lines] = re.findall(r"```nginx\n(.*?)```", pages()["docs/scaling.md"].text, re.DOTALL)
    with ExitStack() as stack:
        for number, url in enumerate(replicas, 1):
            requests.post(f"{url}/_fake/reset", timeout=20).raise_for_status()
            lines = lines.replace(f"replica-{number}:8765", url.removeprefix("http://"))
        balanced = stack.enter_context(balancing(lines, tmp_path))
        for question in ("/usage/llm?org_id=1&start_date=2024-01-01", "/usage/llm/organization/2/summary"):
            told = [requests.get(f"{balanced}{question}", auth=("k", ""), timeout=20) for _ in range(6)]
            assert {each.status_code for each in told} == {200}
            assert len({(each.content, each.headers.get("ETag")) for each in told}) == 1
        asked = [requests.get(f"{url}/_fake/journal", timeout=20).json()["remembered"] for url in replicas]
        assert asked == [4, 4, 4]
        assert requests.post(f"{balanced}/_fake/reset", timeout=20).status_code == 403, "it would reach one alone"


@contextmanager
def balancing(lines, folder):
    """Run nginx with ``lines`` on a free port in the place of 80, and give its URL once it listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    http = f"access_log off; {own}\n{lines.replace('listen 80;', f'listen 127.0.0.1:{port};')}"
    settings = folder / "nginx.conf"
    settings.write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log stderr; events {{}} http {{ {http} }}", "utf-8"
    )
    process = subprocess.Popen(["nginx", "-p", folder, "-c", settings])
    try:
        with requests.Session() as session:
            session.mount("http://", HTTPAdapter(max_retries=Retry(connect=20, backoff_factor=0.05)))
            session.get(f"http://127.0.0.1:{port}/", timeout=20)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def test_other_options_show_in_the_fingerprint():
    with serving(*OPTIONS, now=NOW) as one, serving("--seed", "8", "--orgs", "1:200,2:50", now=NOW) as other:
        told = [requests.get(f"{each.url}/_fake/health", timeout=20).json()["fingerprint"] for each in (one, other)]
    assert told[0] != told[1]
