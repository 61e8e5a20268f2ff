"""A recording as values, and its file: JSON, a usage record or an interaction a line.

``version`` is raised when a reader of the version before could not read the file, or would misread it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property
from importlib import resources
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from civis_usage.client.errors import ConfigurationError
from civis_usage.contract_tests.collect.interaction import Credentials, Interaction
from civis_usage.schemas import OPERATIONS, load, validator
from civis_usage.schemas.json_format import InvalidJSON, decode

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

__all__ = [
    "InvalidRecording",
    "Recording",
    "is_recording",
    "parse",
    "read",
    "render",
]

FORMAT = "civis-usage-recording"
VERSION = 2
_AGAIN = "record it again with civis-usage record"
_KINDS = {"list_llm": "llm", "list_matching": "matching"}


class InvalidRecording(ConfigurationError):  # noqa: N818 - named as in `except InvalidRecording`
    """A file is not a recording that can be used. The message says what is wrong, where, and the remedy."""


@dataclass(frozen=True)
class Recording:
    """The interactions of one run of the check, and what is needed to run it again on them."""

    kit: str
    """The version of the kit that made it."""
    recorded_at: datetime
    """The run's clock; aware."""
    base_url: str
    """Without credentials."""
    organizations: tuple[int, ...]
    """The organizations that were looked at."""
    start: datetime | None
    """The window that the user named; ``None`` where the check chose."""
    end: datetime | None
    seed: int
    """The seed of the check's choices."""
    interactions: tuple[Interaction, ...]
    """In the order in which they were sent."""
    further: tuple[Interaction, ...] = ()
    """What was requested beside, to settle open questions."""

    @property
    def records(self) -> tuple[dict[str, Any], ...]:
        """The usage records in the lists, each once, with its ``kind`` and its documented fields.

        A field that breaks the schema is left out, so that the fake fills it in, and so is a record without what
        names it. Of LLM usage with one id, the first counts.
        """
        return tuple({"kind": each.kind, **each.fields} for each in self._usage if not each.is_nameless)

    @property
    def incomplete(self) -> Counter[tuple[str, str]]:
        """How many of the records lack a field, by kind and by what is wrong with it: ``modelId is missing``."""
        return Counter((each.kind, why) for each in self._usage if not each.is_nameless for why in each.flaws.values())

    @property
    def left_out(self) -> Counter[tuple[str, str]]:
        """How many records are left out, by kind and reason."""
        return Counter(
            (each.kind, why) for each in self._usage for name, why in each.flaws.items() if name in _NAMES[each.kind]
        )

    @cached_property
    def _usage(self) -> tuple[_Usage, ...]:
        found: dict[tuple[str, str], _Usage] = {}
        for kind, record in _listed(self.interactions):
            schema = OPERATIONS[f"list_{kind}"].body
            fields = {name: record[name] for name in load(schema)["properties"] if name in record}
            number = fields.get("id")
            identity = (kind, json.dumps(fields if number is None else number, sort_keys=True))
            if identity not in found or found[identity].flaws:
                flaws = _flaws(schema, fields)
                if identity not in found or not flaws:
                    kept = {name: value for name, value in fields.items() if name not in flaws}
                    found[identity] = _Usage(kind, kept, flaws)
        return tuple(_without_doubles(found.values()))


_NAMES = {
    "llm": ("id", "organizationId", "runCreatedAt"),
    "matching": ("runId", "organizationId", "runCreatedAt"),
}
"""The fields without which a record cannot be found: by kind."""


@dataclass(frozen=True)
class _Usage:
    """A usage record of a list, without the fields that are missing or wrong."""

    kind: str
    fields: dict[str, Any]
    flaws: Mapping[str, str]
    """What is wrong with the others, by their names."""

    def is_part_of(self, other: _Usage) -> bool:
        """Return whether another record has all that this one has."""
        return self.fields.items() <= other.fields.items()

    @property
    def is_nameless(self) -> bool:
        return any(name in self.flaws for name in _NAMES[self.kind])


def _without_doubles(usage: Iterable[_Usage]) -> Iterator[_Usage]:
    """Yield the records but those of which another list shows more: matching usage has no id to tell it by."""
    by_run: dict[object, list[_Usage]] = {}
    for each in usage:
        by_run.setdefault((each.kind, each.fields.get("runId")), []).append(each)
    for same in by_run.values():
        for each in same:
            shown = any(each.flaws.keys() > other.flaws.keys() and each.is_part_of(other) for other in same)
            if each.is_nameless or not shown:
                yield each


def _flaws(schema: str, fields: Mapping[str, Any]) -> dict[str, str]:
    if validator(schema).is_valid(fields):
        return {}
    missing = {name: f"{name} is missing" for name in load(schema)["required"] if name not in fields}
    wrong = {str(error.path[0]) for error in validator(schema).iter_errors(fields) if error.path}
    return missing | {name: f"{name} is {'null' if fields[name] is None else 'not as documented'}" for name in wrong}


