"""What a question costs in a large world and in a small one: the time of its answers over HTTP, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from figures import Plan, Sample
from processes import Server, running
from questions import LAST, NAMES, questions
from subjects import fake

__all__ = ["DENSE", "FIGURES", "LARGE", "SMALL", "measure", "name"]

SMALL, LARGE, DENSE = "1,000 runs", "1,000,000 runs in 1,000 days", "1,000,000 runs in 10 days"
_NOW = "2026-09-26T00:00:00Z"
_LATEST_DAY = "2026-09-25"
_WORLDS = {
    SMALL: ("--orgs", "1:1000", "--since", _LATEST_DAY),
    LARGE: ("--orgs", "1:1000", "--since", "2023-12-31"),
    DENSE: ("--orgs", "1:100000", "--since", "2026-09-14"),
}


def name(question: str, world: str) -> str:
    """Give a figure's name."""
    return f"{question}, of {world}"


FIGURES = {name(question, world): "ms" for question in NAMES for world in _WORLDS}


def measure(plan: Plan) -> Iterator[Sample]:
    """Ask each question of each world, warm; the first two have the latest day, and so the 100 runs, in common."""
    with ExitStack() as stack:
        servers = {
            world: stack.enter_context(running(fake(*options, now=_NOW), "/usage/llm/organization/1/summary"))
            for world, options in _WORLDS.items()
        }
        asked = {world: _questions(server) for world, server in servers.items()}
        _same(servers, asked[SMALL][NAMES[1]][0])
        turn = plan.turn % len(servers)
        for question in NAMES:
            for world in [*servers][turn:] + [*servers][:turn]:
                paths = asked[world][question]
                plan.load(servers[world].url, paths, 1, 1)  # warm
                yield name(question, world), 1000 / plan.load(servers[world].url, paths, 1, plan.seconds).rate


def _questions(server: Server) -> dict[str, list[str]]:
    """Give the questions about the latest day, and the summary of all that the world holds."""
    summary = f"/usage/llm/organization/1/summary?start_date=2000-01-01T00:00:00Z&end_date={LAST}"
    return {**questions(server, f"{_LATEST_DAY}T00:00:00Z"), NAMES[2]: [summary]}


def _same(servers: dict[str, Server], path: str) -> None:
    if servers[SMALL].get(path) != servers[LARGE].get(path):
        raise SystemExit(f"the two worlds do not answer alike to {path}")
