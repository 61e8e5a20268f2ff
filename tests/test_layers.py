"""The layers import in one direction only, and the client costs nobody a server."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ALLOWED = {
    "schemas": {"schemas"},
    "fixtures": {"schemas", "fixtures"},
    "mock_server": {"schemas", "mock_server"},
    "client": {"schemas", "client"},
    "contract_tests": {"schemas", "client", "contract_tests"},
}
DOORS = {"fixtures/pytest_plugin.py", "fixtures/intercept.py", "fixtures/fake_server.py"}
"""What a user's test suite comes in by: these import the other layers, inside functions, when asked."""


def imported_layers(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = ["civis_usage", *path.relative_to(ROOT).parts[:-1]]
            dots = package[: len(package) + 1 - node.level] if node.level else []
            module = ".".join([*dots, *([node.module] if node.module else [])])
            names = [module] if module != "civis_usage" else [f"civis_usage.{alias.name}" for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("civis_usage.")}
    return found - {"__version__"}


@pytest.mark.parametrize("layer", ALLOWED)
def test_a_layer_imports_only_what_lies_below_it(layer):
    for path in sorted((ROOT / layer).rglob("*.py")):
        if str(path.relative_to(ROOT)) in DOORS:
            continue
        stray = imported_layers(path) - ALLOWED[layer]
        assert not stray, f"{path.relative_to(ROOT)} imports {', '.join(sorted(stray))}"


def test_the_layers_do_import_each_other():
    assert "schemas" in imported_layers(ROOT / "contract_tests" / "witness.py"), "the reading of imports sees nothing"


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("civis_usage", {"flask", "hypothesis", "jsonschema", "requests", "pytest", "granian"}),
        ("civis_usage.client", {"flask", "hypothesis", "jsonschema", "pytest", "granian", "click"}),
        ("civis_usage.fixtures.pytest_plugin", {"flask", "hypothesis", "jsonschema", "requests", "granian"}),
        ("civis_usage.__main__", {"flask", "hypothesis", "jsonschema", "requests", "pytest", "granian"}),
        ("civis_usage.contract_tests.runner", {"flask", "hypothesis", "pytest", "granian"}),
        ("civis_usage.mock_server", {"requests", "pytest"}),
        ("civis_usage.contract_tests.drift.compare", {"flask", "hypothesis", "jsonschema", "pytest"}),
    ],
)
def test_importing_a_door_loads_no_more_than_it_needs(module, unwanted):
    code = f"import sys, {module}; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not unwanted & set(run.stdout.split())
