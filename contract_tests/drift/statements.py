"""What an API description says of ``/usage``, as flat statements: ``(operation, location, keyword)`` → value.

Swagger 2.0 and OpenAPI 3 become the same statements, so that two descriptions can be compared statement by statement.
Every keyword of a schema makes a statement, known here or not; annotations such as ``title`` and ``example`` make none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from .errors import InvalidSpec

__all__ = ["Location", "Reader", "Statement"]

MAX_STATEMENTS = 20_000
"""Schemas whose references multiply would otherwise have no end. The contract makes some 300 statements."""

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
NOT_COMPARED = {"$comment", "$id", "$schema", "example", "examples", "externalDocs", "title", "x-examples", "xml"}
"""Annotations that say nothing about the values."""
STRUCTURE = {"$ref", "deprecated", "enum", "items", "nullable", "properties", "required", "type", "x-nullable"}
"""Keywords of a schema that are read, not copied."""
OF_A_PARAMETER = {"content", "deprecated", "in", "name", "required", "schema"}
"""Keywords of a parameter that do not describe its value."""
_ENUM_IN_WORDS = re.compile(r'\bone of (\["[^\]]*"\])', re.IGNORECASE)
_KINDS = {str: "a string", bool: "true or false", dict: "an object", list: "a list"}

Location = tuple[str, ...]
"""``("operation",)``, ``("parameter task",)``, ``("response", "[]", ".credits")``."""


class Statement(NamedTuple):
    """What a value is said of."""

    operation: str
    """Method and path, parameters without their names: ``GET /usage/llm/{}``."""
    location: Location
    keyword: str
    """A keyword of JSON Schema or of a parameter; ``operation``, ``parameter`` or ``field`` says that there is one."""


class Reader:
    """Reads a parsed document.

    Args:
        document: with an object ``paths``.
        base_path: the path of the base URL that answered with it, without a slash at its end.
        siblings: whether what stands beside a ``$ref`` counts, as from OpenAPI 3.1 on.
    """

    def __init__(self, document: dict[str, Any], *, base_path: str, siblings: bool) -> None:
        self.names: dict[str, str] = {}
        """Of each operation that was read, its ``operationId``, or method and path where it has none."""
        self._document = document
        self._siblings = siblings
        bases = _base_paths(document)
        self._base = "" if not bases or "" in bases or base_path in bases else bases[0]

    def statements(self) -> Iterator[tuple[Statement, Any]]:
        """Read the statements, one by one.

        Raises:
            InvalidSpec: a part of the document is not what it must be.
        """
        count = 0
        for method, path, base, shared, node in self._operations():
            operation = f"{method} {re.sub('{[^{}]*}', '{}', path).rstrip('/')}"
            if operation in self.names:
                continue
            request = f"{method} {path}"
            try:
                self.names[operation] = _get(node, "operationId", str) or request
                for location, keyword, value in self._operation(request, path, base, shared, node):
                    count += 1
                    if count > MAX_STATEMENTS:
                        raise InvalidSpec(f"more than {MAX_STATEMENTS} statements are too many to be compared")
                    if value is not None and value != "":
                        yield Statement(operation, location, keyword), value
            except InvalidSpec as error:
                raise InvalidSpec(f"{request}: {error}") from None

    def _operations(self) -> Iterator[tuple[str, str, str, list[Any], dict[str, Any]]]:
        for path, item in self._document["paths"].items():
            if _is_usage(path):
                full, base = path, self._base
            elif _is_usage(self._base + path):
                full, base = self._base + path, ""
            else:
                continue
            try:
                found = self._resolve(item)
                for method in found:
                    if method.lower() in METHODS and (node := _get(found, method, dict)) is not None:
                        yield method.upper(), full, base, _get(found, "parameters", list) or [], node
            except InvalidSpec as error:
                raise InvalidSpec(f"{path}: {error}") from None

    def _operation(
        self, request: str, path: str, base: str, shared: list[Any], node: dict[str, Any]
    ) -> Iterator[tuple[Location, str, Any]]:
        here = ("operation",)
        summary, description = _get(node, "summary", str), _get(node, "description", str)
        yield here, "operation", summary or description or request
        yield here, "base path", base
        yield here, "deprecated", _is_deprecated(node)
        yield here, "summary", summary
        yield here, "description", description
        yield from self._parameters(path, [*shared, *(_get(node, "parameters", list) or [])])
        if "requestBody" in node and node["requestBody"] is not None:
            body = self._resolve(node["requestBody"])
            yield from self._parameter(("request body",), "body", body)
        yield from self._response(node)

    def _parameters(self, path: str, listed: list[Any]) -> Iterator[tuple[Location, str, Any]]:
        in_path = re.findall("{([^{}]*)}", path)
        found = {}
        for each in map(self._resolve, listed):
            found[_get(each, "name", str), _get(each, "in", str)] = each
        seen = set()
        for (name, place), each in found.items():
            if place == "path" and name in in_path:  # on the wire it has a position, and no name
                label = f"path parameter {in_path.index(name) + 1}"
            elif place == "body":
                label = "request body"
            else:
                label = f"parameter {name}"
            location = (f"{label} ({place})" if label in seen else label,)
            seen.add(label)
            yield from self._parameter(location, place or "", each)

    def _parameter(self, location: Location, place: str, node: dict[str, Any]) -> Iterator[tuple[Location, str, Any]]:
        content = _get(node, "content", dict)
        schema = self._resolve(_content_schema(content) if content else _get(node, "schema", dict) or {})
        plain = {key: value for key, value in node.items() if key not in OF_A_PARAMETER}
        schema = {**plain, **schema, "description": node.get("description") or schema.get("description")}
        required = bool(_get(node, "required", bool))
        yield location, "parameter", f"{_words(schema)}, {'required' if required else 'optional'}"
        yield location, "in", place
        yield location, "name", None if place == "body" else _get(node, "name", str)
        yield location, "required", required
        yield from self._schema(location, {**schema, "deprecated": _is_deprecated(node)})

    def _response(self, node: dict[str, Any]) -> Iterator[tuple[Location, str, Any]]:
        responses = _get(node, "responses", dict) or {}
        # 2XX stands for 200, and so does a default that stands alone.
        successes = {re.sub("(?i)^2XX$", "200", key): each for key, each in responses.items() if key.startswith("2")}
        if not successes and "default" in responses:
            successes = {"200": responses["default"]}
        yield ("response",), "status", sorted(successes) or ["none"]
        if not successes:
            return
        answer = self._resolve(successes[min(successes)])
        content = _get(answer, "content", dict)
        produces = node if node.get("produces") is not None else self._document
        media = list(content) if content else _get(produces, "produces", list) or ["application/json"]
        is_json = any(map(_is_json, media))
        yield ("response",), "media type", ["application/json"] if is_json else sorted(map(str, media))
        yield from self._schema(("response",), _content_schema(content) if content else answer.get("schema"))

    def _schema(
        self, location: Location, node: Any, above: tuple[str, ...] = ()
    ) -> Iterator[tuple[Location, str, Any]]:
        if node is None or isinstance(node, bool):
            node = {"not": {}} if node is False else {}
        reference = node.get("$ref") if isinstance(node, dict) else None
        if reference in above:
            yield location, "repeats", len(above) - above.index(reference)
            return
        above = (*above, reference) if isinstance(reference, str) else above
        node = self._resolve(node)
        types = _types(node)
        yield location, "type", types
        yield from ((location, *each) for each in _enum(node, types))
        yield location, "deprecated", _is_deprecated(node)
        for keyword, value in node.items():
            if keyword not in STRUCTURE and keyword not in NOT_COMPARED:
                yield location, keyword, value
        properties = _get(node, "properties", dict) or {}
        required = {*map(str, _get(node, "required", list) or [])}
        for name in dict.fromkeys([*properties, *sorted(required)]):
            inner = (*location, f".{name}")
            yield inner, "field", _words(self._resolve(properties.get(name) or {}))
            yield inner, "required", name in required
            yield from self._schema(inner, properties.get(name), above)
        if "array" in (types or ()) or node.get("items") is not None:
            yield from self._schema((*location, "[]"), node.get("items"), above)

    def _resolve(self, node: Any) -> dict[str, Any]:
        """Return the object that ``node`` is, or that its reference leads to."""
        beside: dict[str, Any] = {}
        followed = set()
        while isinstance(node, dict) and (reference := _get(node, "$ref", str)) is not None:
            if reference in followed:
                raise InvalidSpec(f"the reference {_short(reference)} leads back to itself")
            followed.add(reference)
            if self._siblings:
                beside = {key: value for key, value in node.items() if key != "$ref"} | beside
            node = self._target(reference)
        if not isinstance(node, (dict, bool)):
            raise InvalidSpec(f"{_short(node)} stands where an object must be")
        return {**({} if isinstance(node, bool) else node), **beside}

    def _target(self, reference: str) -> Any:
        """Return what a reference leads to; nothing is loaded from elsewhere."""
        found: Any = self._document
        try:
            start, *steps = unquote(reference).split("/")
            if start != "#":
                raise KeyError(start)
            for step in steps:
                key = step.replace("~1", "/").replace("~0", "~")
                found = found[int(key) if isinstance(found, list) else key]
        except (LookupError, TypeError, ValueError):
            raise InvalidSpec(f"the reference {_short(reference)} leads nowhere: the spec lacks that part") from None
        return found


def _is_usage(path: str) -> bool:
    return path == "/usage" or path.startswith("/usage/")


def _base_paths(document: dict[str, Any]) -> list[str]:
    """Return the paths before all paths: Swagger's ``basePath``, or those of OpenAPI's servers."""
    if base := _get(document, "basePath", str):
        return [base.rstrip("/")]
    servers = [each for each in _get(document, "servers", list) or [] if isinstance(each, dict)]
    return [_url_path(_get(each, "url", str) or "") for each in servers]


def _url_path(url: str) -> str:
    try:
        return urlsplit(url).path.rstrip("/")
    except ValueError:
        raise InvalidSpec(f"the server's URL {_short(url)} is not valid") from None


def _is_deprecated(node: dict[str, Any]) -> bool:
    return bool(_get(node, "deprecated", bool) or node.get("x-deprecation-warning"))


def _is_json(media: object) -> bool:
    return str(media).partition(";")[0].strip().lower() in ("application/json", "application/*", "*/*")


def _content_schema(content: dict[str, Any]) -> Any:
    """Return the schema of what is JSON among the contents of OpenAPI 3, or of the first content."""
    name = next(filter(_is_json, content), next(iter(content)))
    return (_get(content, name, dict) or {}).get("schema") or {}


def _types(node: dict[str, Any]) -> list[str] | None:
    listed = node.get("type")
    if listed is None:
        listed = "object" if "properties" in node else "array" if "items" in node else None
    if listed is None:
        return None
    names = listed if isinstance(listed, list) else [listed]
    for name in names:
        if not isinstance(name, str):
            raise InvalidSpec(f"type is {_short(name)}, not a string")
    null = ["null"] if _get(node, "nullable", bool) or _get(node, "x-nullable", bool) else []
    return sorted({*names, *null}, key=lambda name: (name == "null", name))


def _enum(node: dict[str, Any], types: list[str] | None) -> Iterator[tuple[str, Any]]:
    """State the values that a schema lists, or else those that its description does.

    The API's own spec lists no values, and writes ``One of ["A", "B"].`` in the description (documented).
    """
    listed = _get(node, "enum", list)
    notation = "a list"
    if listed is None and "string" in (types or ()):
        found = _ENUM_IN_WORDS.search(_get(node, "description", str) or "")
        try:
            listed, notation = (json.loads(found[1]) if found else None), "the description"
        except ValueError:
            listed = None
    if listed is not None:
        yield "enum", sorted((each for each in listed if each is not None), key=_sort_key)
        yield "enum notation", notation


def _sort_key(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _words(schema: dict[str, Any]) -> str:
    return ", ".join(_types(schema) or ["anything"])


def _get(node: dict[str, Any], key: str, kind: type[Any]) -> Any:
    """Return what stands under ``key``; ``None`` where nothing does, as the API's own spec writes ``null`` for absent.

    Raises:
        InvalidSpec: something of another kind stands there.
    """
    value = node.get(key)
    if value is not None and not isinstance(value, kind):
        raise InvalidSpec(f"{key[:60]} is {_short(value)}, not {_KINDS[kind]}")
    return value


def _short(value: object) -> str:
    if isinstance(value, (dict, list)):
        return _KINDS[type(value)]
    return repr(value if not isinstance(value, str) else value[:60])
