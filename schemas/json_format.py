"""JSON: as the API writes it (compact, UTF-8, safe to stand inside a page of HTML), and read strictly."""

import json
import re
from typing import Any, NoReturn

MAX_DEPTH = 100
"""Arrays and objects that may stand in one another: documented bodies have two, specs some twenty."""


class InvalidJSON(ValueError):  # noqa: N818 - named as in `except InvalidJSON`
    """A text is not JSON that can be used; the message says why, in plain words."""

    def __init__(self, problem: str, at: json.JSONDecodeError | None = None) -> None:
        super().__init__(problem if at is None else f"{problem}: line {at.lineno}, column {at.colno}")
        self.problem = problem
        """The message without the place."""
        self.line = None if at is None else at.lineno
        """From 1 on; ``None`` where no place is known."""
        self.column = None if at is None else at.colno


_ESCAPES = str.maketrans({"&": "\\u0026", "<": "\\u003c", ">": "\\u003e"})
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def encode(value: Any) -> bytes:
    r"""Return ``value`` as compact UTF-8 JSON with ``&``, ``<`` and ``>`` written as ``\u0026`` and so on (recorded).

    >>> encode({"credits": 1.25, "name": "R&D"})
    b'{"credits":1.25,"name":"R\\u0026D"}'

    Raises:
        ValueError: a number is not one of JSON (NaN, infinities).
    """
    text = _ENCODER.encode(value)
    # Outside of strings JSON has none of the three characters, so that the whole text can be translated at once.
    return text.translate(_ESCAPES).encode()


def shown(value: Any, *, ascii_only: bool = False) -> str:
    r"""Return ``value`` as indented JSON for people and programs, which steers neither a terminal nor a CI service.

    Programs read the same value from it: what cannot be printed is written as ``\u001b`` and so on.

    >>> shown("\x9b31m ##[error]")
    '"\\u009b31m #\\u0023[error]"'

    Args:
        value: anything that JSON can hold.
        ascii_only: whether to escape all characters that are not ASCII: for a stream whose encoding may be any.
    """
    text = json.dumps(value, indent=2, ensure_ascii=ascii_only)
    lines = (line if line.isprintable() else "".join(map(_printable, line)) for line in text.split("\n"))
    return _CI_COMMAND.sub(r"#\\u0023", "\n".join(lines))


_CI_COMMAND = re.compile(r"##(?=[A-Za-z]*\[)")


def _printable(char: str) -> str:
    return char if char.isprintable() else json.dumps(char)[1:-1] if char != "\x7f" else "\\u007f"


def decode(content: str | bytes, **hooks: Any) -> Any:
    """Return the value of the JSON ``content``; ``hooks`` are those of ``json.loads``.

    Raises:
        InvalidJSON: it is not JSON (which has no NaN), is nested deeper than ``MAX_DEPTH``, or has a number of more
            digits than Python reads.
    """
    try:
        value = json.loads(content, parse_constant=_refuse, **hooks)
    except json.JSONDecodeError as error:
        raise InvalidJSON(error.msg, error) from None
    except UnicodeDecodeError as error:
        raise InvalidJSON(f"byte {error.start + 1} is not {error.encoding.upper()}") from None
    except RecursionError:
        raise InvalidJSON(_TOO_DEEP) from None
    except InvalidJSON:
        raise
    except ValueError:  # what Python says of it names its own settings
        raise InvalidJSON("it has a number of more than 4,300 digits") from None
    if _is_deeper(value, MAX_DEPTH):
        raise InvalidJSON(_TOO_DEEP)
    return value


_TOO_DEEP = "it is nested too deeply"


def _refuse(constant: str) -> NoReturn:
    raise InvalidJSON(f"{constant} is not a JSON number")


def _is_deeper(value: Any, levels: int) -> bool:
    """Return whether lists and objects are nested deeper than the limit."""
    containers = [value] if isinstance(value, (list, dict)) else []
    for _ in range(levels):
        containers = [
            inner
            for each in containers
            for inner in (each.values() if isinstance(each, dict) else each)
            if isinstance(inner, (list, dict))
        ]
        if not containers:
            return False
    return True


def wire_name(name: str) -> str:
    """Return a field's name as the API writes it: ``run_created_at`` is ``runCreatedAt``."""
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)


def snake_case(name: str) -> str:
    """Return a field's name as Python writes it: ``runCreatedAt`` is ``run_created_at``."""
    return re.sub(r"[A-Z]", lambda match: f"_{match[0].lower()}", name)
