"""The expressions of GitHub Actions that the action and the snippets use; any other is an error, never a guess."""

from __future__ import annotations

import re
from collections.abc import Mapping

Contexts = Mapping[str, Mapping[str, str]]
"""What expressions see, by what stands before a name: ``inputs``, ``secrets``, ``steps.check.outputs``."""

_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_NAME = re.compile(r"(?P<context>[a-z]+(?:\.[\w-]+\.outputs)?)\.(?P<name>[\w-]+)")
_COMPARISON = re.compile(r"(?P<left>\S+) (?P<operator>==|!=) '(?P<right>[^']*)'")
_STATES = {
    "success()": (True, False),
    "failure()": (False, True),
    "always()": (True, True),
    "!cancelled()": (True, True),
}
"""What the functions of a job's state give while all went well, and after a step failed."""


def filled(text: object, contexts: Contexts) -> str:
    """Return a value of a workflow with its expressions in place, as the text that a step gets to see."""
    plain = str(text).lower() if isinstance(text, bool) else str(text)
    return _EXPRESSION.sub(lambda match: _value(match[1].strip(), contexts), plain)


def holds(condition: str | None, contexts: Contexts, failed: bool) -> bool:
    """Tell whether a step with this ``if`` runs, after a step has failed or while none has."""
    if condition is None:
        return not failed
    whole = _EXPRESSION.fullmatch(condition)
    terms = (whole[1] if whole else condition).strip().split(" && ")
    known = any(term in _STATES for term in terms)
    return (known or not failed) and all(_true(term.strip(), contexts, failed) for term in terms)


def _true(term: str, contexts: Contexts, failed: bool) -> bool:
    if term in _STATES:
        return _STATES[term][failed]
    comparison = _COMPARISON.fullmatch(term)
    assert comparison, f"the tests' runner does not know the condition {term!r}"
    equal = _value(comparison["left"], contexts) == comparison["right"]
    return equal is (comparison["operator"] == "==")


def _value(expression: str, contexts: Contexts) -> str:
    name = _NAME.fullmatch(expression)
    assert name, f"the tests' runner does not know the expression {expression!r}"
    assert name["context"].startswith("steps.") or name["context"] in contexts, f"there is no context {name['context']}"
    return contexts.get(name["context"], {}).get(name["name"], "")
