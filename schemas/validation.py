"""Judging a body by its schema, formats included."""

from functools import cache
from typing import TYPE_CHECKING

from .documents import load
from .formats import FORMATS

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator


@cache
def validator(name: str) -> "Draft202012Validator":
    """Return the validator of the body called ``name``.

    Formats are checked: ``runCreatedAt`` must be a date-time of RFC 3339 on a day that exists, and a float must be
    finite (Python reads ``NaN`` from what claims to be JSON). Each call with one name gives the same validator.

    >>> validator("llm_organization_summary").is_valid({"credits": 0.5, "organizationId": 1})
    True

    Raises:
        KeyError: there is no such schema.
    """
    from jsonschema import Draft202012Validator, FormatChecker  # costs some 100 ms

    checker = FormatChecker(formats=())
    for name_of_format, check in FORMATS.items():
        checker.checks(name_of_format, raises=ValueError)(check)
    return Draft202012Validator(load(name), format_checker=checker)
