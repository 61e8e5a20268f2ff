"""The world behind the fake: organizations, what they used, and what a user has loaded. Data, no HTTP."""

from .fields import BadRecord
from .world import Kind, World

__all__ = ["BadRecord", "Kind", "World"]
