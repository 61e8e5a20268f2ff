"""Trouble that passes: rate limits, a failing gateway, slow answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ..standin import Answer, Standin
from .table import VARIATIONS, Variation, around, legal


def once(name: str, unusual: str, answer: Callable[[], Answer], at: tuple[int, ...] = (4,)) -> None:
    """Enter an answer that comes in the place of the right one, at some of the requests, and passes."""

    def bend(api: Standin) -> None:
        def passing(api, right, request):
            with api.lock:
                api.memory[name] = api.memory.get(name, 0) + 1
            return answer() if api.memory[name] in at else right(request)

        api.bend("answer", passing)

    VARIATIONS.append(Variation(name, unusual, bend))


BUSY = b'{"error":"too_many_requests","code":429}'
HTML, JSON = {"Content-Type": "text/html"}, {"Content-Type": "application/json; charset=utf-8"}
once("passing-502", "one request in between gets 502 and a page", lambda: Answer(502, b"<h1>502</h1>", dict(HTML)))
once("passing-502s", "three requests get 502", lambda: Answer(502, b"<h1>502</h1>", dict(HTML)), at=(1, 9, 20))
once("passing-503", "one request gets 503 with Retry-After",
     lambda: Answer(503, b'{"error":"unavailable","code":503}', JSON | {"Retry-After": "2"}))  # fmt: skip
once("passing-504", "one request gets 504 and nothing", lambda: Answer(504, b"", dict(HTML)), at=(7,))
once("passing-429", "one request gets 429 with Retry-After",
     lambda: Answer(429, BUSY, JSON | {"Retry-After": "1"}))  # fmt: skip
once("passing-429-with-a-fraction", "one request gets 429 with half a second to wait",
     lambda: Answer(429, BUSY, JSON | {"Retry-After": "0.5"}))  # fmt: skip
once("passing-429-without-retry-after", "one request gets 429 and no word on how long",
     lambda: Answer(429, BUSY, dict(JSON)))  # fmt: skip
once("two-429-in-a-row", "two requests in a row get 429",
     lambda: Answer(429, BUSY, JSON | {"Retry-After": "1"}), at=(5, 6))  # fmt: skip
once("passing-429-with-a-date", "one request gets 429 and the time at which to ask again",
     lambda: Answer(429, BUSY, JSON | {"Retry-After": "Tue, 19 May 2026 15:26:09 GMT"}))  # fmt: skip
once("dropped-connection", "one connection is dropped without an answer", lambda: Answer(200, dropped=True), at=(6,))


class Waiting:
    """Time that passes at once when the check waits."""

    def __init__(self) -> None:
        self.slept = 0.0

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept += seconds

    def seconds(self) -> float:
        """Return the time in seconds, with what was slept."""
        return time.monotonic() + self.slept


WAITING = Waiting()


def rate_limit(requests: int, seconds: float) -> Callable[..., Any]:
    """Allow some requests in each of a row of windows, aligned to the clock."""

    def answer(api, right, request):
        window, passed = divmod(WAITING.seconds(), seconds)
        with api.lock:
            begun, used = api.memory.get("window", (window, 0))
            used = used + 1 if begun == window else 1
            api.memory["window"] = (window, used)
        shown = {"X-RateLimit-Limit": str(requests), "X-RateLimit-Remaining": str(max(0, requests - used))}
        if used > requests:
            return Answer(429, BUSY, JSON | shown | {"Retry-After": str(int(seconds - passed) + 1)})
        answer = right(request)
        answer.headers |= shown
        return answer

    return answer


@legal(combines=False)
def rate_limit_of_20_in_3_seconds(api):
    """Twenty requests in three seconds, then 429 with Retry-After."""
    api.bend("answer", rate_limit(20, 3))


@legal(combines=False)
def rate_limit_of_5_in_a_second(api):
    """Five requests a second, then 429 with Retry-After."""
    api.bend("answer", rate_limit(5, 1))


@around("answer")
def slow_answers(api, right, request):
    """Every seventh answer takes 0.3 seconds."""
    if len(api.journal) % 7 == 0:
        time.sleep(0.3)
    return right(request)
