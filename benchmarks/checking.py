"""The contract check on the fake: its time, and its requests."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator

from figures import Plan, Sample
from processes import KIT, running
from subjects import fake

__all__ = ["FIGURES", "measure"]

FIGURES = {"the check: time": "s", "the check: requests": "requests"}


def measure(plan: Plan) -> Iterator[Sample]:
    """Check a fake whose clock runs, as the check's own does."""
    with running(fake(now=None), "/_fake/health") as server:
        began = time.perf_counter()
        asked = [*KIT, "check", "--base-url", server.url, "--org-id", "1", "--json", "-"]
        key = {**os.environ, "CIVIS_API_KEY": "any-key"}
        done = subprocess.run(asked, capture_output=True, text=True, env=key, check=True)
        yield "the check: time", time.perf_counter() - began
    yield "the check: requests", json.loads(done.stdout)["requests"]
