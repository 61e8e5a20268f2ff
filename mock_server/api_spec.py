"""Another spec for ``/endpoints`` than the contract's: a file's, or the one in the package ``civis``."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from ..schemas.json_format import InvalidJSON, decode

__all__ = ["CIVIS", "read_spec"]

CIVIS = "civis"
"""The name that stands for the spec in the installed package ``civis``."""


def read_spec(name: str | Path) -> bytes:
    """Return the spec in a file, or with ``civis`` the one in the installed package, which is not imported.

    Raises:
        ValueError: it is not installed, cannot be read, or is not a spec; the message names the remedy.
    """
    path = _of_civis() if name == CIVIS else Path(name)
    try:
        content = path.read_bytes()
    except OSError as reason:
        raise ValueError(f"{path} cannot be read: {(reason.strerror or str(reason)).lower()}") from None
    try:
        spec = decode(content)
    except InvalidJSON:
        spec = None
    if not isinstance(spec, dict) or not isinstance(spec.get("paths"), dict):
        raise ValueError(f"{path} is not an API spec: use a file in JSON (Swagger 2.0 or OpenAPI 3) that has paths")
    return content


def _of_civis() -> Path:
    package = find_spec(CIVIS)
    folders = list(package.submodule_search_locations or ()) if package else []
    if not folders:
        raise ValueError("the package civis is not installed beside this one: pip install civis, or name a file")
    return Path(folders[0], "resources", "civis_api_spec.json")
