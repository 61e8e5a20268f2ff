"""The contract: JSON Schemas of the bodies and the OpenAPI description of the operations.

The JSON files beside this module are the contract; the Python here only reads them. ``load`` gives a file,
``validator`` judges a body by it, ``OPERATIONS`` lists what can be asked, and ``bundled_openapi``, ``openapi_30`` and
``swagger`` give the one description of the API in the three dialects that clients read. ``times`` reads and writes its
timestamps.

Importing this package reads no file and imports nothing beside the standard library; what needs more imports it when
it is called.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .documents import NAMES, load
    from .openapi import bundled_openapi, openapi_30
    from .operations import OPERATIONS, Operation, Parameter
    from .swagger_20 import swagger
    from .validation import validator

_HOMES = {
    "NAMES": "documents",
    "OPERATIONS": "operations",
    "Operation": "operations",
    "Parameter": "operations",
    "bundled_openapi": "openapi",
    "load": "documents",
    "openapi_30": "openapi",
    "swagger": "swagger_20",
    "validator": "validation",
}

__all__ = [
    "NAMES",
    "OPERATIONS",
    "Operation",
    "Parameter",
    "bundled_openapi",
    "load",
    "openapi_30",
    "swagger",
    "validator",
]


def __getattr__(name: str) -> object:
    """Import the module that a public name lives in when the name is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names, imported yet or not."""
    return sorted({*globals(), *__all__})
