"""Reads the JSON report of an earlier run, so that a report can say what is new, known and gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from civis_usage.client.errors import ConfigurationError
from civis_usage.contract_tests.results import Baseline, Deviation
from civis_usage.schemas.json_format import InvalidJSON, decode

from .json import SCHEMA_VERSION, schema

__all__ = ["InvalidBaseline", "of", "read"]


class InvalidBaseline(ConfigurationError):  # noqa: N818 - named as in `except InvalidBaseline`
    """The report of an earlier run cannot be used; the message is one sentence with the file and the remedy."""


def read(path: str) -> Baseline:
    """Return what deviated in an earlier run, by the report that ``civis-usage check --json`` wrote.

    Raises:
        InvalidBaseline: it cannot be read, or is no such report.
    """
    remedy = "name a file that civis-usage check --json wrote"
    try:
        document = decode(Path(path).read_bytes())
    except OSError as error:
        raise InvalidBaseline(f"{path} cannot be read ({(error.strerror or str(error)).lower()}): {remedy}.") from None
    except InvalidJSON as error:
        raise InvalidBaseline(f"{path} is not a report ({error}): {remedy}.") from None
    version = document.get("schema_version") if isinstance(document, dict) else None
    if type(version) is not int:
        raise InvalidBaseline(f"{path} is not a report (it has no schema_version): {remedy}.")
    if version != SCHEMA_VERSION:
        raise InvalidBaseline(
            f"{path} has format {version}, and this civis-usage-kit reads format {SCHEMA_VERSION}: write a new one "
            "with check --json."
        )
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    problem = best_match(Draft202012Validator(schema()).iter_errors(document))
    if problem is not None:
        raise InvalidBaseline(f"{path} is damaged ({problem.json_path}: {problem.message[:200]}): {remedy}.")
    return of(document)


def of(document: dict[str, Any]) -> Baseline:
    """Return what deviated by a report that follows the schema."""
    found = [_deviation(result, finding) for result in document["results"] for finding in result["findings"]]
    others = {(each["check"], each["field"]) for each in document["expired_waivers"]}
    if document["strict"] and document["exit_code"] == 1:  # else no answer has failed that run
        answers = [each["question"] for each in document["behavior"] if each["fidelity"] == "contradicted"]
        others |= {("behavior", question) for question in answers}
    return Baseline(document["started"], tuple(found), frozenset(others))


def _deviation(result: dict[str, Any], finding: dict[str, Any]) -> Deviation:
    return Deviation(result["id"], finding["field"], finding["message"])
