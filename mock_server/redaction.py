"""What the journal keeps of texts that a client sent: short, and without keys."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping

__all__ = ["Redaction"]

LONGEST = 200
"""Characters that are kept of a text."""

MOST = 20
"""Parameters that are kept of a request."""

SHORTEST_SECRET = 6
"""Keys that are shorter are toys, and would be found in every text."""

_SECRET_NAME = re.compile("key|token|secret|password|authorization", re.IGNORECASE)


class Redaction:
    """Puts ``…`` in the place of some secrets, of parameters that are named like one, and of what is too long."""

    def __init__(self, secrets: Iterable[str | None]) -> None:
        self._secrets = [secret for secret in secrets if secret and len(secret) >= SHORTEST_SECRET]

    def __call__(self, text: str) -> str:
        """Return ``text`` without the secrets, cut to a bounded length."""
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"

    def all(self, parameters: Mapping[str, str]) -> dict[str, str]:
        """Return the first parameters, each name and value redacted; ``…`` says how many more there were."""
        kept = {
            self(name): "…" if _SECRET_NAME.search(name) else self(value)
            for name, value in itertools.islice(parameters.items(), MOST)
        }
        return kept | ({"…": f"{len(parameters) - MOST} more"} if len(parameters) > MOST else {})
