"""Keeping keys out of everything that is written.

Its encodings are those of :mod:`civis_usage.client.redaction`. A report is redacted as a value, before it is
rendered (:meth:`Redactor.report`): only what the API or the user said is looked at, and no key can damage the structure
of a JSON or XML document.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from civis_usage.client.redaction import MASK, redact
from civis_usage.contract_tests.results import Report, Result
from civis_usage.contract_tests.wording import rewrite, rewrite_result

__all__ = ["MASK", "Redactor"]

_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})


class Redactor:
    """Hides ``keys``; empty ones are ignored. Redacting twice changes nothing more."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = tuple(keys)

    def text(self, text: str) -> str:
        """Return ``text`` with :data:`MASK` for every encoding of every key."""
        return redact(text, self._keys)

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Give ``headers`` with those that carry credentials hidden whole, and the keys hidden in the others."""
        return {name: MASK if name.lower() in _SECRET_HEADERS else self.text(value) for name, value in headers.items()}

    def result(self, result: Result) -> Result:
        """Give ``result`` with the keys hidden in all that the API or the user said."""
        return rewrite_result(result, self.text)

    def report(self, report: Report) -> Report:
        """Give ``report`` with the keys hidden in all that the API or the user said: what every report is made from."""
        return rewrite(report, self.text)