def _listed(interactions: Iterable[Interaction]) -> Iterator[tuple[str, dict[str, Any]]]:
    for each in interactions:
        kind = _KINDS.get(each.operation)
        body = _json(each.body) if kind is not None and each.status == 200 else None
        for record in body if isinstance(body, list) else []:
            if kind is not None and isinstance(record, dict):
                yield kind, record


def render(recording: Recording) -> str:
    """Return the text of a recording's file."""
    head = {
        "format": FORMAT,
        "version": VERSION,
        "kit": recording.kit,
        "recorded_at": _format(recording.recorded_at),
        "base_url": recording.base_url,
        "organizations": list(recording.organizations),
        "start": recording.start and _format(recording.start),
        "end": recording.end and _format(recording.end),
        "seed": recording.seed,
    }
    records = _lines(recording.records)
    interactions = _lines(map(_document, recording.interactions))
    further = _lines(map(_document, recording.further))
    opening = json.dumps(head, indent=1).removesuffix("\n}")
    return f'{opening},\n "records": [{records}],\n "interactions": [{interactions}],\n "further": [{further}]\n}}\n'


def _lines(values: Iterable[Any]) -> str:
    text = ",\n".join(map(json.dumps, values))
    return f"\n{text}\n " if text else ""


def _document(interaction: Interaction) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operation": interaction.operation,
        "params": dict(interaction.params),
        "credentials": str(interaction.credentials),
        "sent_at": _format(interaction.sent_at),
    }
    if interaction.failure is not None:
        return found | {"failure": interaction.failure}
    text = interaction.body.decode("utf-8", "replace")
    body = _json(interaction.body)
    # A body that JSON would write in another way (1e999, a name twice, blanks) is kept as text.
    kept = {"body": body} if _compact(body) == text else {"text": text}
    return found | {"status": interaction.status, "headers": dict(interaction.headers)} | kept


def is_recording(text: str) -> bool:
    """Return whether ``text`` says within its first lines that it is a recording, whole or not."""
    return f'"{FORMAT}"' in text[:1000]


def read(path: str | Path) -> Recording:
    """Return the recording in a file.

    Raises:
        InvalidRecording: it cannot be read or used. The message does not name the file.
    """
    try:
        return parse(Path(path).read_bytes())
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InvalidRecording(f"it cannot be read ({reason}); name a file that civis-usage record wrote") from None


def parse(content: bytes) -> Recording:
    """Return the recording in the content of a file, laid out as any JSON editor may have saved it.

    Raises:
        InvalidRecording: it cannot be used.
    """
    try:
        document = decode(content.decode("utf-8-sig"))
    except ValueError as error:
        raise InvalidRecording(f"it is not a whole recording ({error}); {_AGAIN}") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise InvalidRecording(f'it is not a recording (it has no "format": "{FORMAT}"); {_AGAIN}')
    version = document.get("version")
    if isinstance(version, int) and version > VERSION:
        raise InvalidRecording(f"a newer civis-usage-kit recorded it (version {version}); upgrade civis-usage-kit")
    if version != VERSION:
        raise InvalidRecording(f"an older civis-usage-kit recorded it, and this one cannot read it; {_AGAIN}")
    problem = next(_schema().iter_errors(document), None)
    if problem is not None:
        raise InvalidRecording(f"it is damaged ({problem.json_path}: {problem.message[:200]}); {_AGAIN}")
    try:
        return _recording(document)
    except ValueError as error:
        raise InvalidRecording(f"it is damaged ({error}); {_AGAIN}") from None


@cache
def _schema() -> Validator:
    from jsonschema import Draft202012Validator

    file = resources.files("civis_usage.contract_tests.recording").joinpath("recording.schema.json")
    return Draft202012Validator(json.loads(file.read_text("utf-8")))


def _recording(document: Mapping[str, Any]) -> Recording:
    return Recording(
        kit=document["kit"],
        recorded_at=_parse(document["recorded_at"]),
        base_url=document["base_url"],
        organizations=tuple(document["organizations"]),
        start=document["start"] and _parse(document["start"]),
        end=document["end"] and _parse(document["end"]),
        seed=document["seed"],
        interactions=tuple(map(_interaction, count(), document["interactions"])),
        further=tuple(map(_interaction, count(len(document["interactions"])), document.get("further", []))),
    )


def _interaction(number: int, document: Mapping[str, Any]) -> Interaction:
    text = document.get("text")
    return Interaction(
        operation=document["operation"],
        params=document["params"],
        credentials=Credentials(document["credentials"]),
        sent_at=_parse(document["sent_at"]),
        status=document.get("status"),
        headers=document.get("headers", {}),
        body=(_compact(document["body"]) if "body" in document else text or "").encode(),
        failure=document.get("failure"),
        number=number,
    )


def _json(content: bytes) -> Any:
    try:
        return decode(content)
    except InvalidJSON:
        return None


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _format(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _parse(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment
