"""The header ``Prefer: code=503``: an error for this request alone, as Prism has it."""

from __future__ import annotations

import re

from .fault import Fault
from .faults import Chosen
from .responses import bad_request

__all__ = ["chosen"]


def chosen(header: str | None) -> Chosen | None:
    """Give what the ``Prefer`` header of a request asks for; ``None`` where it asks for no status.

    ``code=200`` asks for the true answer, whatever faults are set. Other preferences are ignored, as RFC 7240 wants.

    Raises:
        ApiError: the code is no status that the fake can answer with.
    """
    if not header:
        return None
    for preference in re.split("[,;]", header):
        name, _, code = preference.partition("=")
        if name.strip().lower() == "code":
            return _status(code.strip().strip('"'))
    return None


def _status(code: str) -> Chosen:
    if code == "200":
        return Chosen(rule="Prefer: code=200")
    if not re.fullmatch("[45][0-9][0-9]", code):
        raise bad_request(f"Prefer: code={code[:20]} cannot be: ask for 200, or for an error from 400 to 599.")
    return Chosen(Fault(status=int(code)), rule=f"Prefer: code={code}")
