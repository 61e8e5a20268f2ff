"""The forms that a key takes on its way, and a pattern that finds them all.

A key is looked for as it is, percent-encoded, JSON-escaped, HTML-escaped, shell-quoted, in any mixture of these, and in
base64 (standard and URL-safe, alone, as the Basic pair ``key:``, or in the midst of more). Words such as ``token`` are
never a reason to hide anything: ``inputTokens`` is a figure that readers need.

A key of fewer than :data:`DISTINCT` characters is also an ordinary word or number somewhere. It is hidden where it
stands alone, not within a longer word, so that the key ``a`` does not blot out every ``a`` of a report. Of a longer key
the beginning is hidden too, where the text was cut off within it (``…``).

Pattern and search grow in proportion to the key and to the text: a key may have thousands of characters, as a token
that is a signed document has, and what the API answers may be made to be slow.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable

__all__ = ["DISTINCT", "MASK", "finder"]

MASK = "***"
"""What stands where a key stood."""

DISTINCT = 8
"""From this length on a key is hidden within longer words too."""

_ESCAPE_BEFORE = r"(?<!\w)|(?<=%[0-9A-Fa-f]{2})|(?<=\\u[0-9A-Fa-f]{4})|(?<=\\x[0-9A-Fa-f]{2})|(?<=\\[nrtbf])"
_ESCAPING = r"\\{1,16}"
"""The backslashes before an escaped character: one, or as many as four escapes of one another make of it, 15."""
_LONGEST_FORM = 16
"""Characters that one of a key takes in its longest form that comes about: ``&amp;amp;#x2F;``."""
_B64 = r"[A-Za-z0-9+/_-]"


def finder(keys: Iterable[str]) -> re.Pattern[str] | None:
    """Give a pattern that finds ``keys`` in every form; ``None`` where there is no key to look for."""
    wanted = sorted({key for key in keys if key and key not in MASK}, key=len, reverse=True)
    next_one = "|".join(_beginning(key) for key in wanted if len(key) >= DISTINCT)
    return re.compile("|".join(_pattern(key, next_one) for key in wanted)) if wanted else None


def _beginning(key: str) -> str:
    """Match the beginning of a form of ``key``: what ends another form before it must leave to it."""
    raw = key.encode("utf-8", "surrogatepass")
    return "|".join([_forms(key[:DISTINCT]), *(_own_base64(raw, offset, DISTINCT) for offset in range(3))])


def _pattern(key: str, next_one: str) -> str:
    raw = key.encode("utf-8", "surrogatepass")
    if len(key) < DISTINCT:
        encoded = {_base64(data) for data in (raw, raw + b":")}
        return "|".join(f"(?:{_ESCAPE_BEFORE}){form}(?!\\w)" for form in [*sorted(encoded, reverse=True), _forms(key)])
    base64_of_it = _base64_forms(raw)
    cut = (_cut(_forms(key[:DISTINCT]), len(key)), _cut("".join(base64_of_it[:DISTINCT]), len(base64_of_it)))
    return "|".join([_forms(key), *(_within_base64(raw, offset, next_one) for offset in range(3)), *cut])


def _cut(beginning: str, length: int) -> str:
    """Match ``beginning``, :data:`DISTINCT` characters of ``length``, and what follows it up to an ellipsis.

    What follows is hidden whether it is the key's or not: to tell would need a group within a group for each character,
    and of those a pattern can have some hundred only.
    """
    return rf"{beginning}[^\s…]{{0,{_LONGEST_FORM * (length - DISTINCT)}}}+(?=…)"


def _base64(data: bytes) -> str:
    return "".join(_base64_forms(data)) + _padding(2)


def _within_base64(data: bytes, offset: int, next_one: str) -> str:
    """Match ``data`` in base64 of a longer text, where it begins ``offset`` bytes (modulo 3) after a group's start.

    The characters made of ``data`` alone are matched; those at its ends, which neighbours share, go with them, unless
    the next form of a key begins there.
    """
    own = _own_base64(data, offset)
    return f"{own}(?:(?!{next_one}){_B64}){{0,3}}(?:(?!{next_one}){_forms('=')}){{0,2}}"


def _own_base64(data: bytes, offset: int, most: int | None = None) -> str:
    first, last = -(-offset * 8 // 6), (offset + len(data)) * 8 // 6
    own = _base64_forms(b"\0" * offset + data)[first:last]
    return (f"{_B64}?" if offset else "") + "".join(own[:most])


def _padding(most: int) -> str:
    return f"(?:{_forms('=')}){{0,{most}}}"


def _base64_forms(data: bytes) -> list[str]:
    both = {"+": f"(?:{_forms('+')}|{_forms('-')})", "/": f"(?:{_forms('/')}|{_forms('_')})"}
    return [both.get(char, char) for char in base64.b64encode(data).decode().rstrip("=")]


def _forms(text: str) -> str:
    parts = re.findall(r"\\+|[^\\]", text)
    return "".join(_backslashes(len(part)) if part[0] == "\\" else _char(part) for part in parts)


def _backslashes(number: int) -> str:
    """Match a run of backslashes, escaped or not: as one, since there are too many ways to share a run among them."""
    one = r"\\(?:u005[cC]|x5[cC])|%(?:25)*5[cC]|&(?:amp;)*#(?:0*92|[xX]0*5[cC]);|\\"
    return f"(?:{one}){{{number},{_LONGEST_FORM * number}}}"


def _char(char: str) -> str:
    """Match ``char`` in every way of writing it; the longer ones first."""
    forms = [
        "".join(rf"%(?:25)*{_hex(byte)}" for byte in char.encode("utf-8", "surrogatepass")),
        "".join(rf"{_ESCAPING}u{_hex(unit, 4)}" for unit in _utf16(char)),
        rf"&(?:amp;)*#(?:0*{ord(char)}|[xX]0*{_hex(ord(char), 1)});",
    ]
    if ord(char) < 256:
        forms += [rf"%(?:25)*{_hex(ord(char))}", rf"{_ESCAPING}x{_hex(ord(char))}"]
    forms += [re.escape(entity).replace("&", "&(?:amp;)*", 1) for entity in _entities(char)]
    if char == "'":
        forms += [r"'\"'\"'", rf"'{_ESCAPING}''"]
    if char == " ":
        forms.append(r"\+")
    if (short := json.dumps(char)[1:-1])[:1] == "\\" and not short.startswith("\\u"):
        forms.append(_ESCAPING + re.escape(short[1:]))
    forms.append(re.escape(char))
    return rf"{'' if char.isalnum() else f'(?:{_ESCAPING})?'}(?:{'|'.join(dict.fromkeys(forms))})"


def _entities(char: str) -> list[str]:
    escaped = {html.escape(char), "&apos;" if char == "'" else char}
    return sorted(escaped - {char})


def _utf16(char: str) -> list[int]:
    data = char.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(data[i : i + 2]) for i in range(0, len(data), 2)]


def _hex(value: int, width: int = 2) -> str:
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in f"{value:0{width}x}")
