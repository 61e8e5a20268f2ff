"""The operations of ``/usage`` in a spec of any dialect; all others are passed over unread."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from .document import BadSpec, dialect_of
from .form import Api, Operation, Parameter, Shape
from .nodes import Node, root
from .schemas import SchemaReader, with_told

__all__ = ["api_of", "read_api"]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_SEGMENT = "/usage"
_PLACES = {"formData": "body"}


def read_api(source: str, document: dict[str, Any], *, at: str = "") -> Api:
    """Read what a spec says of ``/usage``.

    Args:
        source: what the spec is called in messages.
        document: the parsed spec.
        at: the path of the base URL that the spec was asked for at, without a slash at its end.

    Raises:
        BadSpec: it cannot be understood, or has no operation under ``/usage``.
    """
    try:
        api = api_of(root(document), dialect_of(source, document), at=at)
    except BadSpec as error:
        raise BadSpec(f"{source} cannot be understood: {error}") from None
    if not api.operations:
        count = len(document["paths"])
        raise BadSpec(f"{source} is not the API's spec, or cut: of its {count} paths none is under /usage.")
    return api


def api_of(top: Node, dialect: str, *, at: str = "") -> Api:
    """Read the operations of ``/usage`` below ``top``; see :func:`read_api`."""
    reader = _OperationReader(top, siblings=not dialect.startswith(("Swagger", "OpenAPI 3.0")), at=at)
    return Api(dialect, tuple(reader.operations()))


class _OperationReader:
    def __init__(self, top: Node, *, siblings: bool, at: str) -> None:
        self._top = top
        self._siblings = siblings
        bases = _bases(top)
        self._base = "" if not bases or "" in bases or at in bases else bases[0]

    def operations(self) -> Iterator[Operation]:
        for path, item in self._top["paths"].items():
            if _is_usage(path):
                yield from self._at(path, self._base, item)
            elif _is_usage(self._base + path):
                yield from self._at(self._base + path, "", item)

    def _at(self, path: str, base: str, item: Node) -> Iterator[Operation]:
        item = item.followed()
        for method, node in item.items():
            if method.lower() in METHODS:
                yield self._operation(method.upper(), path, base, item, node)

    def _operation(self, method: str, path: str, base: str, item: Node, node: Node) -> Operation:
        statuses = _successes(node["responses"])
        answer = next(iter(statuses.values()), None)
        return Operation(
            method=method,
            path=path,
            name=node["operationId"].text or f"{method} {path}",
            base=base,
            parameters=tuple(self._parameters(item, node)),
            statuses=frozenset(statuses),
            media=_media(answer, node, self._top) if answer else None,
            answer=self._shape(_schema(answer)) if answer else Shape(),
            summary=node["summary"].text,
            description=node["description"].text,
            deprecated=_is_deprecated(node),
        )

    def _parameters(self, item: Node, node: Node) -> Iterator[Parameter]:
        found: dict[tuple[str, str], Node] = {}
        for listed in (item["parameters"], node["parameters"]):
            for each in map(Node.followed, listed.elements()):
                found[each["name"].text, each["in"].text] = each
        for (name, place), each in found.items():
            schema = each["schema"] if each["schema"].value is not None else _json_content(each) or each
            yield self._parameter(name, _PLACES.get(place, place), each, schema)
        if node["requestBody"].value is not None:
            body = node["requestBody"].followed()
            yield self._parameter("body", "body", body, _json_content(body) or body["schema"])

    def _parameter(self, name: str, place: str, node: Node, schema: Node) -> Parameter:
        description = node["description"].text
        return Parameter(
            name=name,
            place=place,
            required=node["required"].flag,
            shape=replace(with_told(self._shape(schema), description), description="", deprecated=False),
            description=description,
            deprecated=_is_deprecated(node),
        )

    def _shape(self, node: Node) -> Shape:
        return SchemaReader(siblings=self._siblings).shape(node)


def _is_usage(path: str) -> bool:
    return path == _SEGMENT or path.startswith(f"{_SEGMENT}/")


def _is_deprecated(node: Node) -> bool:
    return node["deprecated"].flag or bool(node["x-deprecation-warning"].value)


def _bases(top: Node) -> list[str]:
    """Give the paths before all paths: Swagger's ``basePath``, or those of OpenAPI's servers."""
    if top["basePath"].text:
        return [top["basePath"].text.rstrip("/")]
    return [_server_path(server) for server in top["servers"].elements()]


def _server_path(server: Node) -> str:
    url = server["url"].text
    for name, variable in server["variables"].items():
        url = url.replace(f"{{{name}}}", str(variable["default"].value))
    try:
        return urlsplit(url).path.rstrip("/")
    except ValueError:
        raise BadSpec(f"{server.where} has the URL {url!r}, which is none.") from None


def _successes(responses: Node) -> dict[str, Node]:
    """Give the answers of success by status, the one to expect first."""
    every = {status: node for status, node in responses.items() if not status.startswith("x-")}
    found = {status: every[status] for status in sorted(every) if status.upper() == "2XX" or status.startswith("2")}
    if not found and "default" in every:
        found = {"default": every["default"]}
    return {status: node.followed() for status, node in found.items()}


def _schema(answer: Node) -> Node:
    return _json_content(answer) or answer["schema"]


def _json_content(node: Node) -> Node | None:
    """Give the schema of what is JSON among the contents of OpenAPI 3, or of the first content."""
    contents = dict(node["content"].items())
    if not contents:
        return None
    name = next((each for each in contents if is_json(each)), next(iter(contents)))
    return contents[name]["schema"]


def is_json(media: str) -> bool:
    """Tell whether a media type or range lets ``application/json`` through."""
    return media.partition(";")[0].strip().lower() in ("application/json", "application/*", "*/*")


def _media(answer: Node, operation: Node, top: Node) -> frozenset[str] | None:
    if contents := dict(answer["content"].items()):
        return frozenset(contents)
    produced = operation["produces"] if operation["produces"].value is not None else top["produces"]
    return frozenset(each.text for each in produced.elements()) or None
