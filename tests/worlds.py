"""What a world holds, asked for in other ways than the fake does."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from civis_usage.mock_server.world import World

EPOCH = date(1970, 1, 1).toordinal()


def listed(
    world: World,
    kind: Any,
    org_id: int,
    start: int | None = None,
    end: int | None = None,
    *,
    now: int,
    task: str | None = None,
) -> bytes:
    """Return a list of the API in one piece."""
    return b"".join(world.pieces(kind, org_id, start, end, now=now, task=task))


def generated(world: World, kind: Any, first: str, stop: str) -> list[dict[str, Any]]:
    """Return the generated records of all organizations from the day ``first`` to before ``stop``, oldest first."""
    ids = [organization.id for organization in world.organizations]
    days = (date.fromisoformat(day).toordinal() - EPOCH for day in (first, stop))
    return [json.loads(text) for day in range(*days) for text in world.generated_texts(kind, ids, day)]
