"""Interactions made by hand."""

from __future__ import annotations

from datetime import UTC, datetime

from civis_usage.contract_tests.collect.interaction import Failure, Interaction, Query


def answered(query: Query, status: int | None, failure: Failure | None = None) -> Interaction:
    """Return what came of a query."""
    at = datetime(2026, 5, 19, 15, 26, 7, tzinfo=UTC)
    return Interaction(query.operation, dict(query.params), query.credentials, at, status, failure=failure)
