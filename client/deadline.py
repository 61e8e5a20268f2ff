"""A limit on the time of a call that cannot be interrupted, such as reading from a socket that drips."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeVar

__all__ = ["run_within"]

T = TypeVar("T")


def run_within(seconds: float | None, work: Callable[[threading.Event], T]) -> T:
    """Return what ``work`` returns, or raise what it raises.

    With ``seconds`` it runs in a thread of its own, and is left behind there when they are over: it learns that by the
    event that it gets, and the process does not wait for it at its end.

    Raises:
        TimeoutError: ``work`` took longer; its text is the seconds.
    """
    abandoned = threading.Event()
    if seconds is None:
        return work(abandoned)
    results: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()

    def run() -> None:
        try:
            results.put((work(abandoned), None))
        except BaseException as error:
            results.put((None, error))

    threading.Thread(target=run, name="civis-usage-request", daemon=True).start()
    try:
        result, error = results.get(timeout=seconds)
    except Empty:
        abandoned.set()
        raise TimeoutError(f"{seconds:g} s") from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]  # what `work` returned
