"""Clients that send their key only after a challenge: a 401 without a key offers Basic beside Bearer."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import urllib.request
from http.client import HTTPConnection

import pytest

from civis_usage.mock_server import Settings, create_app, server

SECRET = "the-only-key"
PATH = "/usage/llm/organization/1/summary"


@pytest.fixture(scope="module")
def running():
    with server.start(create_app(Settings(now="2026-04-20T12:00:00Z", api_keys=(SECRET,)))) as running:
        yield running


def needs(program):
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"there is no {program} here")


def output(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, **options).stdout


@needs("wget")
def test_wget(running):
    assert json.loads(output("wget", "-qO-", "--no-proxy", f"--user={SECRET}", "--password=", f"{running.url}{PATH}"))


@needs("curl")
@pytest.mark.parametrize("way", ["--anyauth", "--basic"])
def test_curl(running, way):
    told = output("curl", "-s", "--noproxy", "*", way, "-u", f"{SECRET}:", f"{running.url}{PATH}")
    assert json.loads(told)["organizationId"] == 1


def test_urllib(running):
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    passwords.add_password(None, running.url, SECRET, "")
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPBasicAuthHandler(passwords)
    )
    with opener.open(f"{running.url}{PATH}", timeout=10) as answer:
        assert json.load(answer)["organizationId"] == 1


JAVA = """
import java.net.*;
import java.net.http.*;

public class Ask {
    public static void main(String[] given) throws Exception {
        HttpClient client = HttpClient.newBuilder().authenticator(new Authenticator() {
            protected PasswordAuthentication getPasswordAuthentication() {
                return new PasswordAuthentication(given[1], new char[0]);
            }
        }).build();
        HttpRequest request = HttpRequest.newBuilder(URI.create(given[0])).build();
        HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(answer.statusCode());
        System.out.println(answer.body());
    }
}
"""


@needs("javac")
def test_java(running, tmp_path):
    (tmp_path / "Ask.java").write_text(JAVA, encoding="utf-8")
    output("javac", "Ask.java", cwd=tmp_path)
    status, body = output("java", "-cp", str(tmp_path), "Ask", f"{running.url}{PATH}", SECRET).split("\n", 1)
    assert (status, json.loads(body)["organizationId"]) == ("200", 1)


def test_the_sequence_of_dotnet(running):
    """It sends no key, and after a Basic offer the key on the same connection."""
    connection = HTTPConnection("127.0.0.1", running.port, timeout=10)
    connection.request("GET", PATH)
    refused = connection.getresponse()
    refused.read()
    offers = [offer.partition(" ")[0] for offer in refused.headers.get_all("WWW-Authenticate")]
    assert (refused.status, offers) == (401, ["Bearer", "Basic"])
    first: socket.socket = connection.sock
    key = base64.b64encode(f"{SECRET}:".encode()).decode()
    connection.request("GET", PATH, headers={"Authorization": f"Basic {key}"})
    answered = connection.getresponse()
    assert (answered.status, json.load(answered)["organizationId"]) == (200, 1)
    assert connection.sock is first, "the connection stayed open"
    connection.close()
