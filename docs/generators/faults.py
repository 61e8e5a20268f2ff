"""The page of the faults, from their description ``rule.schema.json``."""

from __future__ import annotations

import json
from typing import Any

from civis_usage.mock_server.faults import Fault
from civis_usage.mock_server.faults.schema import FLAGS, PROPERTIES, SCHEMA
from generators.markdown import code, page, table

EXAMPLE = Fault(operation="list_llm", first=2, status=429, retry_after=2)


def faults() -> str:
    """Return the page."""
    return page(
        "Faults",
        "A fault is a rule: which requests it matches, how often it fires, and what it does to the response. Use words "
        "for `serve --fault` and the fixtures, JSON for `POST /_fake/faults`, keywords for the fixtures. The header "
        "`Prefer: code=503` is a fault with this status for one request.",
        table(["written as", "example"], _forms()),
        "Names have hyphens in words and underscores in JSON and Python; both are accepted everywhere. An operation "
        f"and the effects {', '.join(map(code, FLAGS))} stand alone, everything else is `name=value`, and fields are "
        "separated by commas.",
        table(["name", "value", "meaning"], ([code(name), *_row(each)] for name, each in PROPERTIES.items())),
        "Only the first rule that fires changes a response; a rule of latency alone delays the request and lets the "
        "next one be tried. A rule counts the requests that reach it, so `status=429 first=2` and `status=500 first=1` "
        "give 429, 429, 500, and then no more faults. Faults do not apply to requests whose key is refused.",
        "Combinations that are refused, with their messages:",
        "\n".join(f"- {rule['description']}" for rule in SCHEMA["allOf"] if "description" in rule),
    )


def _forms() -> list[list[str]]:
    keywords = ", ".join(f"{name}={value!r}" for name, value in EXAMPLE.as_dict().items())
    return [
        ["words", code(EXAMPLE)],
        ["JSON", code(json.dumps(EXAMPLE.as_dict()))],
        ["keywords", code(f"usage_server.faults.add({keywords})")],
    ]


def _row(schema: dict[str, Any]) -> list[str]:
    values = ", ".join(map(code, schema["enum"])) if "enum" in schema else schema["title"]
    return [values, schema["description"]]
