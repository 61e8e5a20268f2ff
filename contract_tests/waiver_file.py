"""Waivers files: read, and drafted from what was found.

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
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from civis_usage.client.errors import ConfigurationError
from civis_usage.contract_tests.results import Report, Verdict, Waiver

__all__ = ["WaiverError", "discover", "draft", "load"]

_KEYS = ("check", "field", "reason", "expires")
_PLACEHOLDER = re.compile(
    r"\W*((todo|tbd|fixme|xxx+)\b.*|reason|why|none|n/?a|fill (this |me |it )?in)?\W*", re.IGNORECASE | re.DOTALL
)


class WaiverError(ConfigurationError):
    """Waivers cannot be read; the message is one sentence with the file, the entry, the value and the remedy."""


def load(path: str | Path, *, checks: Collection[str] | None = None) -> tuple[Waiver, ...]:
    """Give the waivers in the file ``path``, in its order.

    Args:
        path: a waivers file, or a ``pyproject.toml`` with ``[[tool.civis-usage.waivers]]``.
        checks: the ids that a waiver may name; those of the registry where left out.

    Raises:
        WaiverError: the file cannot be read, or an entry is not a waiver.

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
        raise WaiverError(f"{path}: {key} must be a list of tables: begin each with [[{_header(key)}]].")
    known = _known_checks() if checks is None else checks
    found: dict[tuple[str, str | None], int] = {}
    waivers = []
    for number, entry in enumerate(entries, 1):
        waiver = _waiver(f"{path}, waiver {number}", entry, known)
        first = found.setdefault((waiver.check, waiver.field), number)
        if first != number:
            raise WaiverError(f"{path}, waiver {number}: waiver {first} names the same deviation: keep one of them.")
        waivers.append(waiver)
    return tuple(waivers)


def discover(directory: str | Path = ".", *, checks: Collection[str] | None = None) -> tuple[Waiver, ...]:
    """Give the waivers in the ``pyproject.toml`` of ``directory``; none where there is no such file.

    Raises:
        WaiverError: as :func:`load`.

    """
    path = Path(directory) / "pyproject.toml"
    return load(path, checks=checks) if path.is_file() else ()


def draft(report: Report) -> str:
    """Give a waivers file that accepts all that ``report`` found, as TOML text.

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
        if result.verdict is Verdict.NOTED:
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
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise WaiverError(f"{path} cannot be read ({error.strerror}): name a waivers file.") from None
    except UnicodeDecodeError:
        raise WaiverError(f"{path} is not UTF-8 text: save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise WaiverError(f"{path} is not TOML: {error}.") from None


def _tool_table(path: Path, document: Mapping[str, Any]) -> Mapping[str, Any]:
    tool = document.get("tool", {})
    table = tool.get("civis-usage", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise WaiverError(f"{path}: tool.civis-usage must be a table: begin each waiver with [[{_header('waivers')}]].")
    return table


def _header(key: str) -> str:
    return "tool.civis-usage.waivers" if key == "waivers" else key


def _waiver(where: str, entry: Mapping[str, Any], checks: Collection[str]) -> Waiver:
    _refuse_unknown(where, entry, _KEYS)
    check = _text(where, entry, "check", "the id of the check that it accepts a deviation from")
    if check not in checks:
        raise WaiverError(f"{where}: there is no check {check!r}: {_nearest(check, checks)}")
    field = _text(where, entry, "field", "a documented field") if "field" in entry else None
    if field is not None and field not in (fields := _known_fields()):
        raise WaiverError(f"{where}: there is no field {field!r}: {_nearest(field, fields)}")
    reason = _text(where, entry, "reason", "why the deviation is accepted").strip()
    if _PLACEHOLDER.fullmatch(reason):
        raise WaiverError(f"{where}: the reason {reason!r} is no reason: say why the deviation is accepted.")
    return Waiver(check, reason, field, _expires(where, entry.get("expires")))


def _text(where: str, entry: Mapping[str, Any], key: str, meaning: str) -> str:
    value = entry.get(key)
    if value is None:
        raise WaiverError(f"{where}: {key} is missing: give {meaning}.")
    if not isinstance(value, str):
        raise WaiverError(f"{where}: {key} is {value!r}, not a string: give {meaning}.")
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
    raise WaiverError(f"{where}: expires is {shown}, not a day: write it as in expires = 2027-01-31.")


def _refuse_unknown(where: str, table: Mapping[str, Any], known: Collection[str]) -> None:
    for key in table:
        if key not in known:
            raise WaiverError(f"{where}: there is no key {key!r}: {_nearest(key, known)}")


def _nearest(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"give one of {', '.join(sorted(known))}." if len(known) < 20 else "give one that the report shows."


def _known_checks() -> Collection[str]:
    from civis_usage.contract_tests.runner import checks

    return [check.id for check in checks(with_drift=True)]


def _known_fields() -> Collection[str]:
    from civis_usage.schemas import load as schema

    bodies = ("llm_usage", "matching_usage", "llm_organization_summary", "error")
    return {name for body in bodies for name in schema(body)["properties"]}
