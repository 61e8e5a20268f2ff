"""The world behind the fake: organizations, their usage, and the records that a user loads. Data, no HTTP."""

from .completion import HiddenRecord
from .given import InvalidRecord
from .pool import Kind
from .world import Order, World

__all__ = ["HiddenRecord", "InvalidRecord", "Kind", "Order", "World"]
