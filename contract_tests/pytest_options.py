"""What ``pytest contract_tests`` tests, and how: the options ``--usage-…``, named as those of ``civis-usage check``.

Without ``--usage-base-url`` the suite starts the fake and tests it. The installed pytest plugin adds the options to
every run of pytest, so this module imports nothing at its top.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import pytest

    from civis_usage.contract_tests.config import Config
    from civis_usage.contract_tests.results import Report

__all__ = ["OPTIONS", "add_options", "config_of", "header", "in_pytest_words", "report_of", "target"]


def organization_ids(text: str) -> list[int]:
    """Return ids with commas between."""
    return [int(each) for each in text.split(",")]


OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--usage-base-url", {"metavar": "URL", "help": "test the API at this base URL (default: start the fake)"}),
    (
        "--usage-org-id",
        {
            "metavar": "ID[,…]",
            "type": organization_ids,
            "action": "extend",
            "help": "an organization to look at, or several with commas between; repeatable",
        },
    ),
    ("--usage-start-date", {"metavar": "DATE", "help": "look at no usage before this day"}),
    ("--usage-end-date", {"metavar": "DATE", "help": "look at no usage after this day"}),
    (
        "--usage-max-requests",
        {"metavar": "N", "type": int, "help": "the request budget (default: 72, and 12 for each further organization)"},
    ),
    (
        "--usage-deadline",
        {"metavar": "SECONDS", "type": float, "help": "how long the API may take altogether (default: 60)"},
    ),
    ("--usage-waivers", {"metavar": "FILE", "help": "deviations that you accept, as TOML"}),
    ("--usage-allow-no-data", {"action": "store_true", "help": "do not fail where an operation shows no usage"}),
    ("--usage-strict", {"action": "store_true", "help": "fail on warnings as well"}),
    ("--usage-recording", {"metavar": "FILE", "help": "test a file that civis-usage record wrote, without requests"}),
    ("--usage-with-drift", {"action": "store_true", "help": "compare the API's own spec with the contract as well"}),
    ("--usage-seed", {"metavar": "N", "type": int, "help": "which windows and records are looked at (default: 0)"}),
)
"""Names and settings, as for ``argparse``. The key comes from ``CIVIS_API_KEY`` only: other users of a machine can read
its command lines."""

LIVE_ONLY = ("base-url", "org-id", "start-date", "end-date", "max-requests", "deadline", "with-drift", "seed")
"""The options that say what to request, and so have no meaning for a recording."""


def add_options(parser: pytest.Parser) -> None:
    """Add the options to pytest."""
    group = parser.getgroup("civis-usage", "contract tests of the Civis Platform API's /usage resource")
    for name, settings in OPTIONS:
        group.addoption(name, **settings)


def target(options: pytest.Config) -> str:
    """Return what is tested, in a word for test ids: ``fake``, a host and port, or the name of a recording."""
    if recording := options.getoption("usage_recording"):
        return Path(recording).name
    if url := options.getoption("usage_base_url"):
        return _host(url)
    return "fake"


def header(options: pytest.Config) -> str | None:
    """Return the line of pytest's header, if its arguments name the contract tests."""
    if not any(_is_contract_tests(argument, options.invocation_params.dir) for argument in options.args):
        return None
    tested = target(options)
    named = "the fake, which it starts (test an API by --usage-base-url URL)" if tested == "fake" else tested
    return f"usage contract tests of: {named}"


def _host(url: str) -> str:
    """Return host and port of a base URL; of one that cannot be used, only that, since a key may stand in it."""
    from civis_usage.client.config import resolve_api_key, resolve_base_url
    from civis_usage.client.errors import ConfigurationError

    try:
        return urlsplit(resolve_base_url(url, resolve_api_key(None))).netloc
    except ConfigurationError:
        return "unusable"


def _is_contract_tests(argument: str, folder: Path) -> bool:
    file = argument.partition("::")[0]
    if re.match(r"civis_usage\.contract_tests\b", file):
        return True
    return (folder / file).resolve().is_relative_to(Path(__file__).parent.resolve())


def in_pytest_words(text: str) -> str:
    """Return ``text``, in which options are called as those of ``civis-usage check``, with their names in pytest.

    >>> in_pytest_words("the budget is spent: raise it with --max-requests")
    'the budget is spent: raise it with --usage-max-requests'
    """
    names = "|".join(name.removeprefix("--usage-") for name, _ in OPTIONS)
    return re.sub(rf"(?<![\w-])--(?={names})\b", "--usage-", text)


def report_of(options: pytest.Config, start_fake: Callable[[], tuple[str, str]]) -> Report:
    """Run the check that pytest's options ask for, and return its report.

    Args:
        options: pytest's.
        start_fake: starts the fake and returns its URL and a key; called if neither an API nor a recording is named.

    Raises:
        ConfigurationError: the base URL, the key, the recording, the waivers or another option cannot be used.
    """
    from civis_usage.contract_tests.reports.text import clean
    from civis_usage.contract_tests.runner import run

    if recording := options.getoption("usage_recording"):
        return _recorded(options, recording)
    config = config_of(options, start_fake)
    return clean(run(config), [config.api_key])


def config_of(options: pytest.Config, start_fake: Callable[[], tuple[str, str]]) -> Config:
    """Return the settings of the run that pytest's options ask for; arguments and errors as of :func:`report_of`."""
    from civis_usage.contract_tests.config import Config

    optional = {name: options.getoption(f"usage_{name}") for name in ("max_requests", "deadline", "seed")}
    base_url, key = _address(options.getoption("usage_base_url"), start_fake)
    return Config(
        base_url,
        key,
        organizations=tuple(dict.fromkeys(options.getoption("usage_org_id") or ())),
        start=_date(options.getoption("usage_start_date")),
        end=_date(options.getoption("usage_end_date"), last=True),
        with_drift=options.getoption("usage_with_drift"),
        **_judging(options),
        **{name: value for name, value in optional.items() if value is not None},
    )


def _judging(options: pytest.Config) -> dict[str, Any]:
    """Return the settings that say how to judge, of an API as of a recording."""
    from civis_usage.contract_tests import waivers

    file = options.getoption("usage_waivers")
    return {
        "strict": options.getoption("usage_strict"),
        "waivers": waivers.load(file) if file else waivers.discover(),
        "allow_no_data": options.getoption("usage_allow_no_data"),
    }


def _address(url: str | None, start_fake: Callable[[], tuple[str, str]]) -> tuple[str, str]:
    """Return base URL and key: those of the API that is named, or of the fake."""
    if url is None:
        return start_fake()
    from civis_usage.client.config import resolve_api_key, resolve_base_url

    key = resolve_api_key(None)
    return resolve_base_url(url, key), key.reveal()


def _recorded(options: pytest.Config, file: str) -> Report:
    from civis_usage.client.errors import ConfigurationError
    from civis_usage.contract_tests.recording.cassette import InvalidRecording, read
    from civis_usage.contract_tests.recording.replay import replay
    from civis_usage.contract_tests.reports.text import clean

    for name in LIVE_ONLY:
        if options.getoption(f"usage_{name.replace('-', '_')}") not in (None, False):
            raise ConfigurationError(f"--{name} cannot be used with --recording, which sends no requests: omit it.")
    try:
        return clean(replay(read(file), **_judging(options)))
    except InvalidRecording as reason:
        raise ConfigurationError(f"{file}: {reason}.") from None


def _date(text: str | None, *, last: bool = False) -> datetime | None:
    from civis_usage.client.errors import ConfigurationError
    from civis_usage.contract_tests.config import parse_date

    try:
        return parse_date(text, last=last) if text else None
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
