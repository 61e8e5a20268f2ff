"""The contract in the neutral form: that of the installed package, or the files in a folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from civis_usage.schemas.documents import BODIES, NAMES

from .document import BadContract, BadSpec
from .form import Api
from .nodes import root
from .operations import api_of

__all__ = ["Contract", "contract_of", "read_contract"]


@dataclass(frozen=True)
class Contract:
    """The contract, as files and as what they say."""

    files: Mapping[str, dict[str, Any]]
    """The parsed files by name: ``openapi``, ``llm_usage`` …"""
    api: Api


def read_contract(folder: Traversable | None = None) -> Contract:
    """Read the contract's files.

    Args:
        folder: where they are; ``None`` for those of the installed package.

    Raises:
        BadContract: the folder does not hold the contract.
    """
    place = resources.files("civis_usage.schemas") if folder is None else folder
    files = {name: _parsed(place, name) for name in NAMES}
    try:
        contract = contract_of(files)
    except BadSpec as error:
        raise BadContract(f"{place} does not hold the contract: {error}") from None
    if not contract.api.operations:
        raise BadContract(f"{place} does not hold the contract: its openapi.json has no operation under /usage.")
    return contract


def contract_of(files: Mapping[str, dict[str, Any]]) -> Contract:
    """Give the contract that ``files`` hold, by name.

    Raises:
        BadSpec: they cannot be understood.
    """
    bodies = {f"{name}.json": files[name] for name in BODIES}
    return Contract(files, api_of(root(files["openapi"], bodies, uri="openapi.json"), "OpenAPI 3.1"))


def _parsed(place: Traversable, name: str) -> dict[str, Any]:
    file = place.joinpath(f"{name}.json")
    try:
        parsed = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadContract(f"{place} does not hold the contract: {name}.json: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise BadContract(f"{file} is not JSON: {error}.") from None
    if not isinstance(parsed, dict):
        raise BadContract(f"{file} is no JSON object.")
    return parsed
