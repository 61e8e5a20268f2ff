"""The header ``Prefer: code=503``: an error for this request alone, as Prism has it."""

from __future__ import annotations

import re

from . import words
from .active import Injection
from .rule import Fault
from .schema import PROPERTIES, BadFault

__all__ = ["preferred"]


def preferred(header: str | None) -> Injection | None:
    """Return what the ``Prefer`` header of a request chooses; ``None`` where it names no status.

    ``code=200`` chooses the true response, whatever faults are active. Other preferences are ignored (RFC 7240).

    Raises:
        BadFault: the code is no status that a fault can have.
    """
    for preference in re.split("[,;]", header or ""):
        name, _, code = preference.partition("=")
        if name.strip().lower() == "code":
            return _status(code.strip().strip('"'))
    return None


def _status(code: str) -> Injection:
    if code == "200":
        return Injection(rule="Prefer: code=200")
    try:
        return Injection(Fault.from_dict({"status": words.read_value("status", code)}), rule=f"Prefer: code={code}")
    except BadFault:
        raise BadFault(f"Prefer: code={code[:20]} is invalid: use 200, or {PROPERTIES['status']['title']}") from None
