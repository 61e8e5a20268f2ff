"""The file of a recording: JSON, an exchange a line, with digests that tell what was changed by hand.

``version`` is raised when a reader of the version before could not read it, or would take it for something else.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from civis_usage.recordings.recording import Exchange, Recording

__all__ = ["FORMAT", "VERSION", "BadRecording", "is_recording", "parse", "read", "render"]

FORMAT = "civis-usage-recording"
VERSION = 1

_BEGINS = re.compile(rf'\s*\{{\s*"format"\s*:\s*"{FORMAT}"')
_AGAIN = "make it again with civis-usage record"


class BadRecording(ValueError):  # noqa: N818 - named by what is wrong
    """What should be a recording cannot be used. Its text is one sentence: what is wrong, where, and the remedy."""

    def __init__(self, problem: str, remedy: str = _AGAIN) -> None:
        super().__init__(f"{problem}; {remedy}")
        self.problem = problem
        self.remedy = remedy

    def __reduce__(self) -> tuple[type[Self], tuple[str, str], dict[str, Any]]:
        # An exception is made anew, in another process or as a copy, of its text, which has the remedy already.
        return type(self), (self.problem, self.remedy), vars(self)


def is_recording(text: str) -> bool:
    """Tell whether ``text`` says at its beginning that it is a recording, whole or not."""
    return _BEGINS.match(text) is not None


def render(recording: Recording) -> str:
    """Give a recording as the text of its file."""
    lines = [json.dumps(_sealed(_exchange(each))) for each in recording.exchanges]
    head = _head(recording)
    head["digest"] = _digest([head, *(json.loads(line)["digest"] for line in lines)])
    opening = json.dumps(head, indent=1).removesuffix("\n}")
    return f'{opening},\n "exchanges": [\n' + ",\n".join(lines) + "\n ]\n}\n"


def read(path: str | Path) -> Recording:
    """Read the file of a recording.

    Raises:
        BadRecording: it is none, or not whole, or changed, or newer than this kit, or cannot be read. The message does
            not name the file.
    """
    try:
        return parse(Path(path).read_bytes().decode("utf-8"))
    except OSError as error:
        raise BadRecording(
            f"it cannot be read ({(error.strerror or str(error)).lower()})", "name a recording"
        ) from None
    except UnicodeDecodeError:
        raise BadRecording("it is no recording (not UTF-8)", _AGAIN) from None


def parse(text: str) -> Recording:
    """Read the text of a recording; raises :class:`BadRecording` as :func:`read` does."""
    if not text.strip():
        raise BadRecording("it is empty")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        what = "it is cut off or damaged" if is_recording(text) else "it is no recording"
        raise BadRecording(f"{what} ({error})") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise BadRecording(f'it is no recording (there is no "format": "{FORMAT}")')
    _demand_version(document.get("version"))
    try:
        _demand_intact(document)
        return _recording(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, BadRecording):
            raise
        raise BadRecording(f"it is damaged ({type(error).__name__}: {error})") from None


def _demand_version(version: object) -> None:
    if not isinstance(version, int) or version < 1:
        raise BadRecording(f"it has no version that can be ({version!r})")
    if version > VERSION:
        problem = f"it is of version {version}, made by a newer kit than this, which reads version {VERSION}"
        raise BadRecording(problem, "upgrade civis-usage-kit")


def _demand_intact(document: Mapping[str, Any]) -> None:
    """Find what was changed since the recording was made, and say where."""
    exchanges = document["exchanges"]
    for number, each in enumerate(exchanges, 1):
        if _sealed(each)["digest"] != each["digest"]:
            place = f"answer {number} of {len(exchanges)}, to {each.get('operation')}"
            raise BadRecording(f"{place}, is not as it was recorded: it was changed by hand or damaged")
    head = {name: value for name, value in document.items() if name not in ("digest", "exchanges")}
    if _digest([head, *(each["digest"] for each in exchanges)]) != document["digest"]:
        raise BadRecording("it is not as it was made: answers are gone or moved, or what stands above them was changed")


def _sealed(exchange: Mapping[str, Any]) -> dict[str, Any]:
    bare = {name: value for name, value in exchange.items() if name != "digest"}
    return bare | {"digest": _digest(bare)}


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _head(recording: Recording) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "kit": recording.kit,
        "madeAt": _stamp(recording.made_at),
        "madeFrom": recording.made_from,
        "window": {"from": _stamp(recording.start), "to": _stamp(recording.end)},
        "organizations": list(recording.organizations),
        "blurred": recording.blurred,
        "check": {
            "now": _stamp(recording.now),
            "seed": recording.seed,
            "organizations": list(recording.named),
            "summaryDecimals": recording.summary_decimals,
        },
    }


def _recording(document: Mapping[str, Any]) -> Recording:
    window, check = document["window"], document["check"]
    made_at, now = _moment(document["madeAt"]), _moment(check["now"])
    if made_at is None or now is None:
        raise BadRecording("it does not say when it was made")
    return Recording(
        kit=document["kit"],
        made_at=made_at,
        made_from=document["madeFrom"],
        start=_moment(window["from"]),
        end=_moment(window["to"]),
        organizations=tuple(document["organizations"]),
        blurred=document["blurred"],
        now=now,
        seed=check["seed"],
        named=tuple(check["organizations"]),
        summary_decimals=check["summaryDecimals"],
        exchanges=tuple(_exchange_of(each) for each in document["exchanges"]),
    )


def _exchange(exchange: Exchange) -> dict[str, Any]:
    return dict(_told(exchange))


def _told(exchange: Exchange) -> Iterator[tuple[str, Any]]:
    yield "operation", exchange.operation
    yield "parameters", dict(exchange.parameters)
    yield "key", exchange.key
    if exchange.failure is not None:
        yield "failure", exchange.failure
        return
    yield "status", exchange.status
    yield "headers", dict(exchange.headers)
    yield ("body", exchange.body) if exchange.text is None else ("text", exchange.text)


def _exchange_of(told: Mapping[str, Any]) -> Exchange:
    if "failure" in told:
        return Exchange(told["operation"], told["parameters"], told["key"], failure=told["failure"])
    more = {name: told[name] for name in ("body", "text") if name in told}
    return Exchange(told["operation"], told["parameters"], told["key"], told["status"], told["headers"], **more)


def _stamp(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
