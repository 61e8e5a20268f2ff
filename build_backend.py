"""The build backend: setuptools, which writes beside what it builds: into a copy where that cannot be written."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import chdir
from functools import wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from setuptools import build_meta
from setuptools.build_meta import (
    build_editable,
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    prepare_metadata_for_build_editable,
)

__all__ = [
    "build_editable", "build_sdist", "build_wheel", "get_requires_for_build_editable", "get_requires_for_build_sdist",
    "get_requires_for_build_wheel", "prepare_metadata_for_build_editable", "prepare_metadata_for_build_wheel",
]  # fmt: skip


def _anywhere(hook: Callable[..., Any]) -> Callable[..., Any]:
    """Return a hook of PEP 517 that also works in a folder that cannot be written."""

    @wraps(hook)
    def run(*arguments: Any, **more: Any) -> Any:
        if os.access(".", os.W_OK):
            return hook(*arguments, **more)
        with TemporaryDirectory() as folder:
            copy = Path(folder, "source")
            shutil.copytree(".", copy, ignore=shutil.ignore_patterns(".git", ".venv", "build"))
            for each in (copy, *copy.rglob("*")):
                each.chmod(0o755 if each.is_dir() else 0o644)
            with chdir(copy):
                return hook(*arguments, **more)

    return run


build_wheel = _anywhere(build_meta.build_wheel)
get_requires_for_build_wheel = _anywhere(build_meta.get_requires_for_build_wheel)
prepare_metadata_for_build_wheel = _anywhere(build_meta.prepare_metadata_for_build_wheel)
