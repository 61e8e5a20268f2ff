"""The check on a recording: its evidence, judged as that of a run."""

from __future__ import annotations

from typing import Any

from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.config import Config
from civis_usage.contract_tests.results import Report
from civis_usage.contract_tests.runner import report

from .cassette import Recording

__all__ = ["replay"]


def replay(recording: Recording, **judging: Any) -> Report:
    """Return the report on ``recording``; ``judging`` are the fields of the config that say how to judge."""
    config = Config(
        base_url=recording.base_url,
        api_key="",
        organizations=recording.organizations,
        start=recording.start,
        end=recording.end,
        seed=recording.seed,
        now=lambda: recording.recorded_at,
        **judging,
    )
    now = config.clock()
    earliest, settled_until = config.bounds(now)
    evidence = Evidence(
        recording.interactions,
        now,
        earliest,
        settled_until,
        recording.organizations,
        config.start is None,
        base_url=recording.base_url,
    )
    return report(config, evidence, recording.further)
