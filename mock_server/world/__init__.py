"""The world behind the fake: organizations, their usage, and the records that a user loads. Data, no HTTP."""

from .loaded import HiddenRecord, InvalidRecord
from .pool import Kind
from .world import Order, World

__all__ = ["HiddenRecord", "InvalidRecord", "Kind", "Order", "World"]
