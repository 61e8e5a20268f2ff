"""A place in a spec: its value, where it stands, and how its references are followed.

References are followed within the documents at hand only; nothing is ever loaded from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .document import BadSpec

if TYPE_CHECKING:
    from referencing._core import Resolver

__all__ = ["Node", "root"]

_SHOWN = 100


@dataclass(frozen=True)
class Node:
    """A place in a document. What is ``null`` counts as absent, as the API's own spec has it."""

    value: Any
    path: str
    """``paths./usage/llm.get``"""
    resolver: Resolver[Any] = field(repr=False)

    def __getitem__(self, key: str) -> Node:
        """Give the place under ``key``, its value ``None`` where there is none."""
        return self._below(self.mapping.get(key), key)

    @property
    def where(self) -> str:
        """The path, cut where it is long, for messages."""
        return self.path if len(self.path) <= _SHOWN else f"{self.path[:_SHOWN]}…"

    @property
    def mapping(self) -> Mapping[str, Any]:
        """The object that stands here; an empty one where nothing does.

        Raises:
            BadSpec: something else stands here.
        """
        return self._typed(dict, "an object") or {}

    @property
    def text(self) -> str:
        """The string that stands here; empty where none does.

        Raises:
            BadSpec: something else stands here.
        """
        return self._typed(str, "a string") or ""

    @property
    def flag(self) -> bool:
        """The boolean that stands here; ``False`` where none does.

        Raises:
            BadSpec: something else stands here.
        """
        return self._typed(bool, "true or false") or False

    def items(self) -> Iterator[tuple[str, Node]]:
        """Give each key and place of the object that stands here, but for those that are ``null``."""
        yield from ((key, self._below(value, key)) for key, value in self.mapping.items() if value is not None)

    def elements(self) -> Iterator[Node]:
        """Give each place of the list that stands here."""
        values: list[Any] = self._typed(list, "a list") or []
        yield from (self._below(value, str(number)) for number, value in enumerate(values))

    def followed(self) -> Node:
        """Give the place that a reference here leads to, or this one where there is none.

        Raises:
            BadSpec: it leads nowhere, elsewhere, or around in a circle.
        """
        node, seen = self, set()
        while (reference := node.reference) is not None:
            if reference in seen:
                raise BadSpec(f"{self.where}: the reference {reference!r} leads back to itself.")
            seen.add(reference)
            node = node.step()
        return node

    @property
    def reference(self) -> str | None:
        """The reference that stands here; ``None`` where there is none."""
        found = self.value.get("$ref") if isinstance(self.value, dict) else None
        return found if isinstance(found, str) else None

    def step(self) -> Node:
        """Follow the reference that stands here by one step.

        Raises:
            BadSpec: it leads nowhere.
        """
        from referencing.exceptions import Unresolvable

        reference = self.reference or ""
        try:
            found = self.resolver.lookup(reference)
        except (Unresolvable, ValueError, TypeError, LookupError):
            raise BadSpec(
                f"{self.where}: the reference {reference!r} leads nowhere: the spec lacks that part."
            ) from None
        return replace(self, value=found.contents, resolver=found.resolver)

    def _below(self, value: Any, key: str) -> Node:
        return replace(self, value=value, path=f"{self.path}.{key}" if self.path else key)

    def _typed(self, kind: type, words: str) -> Any:
        if self.value is not None and not isinstance(self.value, kind):
            raise BadSpec(f"{self.where or 'the spec'} is {_shown(self.value)}, not {words}.")
        return self.value


def root(document: Any, others: Mapping[str, Any] | None = None, *, uri: str = "") -> Node:
    """Give the top of ``document``.

    Args:
        document: the parsed JSON.
        others: further documents that references may lead to, by their URIs.
        uri: the document's own.
    """
    from referencing import Registry, Resource

    documents = {uri: document, **(others or {})}
    registry: Registry[Any] = Registry().with_resources(
        (each, Resource.opaque(contents)) for each, contents in documents.items()
    )
    return Node(document, "", registry.resolver(base_uri=uri))


def _shown(value: object) -> str:
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    return repr(value if not isinstance(value, str) else value[:40])
