"""Exceptions go from process to process, as under multiprocessing, dask or pytest-xdist, and say the same there."""

from __future__ import annotations

import copy
import importlib
import inspect
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from civis_usage.client import RateLimited, UsageError

from .test_exported_members import MODULES

PACKAGES = ("client", "contract_tests")


def _exported() -> Iterator[type[Exception]]:
    for name in MODULES:
        if name.split(".")[1] in PACKAGES:
            module = importlib.import_module(name)
            for each in map(vars(module).get, getattr(module, "__all__", ())):
                if inspect.isclass(each) and issubclass(each, Exception):
                    yield each


EXCEPTIONS = sorted(set(_exported()), key=lambda each: each.__name__)
WAYS: dict[str, Callable[[Any], Any]] = {
    "pickled": lambda error: pickle.loads(pickle.dumps(error)),
    "copied": copy.copy,
    "copied deeply": copy.deepcopy,
}


def _made(kind: type[Exception]) -> Exception:
    if issubclass(kind, UsageError):
        told = {
            "method": "GET",
            "url": "http://x/usage/llm",
            "status": 418,
            "error": "a_name",
            "description": "A sentence.",
        }
        return kind("What went wrong.", **told)
    return kind("What went wrong.")


def test_all_packages_have_some() -> None:
    assert {each.__module__.split(".")[1] for each in EXCEPTIONS} == set(PACKAGES)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", EXCEPTIONS, ids=lambda each: each.__name__)
def test_an_exception_says_the_same_elsewhere(kind: type[Exception], way: str) -> None:
    error = _made(kind)
    if isinstance(error, RateLimited):
        error.retry_after = 17.5
    error.add_note("in April")
    twin = WAYS[way](WAYS[way](error))
    assert type(twin) is kind
    assert (str(twin), repr(twin), twin.args, vars(twin)) == (str(error), repr(error), error.args, vars(error))
