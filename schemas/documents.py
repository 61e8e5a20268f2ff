"""The files of the contract, parsed."""

import json
from functools import cache
from typing import Any, cast

BODIES = ("llm_usage", "matching_usage", "llm_organization_summary", "error")
"""The schemas of bodies, JSON Schema 2020-12, one file each."""

NAMES = (*BODIES, "openapi", "behavior")
"""Every file: the contract, and what it leaves open."""


@cache
def load(name: str) -> dict[str, Any]:
    """Return the file ``<name>.json`` of the contract, parsed.

    Every call gives the same object: read it, and copy it before changing anything.

    Raises:
        KeyError: there is no such file; the message lists those that there are.
    """
    if name not in NAMES:
        raise KeyError(f"no schema is called {name!r}; there are {', '.join(NAMES)}")
    from importlib import resources

    text = resources.files(__package__).joinpath(f"{name}.json").read_text(encoding="utf-8")
    return cast(dict[str, Any], json.loads(text))
