"""Waivers: deviations that a user knows and accepts, by check and field, each with a reason.

A waiver accepts the findings of its check that concern its field, and no others. One without a field accepts the
findings that concern no field: whoever accepts that a list is truncated does not accept nulls with it, nor the nulls of
one field with those of another. ``expires`` is the last day on which a waiver holds; an expired one accepts nothing and
fails the run, so that what was accepted for a while comes up again.

A waivers file is TOML::

    [[waiver]]
    check = "list-llm-shape"
    field = "credits"
    reason = "Runs of retired models have no credits; ticket 4711."
    expires = 2027-01-31

or, in a project's ``pyproject.toml``, the same tables under ``[[tool.civis-usage.waivers]]``. ``field`` and ``expires``
are optional; a reason that says nothing (``TODO``) is none.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from civis_usage.client.errors import ConfigurationError
from civis_usage.contract_tests.checks import all_checks
from civis_usage.contract_tests.config import Waiver
from civis_usage.contract_tests.results import Basis, Check, Finding, Outcome, Report, Result, Verdict
from civis_usage.schemas import load as load_schema

__all__ = ["InvalidWaiver", "apply", "discover", "draft", "expired", "load", "unused"]

_DEVIATES = {
    Basis.DOCUMENTED: Verdict.FAILED,
    Basis.RECORDED: Verdict.WARNING,
    Basis.ASSUMED: Verdict.INFO,
}


def apply(check: Check, outcome: Outcome, waivers: Sequence[Waiver], today: date) -> Result:
    """Return the verdict on an outcome: an open finding counts as the basis of its rule says, a waived one does not.

    What could not be judged stays inconclusive, unless it showed an open deviation all the same.
    """
    held = {(w.check, w.field): w for w in waivers if not _is_expired(w, today)}
    open_findings: list[Finding] = []
    waived: list[tuple[Finding, Waiver]] = []
    for finding in outcome.findings:
        waiver = held.get((check.id, finding.field))
        if waiver:
            waived.append((finding, waiver))
        else:
            open_findings.append(finding)
    if open_findings:
        verdict = _DEVIATES[check.basis]
    elif outcome.inconclusive is not None:
        verdict = Verdict.INCONCLUSIVE
    else:
        verdict = Verdict.WAIVED if waived else Verdict.PASSED
    return Result(check, verdict, outcome, tuple(open_findings), tuple(waived))


def expired(waivers: Iterable[Waiver], today: date) -> tuple[Waiver, ...]:
    """Return the waivers whose last day is past."""
    return tuple(waiver for waiver in waivers if _is_expired(waiver, today))


def unused(waivers: Iterable[Waiver], results: Iterable[Result], today: date) -> tuple[Waiver, ...]:
    """Return the waivers in force whose check was judged without showing what they accept.

    One whose check did not run, or was inconclusive, may match next time: nothing is said of it.
    """
    answered: set[str] = set()
    used: set[Waiver] = set()
    for result in results:
        used.update(waiver for _, waiver in result.waived)
        if result.verdict is not Verdict.INCONCLUSIVE:
            answered.add(result.check.id)
    return tuple(w for w in waivers if w.check in answered and w not in used and not _is_expired(w, today))


def _is_expired(waiver: Waiver, today: date) -> bool:
    return waiver.expires is not None and date.fromisoformat(waiver.expires) < today


_KEYS = ("check", "field", "reason", "expires")
_PLACEHOLDER = re.compile(
    r"\W*((todo|tbd|fixme|xxx+)\b.*|reason|why|none|n/?a|fill (this |me |it )?in)?\W*", re.IGNORECASE | re.DOTALL
)


class InvalidWaiver(ConfigurationError):  # noqa: N818 - named as in `except InvalidWaiver`
    """Waivers cannot be read; the message is one sentence with the file, the entry, the value and the remedy."""


def load(path: str | Path, *, checks: Collection[str] | None = None) -> tuple[Waiver, ...]:
    """Return the waivers in the file ``path``, in its order.

    Args:
        path: a waivers file, or a ``pyproject.toml`` with ``[[tool.civis-usage.waivers]]``.
        checks: the ids that a waiver may name; those of the registry where left out.

    Raises:
        InvalidWaiver: the file cannot be read, or an entry is not a waiver.

    """
    path = Path(path)
    document = _read(path)
    if path.name == "pyproject.toml":
        table, key = _tool_table(path, document), "waivers"
    else:
        table, key = document, "waiver"
    _refuse_unknown(str(path), table, (key,))
    entries = table.get(key, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InvalidWaiver(f"{path}: {key} must be a list of tables: begin each with [[{_header(key)}]].")
    known = _known_checks() if checks is None else checks
    found: dict[tuple[str, str | None], int] = {}
    waivers = []
    for number, entry in enumerate(entries, 1):
        waiver = _waiver(f"{path}, waiver {number}", entry, known)
        first = found.setdefault((waiver.check, waiver.field), number)
        if first != number:
            raise InvalidWaiver(f"{path}, waiver {number}: waiver {first} names the same deviation: keep one of them.")
        waivers.append(waiver)
    return tuple(waivers)


def discover(directory: str | Path = ".", *, checks: Collection[str] | None = None) -> tuple[Waiver, ...]:
    """Return the waivers in the ``pyproject.toml`` of ``directory``; none where there is no such file.

    Raises:
        InvalidWaiver: as :func:`load`.

    """
    path = Path(directory) / "pyproject.toml"
    return load(path, checks=checks) if path.is_file() else ()


def draft(report: Report) -> str:
    """Return a waivers file that accepts all that ``report`` found, as TOML text.

    Waivers in use keep their reason. The reasons of the others are left to fill in: until then the file does not load.
    Deviations from assumed rules are left out, since they never fail a run.
    """
    lines = [
        f"# Deviations that civis-usage check found at {_one_line(report.base_url)} on {report.started[:10]}.",
        "# Give a reason for each that you accept, and delete the others: until then the file does not load.",
        "# expires (the last day on which a waiver holds, as in expires = 2027-01-31) is optional.",
    ]
    past = {(w.check, w.field): w for w in report.expired_waivers}
    for result in report.results:
        for waiver in dict.fromkeys(waiver for _, waiver in result.waived):
            notes = [f.message for f, by in result.waived if by == waiver]
            lines += _entry(waiver, notes)
        if result.verdict is Verdict.INFO:
            continue
        for field in dict.fromkeys(finding.field for finding in result.findings):
            notes = [f.message for f in result.findings if f.field == field]
            if old := past.get((result.check.id, field)):
                notes.append(f"Waived until {old.expires}: {old.reason}")
            lines += _entry(Waiver(result.check.id, reason="", field=field), notes)
    return "\n".join(lines) + "\n"


def _entry(waiver: Waiver, notes: Sequence[str]) -> list[str]:
    return [
        "",
        *(f"# {_one_line(note)}" for note in notes),
        "[[waiver]]",
        f"check = {_toml_string(waiver.check)}",
        *([f"field = {_toml_string(waiver.field)}"] if waiver.field is not None else []),
        f"reason = {_toml_string(waiver.reason)}",
        *([f"expires = {waiver.expires}"] if waiver.expires else []),
    ]


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def _toml_string(text: str) -> str:
    return '"' + "".join(_toml_char(char) for char in text) + '"'


def _toml_char(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    return char if char.isprintable() else f"\\U{ord(char):08x}"


def _read(path: Path) -> dict[str, Any]:
    text = ""
    try:
        text = path.read_text(encoding="utf-8-sig")
        return tomllib.loads(text)
    except OSError as error:
        raise InvalidWaiver(f"{path} cannot be read ({error.strerror}): name a waivers file.") from None
    except UnicodeDecodeError:
        raise InvalidWaiver(f"{path} is not UTF-8 text: save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise InvalidWaiver(f"{path} is not TOML: {error}{_toml_hint(text, str(error))}.") from None


def _toml_hint(text: str, error: str) -> str:
    """Return how to write the value of the line that an error names."""
    place = re.search(r"at line (\d+)", error)
    lines = text.replace("\r\n", "\n").split("\n")
    line = lines[int(place[1]) - 1] if place and int(place[1]) <= len(lines) else ""
    if (entry := re.match(r"\s*([\w-]+)\s*=\s*[^\s\"'\[{]", line)) is None:
        return ""
    key = entry[1]
    if key == "expires":
        return "; a date is written as in expires = 2027-01-31"
    return f'; a text is written in quotes, as in {key} = "{_EXAMPLES.get(key, "...")}"'


_EXAMPLES = {"check": "list-llm-shape", "field": "modelId", "reason": "why it is accepted"}


def _tool_table(path: Path, document: Mapping[str, Any]) -> Mapping[str, Any]:
    tool = document.get("tool", {})
    table = tool.get("civis-usage", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise InvalidWaiver(
            f"{path}: tool.civis-usage must be a table: begin each waiver with [[{_header('waivers')}]]."
        )
    return table


def _header(key: str) -> str:
    return "tool.civis-usage.waivers" if key == "waivers" else key


def _waiver(where: str, entry: Mapping[str, Any], checks: Collection[str]) -> Waiver:
    _refuse_unknown(where, entry, _KEYS)
    check = _text(where, entry, "check", "the id of the check that it accepts a deviation from")
    if check not in checks:
        raise InvalidWaiver(f"{where}: there is no check {check!r}: {_nearest(check, checks)}")
    field = _text(where, entry, "field", "a documented field") if "field" in entry else None
    if field is not None and field not in (fields := _known_fields()):
        raise InvalidWaiver(f"{where}: there is no field {field!r}: {_nearest(field, fields)}")
    reason = _text(where, entry, "reason", "why the deviation is accepted").strip()
    if _PLACEHOLDER.fullmatch(reason):
        raise InvalidWaiver(f"{where}: the reason {reason!r} says nothing: say why the deviation is accepted.")
    return Waiver(check, reason, field, _expires(where, entry.get("expires")))


def _text(where: str, entry: Mapping[str, Any], key: str, meaning: str) -> str:
    value = entry.get(key)
    if value is None:
        raise InvalidWaiver(f"{where}: {key} is missing: give {meaning}.")
    if not isinstance(value, str):
        raise InvalidWaiver(f"{where}: {key} is {value!r}, not a string: give {meaning}.")
    return value


def _expires(where: str, value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            pass
    shown = value.isoformat() if isinstance(value, datetime) else repr(value)
    raise InvalidWaiver(f"{where}: expires is {shown}, not a day: write it as in expires = 2027-01-31.")


def _refuse_unknown(where: str, table: Mapping[str, Any], known: Collection[str]) -> None:
    for key in table:
        if key not in known:
            raise InvalidWaiver(f"{where}: there is no key {key!r}: {_nearest(key, known)}")


def _nearest(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"give one of {', '.join(sorted(known))}." if len(known) < 20 else "give one that the report shows."


def _known_checks() -> Collection[str]:
    return [check.id for check in all_checks()]


def _known_fields() -> Collection[str]:
    bodies = ("llm_usage", "matching_usage", "llm_organization_summary", "error")
    return {name for body in bodies for name in load_schema(body)["properties"]}
