"""A spec as it comes: bytes that should be JSON, and a document that should describe the API.

The exceptions about specs and the contract::

    DriftError
    ├── BadSpec         what should be the API's spec is none, or cannot be understood
    ├── NoSpec          the API gave no spec: unreachable, key refused, another status
    └── BadContract     a folder that should hold the contract does not
"""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["BadContract", "BadSpec", "DriftError", "NoSpec", "dialect_of", "parse"]

_READ = re.compile(r"2\.0|3\.\d+(\.\d+)?")


class DriftError(Exception):
    """The root: two descriptions could not be compared. The message is one sentence with the remedy."""


class BadSpec(DriftError):  # noqa: N818 - named by what it is about
    """A document is no spec of the API, or one that cannot be understood."""


class NoSpec(DriftError):  # noqa: N818 - named by what happened
    """The API gave no spec."""


class BadContract(DriftError):  # noqa: N818 - named by what it is about
    """A folder does not hold the contract."""


def parse(source: str, content: bytes) -> dict[str, Any]:
    """Read ``content`` as a JSON document that describes an API.

    Args:
        source: where it is from, for the message.
        content: JSON in UTF-8, UTF-16 or UTF-32.

    Raises:
        BadSpec: it is not JSON, or describes no API.
    """
    try:
        document = json.loads(content)
    except RecursionError:
        raise BadSpec(f"{source} is nested too deeply to be a spec.") from None
    except ValueError as error:
        raise BadSpec(f"{source} is not JSON ({error}): give the spec as JSON, not as YAML.") from None
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        raise BadSpec(f"{source} is JSON, but no spec: a Swagger 2.0 or OpenAPI 3 document has an object 'paths'.")
    dialect_of(source, document)
    return document


def dialect_of(source: str, document: dict[str, Any]) -> str:
    """Give a spec's dialect in words: ``Swagger 2.0``, ``OpenAPI 3.0.3``.

    Raises:
        BadSpec: it names one that is not read.
    """
    for key, name in (("swagger", "Swagger"), ("openapi", "OpenAPI")):
        if key in document:
            version = str(document[key])
            if not _READ.fullmatch(version):
                raise BadSpec(f"{source} is {name} {version[:20]!r}: only Swagger 2.0 and OpenAPI 3 are read.")
            return f"{name} {version}"
    return "a spec without a version"
