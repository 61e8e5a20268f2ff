"""Pseudonyms: the same in, the same out, and no way back without a secret that is never written."""

from __future__ import annotations

import hmac
import math
import re
import secrets
import string
from itertools import count
from typing import Any

__all__ = ["Pseudonyms"]

SAFE = 2**53
"""Integers below it are exact in every reader of JSON."""
PATIENCE = 200
"""How often another text of the same length is tried where one is taken already."""


class Pseudonyms:
    """Gives each value another one, by a keyed function (HMAC-SHA-256); no two values of one kind get the same.

    Integers stay integers with their sign and their range: exact in JavaScript, of 64 bits, or longer. Texts keep their
    length and their shape: a small letter becomes a small letter, a digit a digit, and all else stays.

    Args:
        secret: the key of the function; left out, a random one that lives as long as this object.
    """

    def __init__(self, secret: bytes | None = None) -> None:
        self._secret = secrets.token_bytes(32) if secret is None else secret
        self._given: dict[tuple[str, int | str], int | str] = {}
        self._meant: dict[tuple[str, int | str], int | str] = {}

    def value(self, kind: str, value: Any) -> Any:
        """Give the pseudonym of any JSON value, of its type; ``null`` and booleans stay, containers keep their form."""
        if isinstance(value, list):
            return [self.value(kind, item) for item in value]
        if isinstance(value, dict):
            return {self.text(kind, name): self.value(f"{kind}.{name}", item) for name, item in value.items()}
        if isinstance(value, str):
            return self.text(kind, value)
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int) or (abs(value) < SAFE and value.is_integer()):
            return type(value)(self.number(kind, int(value)))
        return self._drawn(kind, repr(value), 0) % 2**40 + 0.5

    def number(self, kind: str, value: int) -> int:
        """Give the pseudonym of an integer."""
        known = self._given.get((kind, value))
        if known is None:
            low, high = _range(value)
            sign = -1 if value < 0 else 1
            candidates = (sign * (low + self._drawn(kind, value, attempt) % (high - low)) for attempt in count())
            known = next(each for each in candidates if each != value and (kind, each) not in self._meant)
            self._keep(kind, value, known)
        return int(known)

    def text(self, kind: str, value: str) -> str:
        """Give the pseudonym of a text; that of an integer in decimal digits is its integer's."""
        if re.fullmatch("-?[1-9][0-9]{0,30}", value):
            return str(self.number(kind, int(value)))
        if not any(map(str.isalnum, value)):
            return value
        known = self._given.get((kind, value))
        if known is None:
            candidates = (self._shaped(kind, value, attempt) for attempt in count())
            known = next(each for each in candidates if each != value and (kind, each) not in self._meant)
            self._keep(kind, value, known)
        return str(known)

    def meant(self, kind: str, pseudonym: int) -> int:
        """Give the integer that ``pseudonym`` stands for; one that stands for nothing stands for itself from now on."""
        if (kind, pseudonym) not in self._meant and (kind, pseudonym) not in self._given:
            self._keep(kind, pseudonym, pseudonym)
        return int(self._meant.get((kind, pseudonym), pseudonym))

    def read(self, text: str) -> str:
        """Give ``text`` with the integers that pseudonyms in it stand for: for the eyes of the user, in no file."""
        numbers = {str(pseudonym): str(value) for (_, pseudonym), value in self._meant.items()}
        return re.sub("[0-9]{16,}", lambda found: numbers.get(found[0], found[0]), text)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def _keep(self, kind: str, value: int | str, pseudonym: int | str) -> None:
        self._given[kind, value] = pseudonym
        self._meant[kind, pseudonym] = value

    def _drawn(self, kind: str, value: int | str, attempt: int, block: int = 0) -> int:
        message = "\0".join((kind, repr(value), str(attempt), str(block)))
        return int.from_bytes(hmac.digest(self._secret, message.encode("utf-8", "surrogatepass"), "sha256"))

    def _shaped(self, kind: str, value: str, attempt: int) -> str:
        """Give a text of the shape of ``value``; a longer one after many attempts, since short shapes run out."""
        shape = value + "x" * max(0, attempt - PATIENCE)
        blocks = (self._drawn(kind, value, attempt, block) for block in range(math.ceil(len(shape) / 16)))
        draws = b"".join(block.to_bytes(32) for block in blocks)
        return "".join(_of_class(char, draws[2 * at] << 8 | draws[2 * at + 1]) for at, char in enumerate(shape))


def _range(value: int) -> tuple[int, int]:
    """Give where the pseudonym of ``value`` may lie, without its sign: so wide that no original is met by chance."""
    if abs(value) < SAFE:
        return 4 * 10**15, 9 * 10**15
    if -(2**63) <= value < 2**63:
        return 2**62, 2**63
    return 2 ** (value.bit_length() - 1), 2 ** value.bit_length()


def _of_class(char: str, draw: int) -> str:
    for alphabet in (string.ascii_lowercase, string.ascii_uppercase, string.digits):
        if char in alphabet:
            return alphabet[draw % len(alphabet)]
    return "é" if char.isalnum() else char
