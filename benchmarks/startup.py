"""From the start of a process to its first 200, and what it holds in memory then."""

from __future__ import annotations

from collections.abc import Iterator

import prism
from figures import Plan, Sample
from processes import running
from subjects import FAKE, PRISM, fake

__all__ = ["FIGURES", "measure"]

FIGURES = {
    f"start-up to the first 200: {FAKE}": "s",
    f"start-up to the first 200: {PRISM}": "s",
    f"memory after the first 200: {FAKE}": "MB",
    f"memory after the first 200: {PRISM}": "MB",
}
_PATH = "/usage/llm/organization/1/summary"


def measure(plan: Plan) -> Iterator[Sample]:
    """Start each once."""
    commands = {FAKE: fake(), PRISM: prism.command()}
    for name, command in commands.items():
        if command is not None:
            with running(command, _PATH) as server:
                yield f"start-up to the first 200: {name}", server.startup
                yield f"memory after the first 200: {name}", server.memory()
