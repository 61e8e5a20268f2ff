"""What every test lives under: no network but the loopback, and no key or endpoint of the person who runs it."""

from __future__ import annotations

import os
import resource
import signal
import socket
from typing import Any

import pytest
from hypothesis import settings

pytest_plugins = ["pytester"]
collect_ignore = ["foreign_plugins/project"]  # it needs the plugins that .ci/run installs


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Run one worker more than there are cores: the tests of retries and of processes wait more than they reckon."""
    return (os.cpu_count() or 1) + 1


def pytest_configure() -> None:
    """Let Ctrl-C interrupt where it is ignored, as for a command that a script ends with ``&``; time no example.

    The workers and every process of the tests would inherit that it is ignored, and those that it should end would not.
    Some tests hold a thousand connections, more than a user may open at first on many machines.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = 4096 if hard == resource.RLIM_INFINITY else min(hard, 4096)
    if soft != resource.RLIM_INFINITY and soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    settings.register_profile("a busy machine", deadline=None)
    settings.load_profile("a busy machine")


BARE = (
    "CIVIS_API_KEY",
    "CIVIS_API_ENDPOINT",
    "CI",
    "GITHUB_ACTIONS",
    "GITHUB_STEP_SUMMARY",
    "TF_BUILD",
    "NO_COLOR",
    "PYTHONDONTWRITEBYTECODE",  # without it, a process starts from what another compiled
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
)
"""Variables that the tests do not inherit."""

_connect, _connect_ex = socket.socket.connect, socket.socket.connect_ex


def _guard(address: Any) -> None:
    if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
        raise OSError(f"a test tried to reach {address[0]}: tests speak to the loopback only")


def _guarded_connect(self: socket.socket, address: Any) -> None:
    _guard(address)
    return _connect(self, address)


def _guarded_connect_ex(self: socket.socket, address: Any) -> int:
    _guard(address)
    return _connect_ex(self, address)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Make what is nightly slow too, so that ``-m "not slow"`` leaves it out."""
    for item in items:
        if item.get_closest_marker("nightly"):
            item.add_marker("slow")


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Any:
    """Refuse every connection that leaves this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", _guarded_connect)
        patch.setattr(socket.socket, "connect_ex", _guarded_connect_ex)
        yield


@pytest.fixture(autouse=True, scope="session")
def bare_environment() -> Any:
    """Take away what the environment says about the API, CI, Python and proxies, which processes would inherit."""
    with pytest.MonkeyPatch.context() as patch:
        for name in BARE:
            patch.delenv(name, raising=False)
        yield
