"""The layers import in one direction only, and the client costs nobody a server."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
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
    assert "schemas" in imported_layers(ROOT / "mock_server" / "world" / "pool.py"), (
        "the reading of imports sees nothing"
    )


FLOORS: dict[str, tuple[set[str], ...]] = {
    "mock_server": (
        {"messages", "redaction", "rounding", "api_spec", "coverage"},
        {"world", "faults", "rate_limit", "stubs", "variations"},
        {"responses", "parameters"},
        {"calls", "clock", "journal", "journal_file", "settings", "windows"},
        {"fake"},
        {"openapi"},
        {"organizations", "usage", "hooks", "controls", "page"},
        {"app", "__init__"},
        {"server"},
    ),
    "contract_tests": (
        {"exit_code"},
        {"config"},
        {"collect"},
        {"observe"},
        {"results"},
        {"drift"},
        {"checks"},
        {"causes", "change", "waivers", "explanations", "narrow"},
        {"runner"},
        {"reports", "recording"},
        {"pytest_options"},
        {"conftest", "test_contract", "__init__"},
    ),
}
"""The rooms of a layer, each a module or a folder: each imports those of its own floor and below."""
LONELY = {"mock_server.server"}
"""Modules that import none of their layer."""


@pytest.mark.parametrize("layer", FLOORS)
def test_a_room_imports_only_what_lies_below_it(layer):
    floor_of = {each: number for number, floor in enumerate(FLOORS[layer]) for each in floor}
    strays = [
        f"{module} imports {imported}"
        for module, others in module_imports(layer).items()
        for imported in others
        if module in LONELY or floor_of[room(imported)] > floor_of[room(module)]
    ]
    assert not strays


@pytest.mark.parametrize("layer", ALLOWED)
def test_no_modules_of_a_layer_import_in_a_circle(layer):
    list(TopologicalSorter(module_imports(layer)).static_order())


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("mock_server.app", "mock_server.fake"),
        ("contract_tests.runner", "contract_tests.collect.session"),
        ("contract_tests.collect.sample", "contract_tests.collect.window"),
        ("contract_tests.pytest_options", "contract_tests.results"),  # under TYPE_CHECKING
        ("contract_tests.pytest_options", "contract_tests.recording.replay"),  # inside a function
    ],
)
def test_every_way_of_importing_a_module_counts(module, imported):
    assert imported in module_imports(module.split(".")[0])[module]


def room(module):
    """Return the first part of a module's name below its layer: ``mock_server.world.ids`` is of ``world``."""
    return module.split(".")[1] if "." in module else "__init__"


def module_imports(layer: str) -> dict[str, set[str]]:
    """Return the modules of a layer, each with those of the same layer that it imports, at its top or later."""
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in (ROOT / layer).rglob("*.py")}
    names = {name.removesuffix(".__init__"): path for name, path in names.items()}
    found = {}
    for name, path in names.items():
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        found[name] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                wanted = [alias.name.removeprefix("civis_usage.") for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                parts = package.split(".")
                base = ".".join(parts[: len(parts) + 1 - node.level]) if node.level else ""
                module = ".".join(filter(None, [base, node.module])).removeprefix("civis_usage.")
                wanted = [each for alias in node.names for each in (f"{module}.{alias.name}", module)]
            else:
                continue
            found[name] |= set(wanted) & names.keys() - {name}
    return {name: {each for each in others if not name.startswith(f"{each}.")} for name, others in found.items()}


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("civis_usage", {"flask", "hypothesis", "jsonschema", "requests", "pytest"}),
        ("civis_usage.client", {"flask", "waitress", "hypothesis", "jsonschema", "pytest", "granian", "click"}),
        ("civis_usage.fixtures.pytest_plugin", {"flask", "hypothesis", "jsonschema", "requests"}),
        ("civis_usage.__main__", {"flask", "hypothesis", "jsonschema", "requests", "pytest"}),
        ("civis_usage.contract_tests", {"flask", "hypothesis", "jsonschema", "requests", "pytest"}),
        ("civis_usage.contract_tests.pytest_options", {"flask", "hypothesis", "jsonschema", "requests", "pytest"}),
        ("civis_usage.contract_tests.runner", {"flask", "hypothesis", "pytest"}),
        ("civis_usage.mock_server", {"flask", "hypothesis", "jsonschema", "requests", "pytest", "waitress"}),
        ("civis_usage.contract_tests.drift.compare", {"flask", "hypothesis", "jsonschema", "pytest"}),
    ],
)
def test_importing_a_door_loads_no_more_than_it_needs(module, unwanted):
    code = f"import sys, {module}; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not unwanted & set(run.stdout.split())
