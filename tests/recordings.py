"""Recordings for tests, written by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from civis_usage.contract_tests.collect.interaction import Credentials, Interaction
from civis_usage.contract_tests.recording.cassette import Recording

AT = datetime(2026, 5, 19, 15, 26, 7, tzinfo=UTC)
RECORD: dict[str, Any] = {
    "id": 702314487,
    "runId": 302144871,
    "jobId": 91834520,
    "userId": 512187654,
    "organizationId": 471100815,
    "runCreatedAt": "2026-04-17T17:26:07.000Z",
    "runTime": 38,
    "credits": 0.4125,
    "inputTokens": 18250,
    "outputTokens": 912,
    "modelId": "anthropic.claude-3-5-sonnet-20240620-v1:0",
}
IDENTIFIERS = ("id", "runId", "jobId", "userId", "organizationId")
MATCHING = {name: RECORD[name] for name in ("runId", "jobId", "userId", "organizationId", "runCreatedAt", "runTime")}
MATCHING |= {"numRecords": 1200, "task": "IDR"}


def answered(body: Any, operation: str = "list_llm", status: int = 200) -> Interaction:
    """Return a request about organization 471100815 and its response; a body that is not bytes is written as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
    headers = {"etag": 'W/"1"'}
    return Interaction(operation, {"org_id": 471100815}, Credentials.VALID, AT, status, headers, content)


def recording(*interactions: Interaction, **more: Any) -> Recording:
    whole = Recording(
        kit="0.1.0",
        recorded_at=AT,
        base_url="https://api.civisanalytics.com",
        organizations=(471100815,),
        start=None,
        end=AT,
        seed=0,
        interactions=interactions or (answered([RECORD]), answered([MATCHING], "list_matching")),
    )
    return replace(whole, **more)
