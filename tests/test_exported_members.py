"""What the packages offer: every name in ``__all__`` exists, is listed once, and nothing public is forgotten."""

import importlib
import inspect
import pkgutil

import pytest

from civis_usage import client

PACKAGES = [
    "",
    ".commands",
    ".schemas",
    ".fixtures",
    ".mock_server",
    ".client",
    ".contract_tests",
    ".contract_tests.checks",
    ".contract_tests.collect",
    ".contract_tests.drift",
    ".contract_tests.recording",
    ".contract_tests.reports",
]
MODULES = [
    f"civis_usage{package}.{found.name}"
    for package in PACKAGES
    for found in pkgutil.iter_modules(importlib.import_module(f"civis_usage{package}").__path__)
    if not found.name.startswith(("__main__", "test_", "conftest"))
]


def test_every_package_is_looked_at():
    looked_at = {name.rpartition(".")[0] for name in MODULES}
    assert looked_at >= {f"civis_usage{package}" for package in PACKAGES}


@pytest.mark.parametrize("name", MODULES)
def test_all_names_what_exists_once(name):
    module = importlib.import_module(name)
    exported = getattr(module, "__all__", [])
    assert [each for each in exported if not hasattr(module, each)] == []
    assert len(set(exported)) == len(exported)


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("civis_usage.client.")])
def test_a_module_of_the_client_exports_what_it_defines(name):
    module = importlib.import_module(name)
    defined = {
        each
        for each, value in vars(module).items()
        if not each.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ == name
    }
    assert defined <= set(module.__all__)


def test_the_client_exports_its_whole_tree_of_exceptions():
    errors = importlib.import_module("civis_usage.client.errors")
    tree = {each for each in errors.__all__ if inspect.isclass(getattr(errors, each))}
    assert tree <= set(client.__all__)
    assert all(issubclass(getattr(client, each), client.UsageError) for each in tree)
    drawn = [line.split()[-1 if line.strip() == "UsageError" else 0] for line in _tree(errors.__doc__)]
    assert set(drawn) == tree, "the tree in the docstring is the tree in the code"


def test_everything_that_the_client_exports_is_documented():
    documented = [each for each in client.__all__ if each != "Moment"]
    assert [each for each in documented if not inspect.getdoc(getattr(client, each))] == []


def _tree(doc):
    """Return the lines of the tree that a docstring draws, without the strokes."""
    block = doc.partition("::\n\n")[2].partition("\n\n")[0]
    return [line.translate({ord(stroke): " " for stroke in "├└│─"}) for line in block.splitlines()]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_exported_name_can_be_hidden_by_a_module_of_the_same_name(package):
    module = importlib.import_module(f"civis_usage{package}")
    inside = {found.name for found in pkgutil.iter_modules(module.__path__)}
    assert not inside & set(getattr(module, "__all__", ()))
