"""One hiccup of the way: a status that a gateway gives once, at the first request or at any other."""

from __future__ import annotations

from ..standin import Answer
from .trouble import HTML, once

BODIES = {
    408: b"",
    520: b"<h1>Web server returned an unknown error</h1>",
    521: b"<h1>Web server is down</h1>",
    522: b"error code: 522",
    523: b"<h1>Origin is unreachable</h1>",
    524: b"error code: 524",
    530: b'{"title":"Error 1033"}',
}


def hiccup(status: int, at: int) -> None:
    """Enter one ``status`` at request ``at``."""
    once(f"one-{status}-at-request-{at}", f"request {at} gets {status}",
         lambda: Answer(status, BODIES.get(status, b""), dict(HTML)), at=(at,))  # fmt: skip


for _status in BODIES:
    hiccup(_status, 1)
for _place, _status in enumerate(BODIES):
    for _at in (2 + _place, 11 + 3 * _place, 37 - _place):
        hiccup(_status, _at)
for _status in (502, 503, 504):
    hiccup(_status, 1)
    hiccup(_status, 30)
once("a-521-and-a-524-far-apart", "requests 3 and 26 get 521", lambda: Answer(521, b"", dict(HTML)), at=(3, 26))
