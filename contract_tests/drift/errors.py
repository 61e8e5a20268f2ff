"""What can go wrong with the API's spec::

UsageError
├── InvalidSpec         a document does not describe the API, or cannot be understood
└── SpecUnavailable     the API did not answer with its spec
"""

# ruff: noqa: N818 - named by what happened, as in `except InvalidSpec`

from __future__ import annotations

from civis_usage.client.errors import ConfigurationError, UsageError

__all__ = ["InvalidSpec", "SpecUnavailable"]


class InvalidSpec(ConfigurationError):
    """A document does not describe the API, or cannot be understood."""


class SpecUnavailable(UsageError):
    """The API did not answer with its spec: unreachable, key refused, another status, or no spec."""
