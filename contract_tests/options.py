"""The options of the contract tests under pytest, as those of ``civis-usage check``."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    import pytest

    from civis_usage.contract_tests.config import Config

__all__ = ["OPTIONS", "add", "config_of"]

OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--base-url", {"metavar": "URL", "help": "the API to check (default: $CIVIS_API_ENDPOINT, then the live API)"}),
    (
        "--org-id",
        {"metavar": "ID", "type": int, "action": "append", "help": "an organization; repeatable"},
    ),
    ("--from", {"dest": "usage_from", "metavar": "DATE", "help": "look at no usage before this day"}),
    ("--to", {"dest": "usage_to", "metavar": "DATE", "help": "look at no usage after this day"}),
    ("--max-requests", {"metavar": "N", "type": int, "default": 60, "help": "the request budget (default: 60)"}),
    (
        "--usage-seed",
        {"metavar": "N", "type": int, "default": 0, "help": "decides which windows are asked for"},
    ),
    ("--usage-recording", {"metavar": "FILE", "help": "judge what civis-usage record wrote, and ask nobody"}),
    ("--waivers", {"metavar": "FILE", "help": "deviations that you accept, as TOML"}),
    ("--allow-no-data", {"action": "store_true", "help": "do not fail where an operation shows no usage"}),
    ("--with-drift", {"action": "store_true", "help": "compare the API's own spec with the contract too"}),
    ("--strict-usage", {"action": "store_true", "help": "fail on warnings as well"}),
)
"""Names and settings, as for ``argparse``. The key comes from ``CIVIS_API_KEY`` only: a command line can be read."""


def add(parser: pytest.Parser) -> None:
    """Add the options to pytest; one that another plugin has already (``--base-url`` is common) is shared with it."""
    group = parser.getgroup("civis-usage", "contract tests of the Civis Platform API's /usage resource")
    for name, settings in OPTIONS:
        try:
            group.addoption(name, **settings)
        except ValueError:
            continue


def config_of(options: pytest.Config) -> Config:
    """Give the run that pytest's options and the environment ask for.

    Raises:
        ConfigurationError: the base URL, the key, the recording or what is to be asked cannot be used.
        WaiverError: the waivers cannot be read.
    """
    from civis_usage.client.errors import ConfigurationError
    from civis_usage.contract_tests import waivers

    file = options.getoption("waivers")
    judging = {
        "strict": options.getoption("strict_usage"),
        "waivers": waivers.load(file) if file else waivers.discover(),
        "allow_no_data": options.getoption("allow_no_data"),
    }
    recording = options.getoption("usage_recording")
    if not recording:
        return _live(options, judging)
    if options.getoption("with_drift"):
        raise ConfigurationError("--with-drift has no place beside --usage-recording, which asks nobody: leave it out.")
    return _recorded(recording, judging)


def _live(options: pytest.Config, judging: dict[str, Any]) -> Config:
    from civis_usage.client.config import resolve_api_key, resolve_base_url
    from civis_usage.contract_tests.config import Config

    key = resolve_api_key(None)
    return Config(
        resolve_base_url(options.getoption("base_url"), key),
        key.reveal(),
        tuple(dict.fromkeys(options.getoption("org_id") or ())),
        start=_moment(options.getoption("usage_from")),
        end=_moment(options.getoption("usage_to"), last=True),
        max_requests=options.getoption("max_requests"),
        with_drift=options.getoption("with_drift"),
        seed=options.getoption("usage_seed"),
        **judging,
    )


def _recorded(file: str, judging: dict[str, Any]) -> Config:
    from civis_usage.client.errors import ConfigurationError
    from civis_usage.contract_tests.replay import config_of
    from civis_usage.recordings.document import BadRecording, read

    try:
        recording = read(file)
    except BadRecording as reason:
        raise ConfigurationError(f"{file}: {reason}.") from None
    if old := recording.aged():
        warnings.warn(f"{file} {old}: record it again.", stacklevel=2)
    return config_of(recording, **judging)


def _moment(text: str | None, *, last: bool = False) -> datetime | None:
    from civis_usage.client.errors import ConfigurationError
    from civis_usage.contract_tests.config import moment

    try:
        return moment(text, last=last) if text else None
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
