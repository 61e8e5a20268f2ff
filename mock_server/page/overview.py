"""What the page shows of a world: organizations with their credits by day, their models, and the latest records."""

from __future__ import annotations

from datetime import timedelta
from heapq import nlargest
from typing import Any

from ...schemas import times
from ...schemas.behavior import QUESTIONS, differences, offset_millis
from ...schemas.times import DAY
from ..fake import State
from ..world import Kind

__all__ = ["overview"]

MOST = 6
"""How many organizations are shown together."""

LATEST = 8
"""How many records are shown of each kind."""


def overview(state: State, org: int | None, days: int) -> dict[str, Any]:
    """Return the last ``days`` days of one organization, or of the first few, as JSON can hold it."""
    world, now, limit = state.world, state.clock.now(), state.settings.rate_limit
    ids = [each.id for each in world.organizations if state.may_see(each.id)]
    shown = ids[:MOST] if org is None else [org]
    span = range(max(now // DAY - days + 1, -719_162), now // DAY + 1)  # from the year 1 on
    models = [(model, org_id) for org_id in shown for model in world.models(org_id)]
    return {
        "now": times.render(now),
        "since": str(state.settings.since),
        "generated": state.settings.generated,
        "keys": bool(state.settings.api_keys),
        "rate_limit": f"{limit.requests} in {limit.seconds} s" if limit else None,
        "behavior": [
            {"id": id_, "answer": value, "question": QUESTIONS[id_].text, "meaning": QUESTIONS[id_].meaning(value)}
            for id_, value in differences(state.behavior).items()
        ],
        "moved": state.clock.pin is not None or state.clock.offset != 0,
        "organizations": ids,
        "default_organization": state.own_organization,
        "days": [str((times.EPOCH + timedelta(days=day)).date()) for day in span],
        "shown": [_organization(state, org_id, span, now) for org_id in shown],
        "models": [
            {
                "id": model.id,
                "input_rate": model.input_rate,
                "output_rate": model.output_rate,
                "organizations": [org_id for each, org_id in models if each == model],
            }
            for model in sorted({model for model, _ in models})
        ],
        "llm": _latest(state, "llm", shown, now),
        "matching": _latest(state, "matching", shown, now),
    }


def _organization(state: State, org_id: int, span: range, now: int) -> dict[str, Any]:
    by_day = [float(state.world.credits(org_id, day * DAY, (day + 1) * DAY - 1, now=now)) for day in span]
    this_month = times.month_so_far(now, offset_millis(state.behavior["default_window_offset"]))
    month = state.world.credits(org_id, *this_month, now=now)
    return {"id": org_id, "credits_by_day": by_day, "credits_this_month": float(month)}


def _latest(state: State, kind: Kind, shown: list[int], now: int) -> list[dict[str, Any]]:
    records = (record for org_id in shown for record in state.world.latest(kind, org_id, LATEST, now=now))
    return nlargest(LATEST, records, key=lambda record: (record["runCreatedAt"], record["runId"]))
