"""The page of the JSON report, from its schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from civis_usage.contract_tests.reports.json import SCHEMA_VERSION, schema
from generators.markdown import code, page, table

SOURCE = "contract_tests/reports/report.schema.json"


def report_format() -> str:
    """Return the page."""
    described = schema()
    parts = [
        f"`civis-usage check --json FILE` writes format {SCHEMA_VERSION}, as `schema_version` says. Its JSON Schema is "
        f"`{SOURCE}`, also in the installed package: `civis_usage.contract_tests.reports.json.schema()` returns it. "
        + str(described["description"]),
        _table(described),
    ]
    for name, inner in described["$defs"].items():
        parts += [f"## {name}", str(inner["description"]), _table(inner)]
    return page("JSON report", *parts)


def _table(described: Mapping[str, Any]) -> str:
    return table(["field", "type", "meaning"], _rows(described))


def _rows(described: Mapping[str, Any], prefix: str = "") -> Iterator[list[str]]:
    for name, inner in described["properties"].items():
        yield [code(prefix + name), _type(inner), inner.get("description", "")]
        item = inner.get("items", {})
        if "properties" in inner:
            yield from _rows(inner, f"{prefix}{name}.")
        elif "properties" in item:
            yield from _rows(item, f"{prefix}{name}[].")


def _type(inner: Mapping[str, Any]) -> str:
    if "$ref" in inner:
        name = inner["$ref"].rpartition("/")[2]
        return f"[{name}](#{name})"
    if "allOf" in inner:
        return _type(inner["allOf"][0])
    if "const" in inner:
        return code(inner["const"])
    if "enum" in inner:
        return ", ".join(map(code, inner["enum"]))
    if inner.get("type") == "array":
        return f"array of {_type(inner['items'])}"
    kinds = inner["type"] if isinstance(inner["type"], list) else [inner["type"]]
    return " or ".join(kinds)
