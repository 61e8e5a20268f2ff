"""JSON as the API writes it, and the spelling of its names."""

from __future__ import annotations

from ..schemas.json_format import encode
from .world.loaded import field_name as on_the_wire

__all__ = ["encode", "on_the_wire"]
