"""Moments as people and programs write them, read as milliseconds since the epoch (UTC)."""

from __future__ import annotations

from ..schemas.times import Moment, month_so_far
from ..schemas.times import moment as read

__all__ = ["Moment", "month_so_far", "read"]
