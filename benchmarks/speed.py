"""Requests a second and latency, of the fake's default world, beside the others."""

from __future__ import annotations

from collections.abc import Iterator

from figures import Plan, Sample
from questions import NAMES
from subjects import SUBJECTS, side_by_side

__all__ = ["FIGURES", "measure", "name"]

_SHAPES = ((1, 1), (1, 16), (2, 16))
"""Workers, and connections that ask them."""


def name(question: str, subject: str, workers: int, connections: int = 16, what: str = "rate") -> str:
    """Give a figure's name; ``what`` is rate, p50 or p99."""
    return f"{question}: {subject}, {workers} worker{'s' * (workers > 1)}, {connections} at once, {what}"


FIGURES = {
    name(question, subject, *shape, what): unit
    for question in NAMES
    for shape in _SHAPES
    for subject in SUBJECTS
    for what, unit in (("rate", "requests/s"), ("p50", "ms"), ("p99", "ms"))
}


def measure(plan: Plan) -> Iterator[Sample]:
    """Ask each question of each subject; who is asked first changes with the round."""
    for workers in sorted({workers for workers, _ in _SHAPES}):
        with side_by_side(workers) as (servers, asked):
            turn = plan.turn % len(servers)
            names = [*servers][turn:] + [*servers][:turn]
            for question, paths in asked.items():
                for subject in names:
                    plan.load(servers[subject].url, paths, 16, 1)  # warm
                for connections in [many for each, many in _SHAPES if each == workers]:
                    for subject in names:
                        seen = plan.load(servers[subject].url, paths, connections, plan.seconds)
                        for what in ("rate", "p50", "p99"):
                            yield name(question, subject, workers, connections, what), getattr(seen, what)
