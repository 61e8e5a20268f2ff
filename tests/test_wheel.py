"""The wheel holds every file of the packages, under one name, and nothing else."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from .checkout import ROOT, check_out


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    """Build the wheel from what git knows, so that stray files do not come in, and give its files' names."""
    folder = tmp_path_factory.mktemp("wheel")
    check_out(folder / "source")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*command, str(folder / "source")], check=True, capture_output=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        return sorted(name for name in wheel.namelist() if ".dist-info/" not in name)


def test_the_wheel_holds_exactly_the_packages_files(names):
    mapping = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-dir"]
    expected = set()
    for package, folder in mapping.items():
        listing = subprocess.run(["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=True)
        inner = [other for other in mapping.values() if other.startswith(f"{folder}/")]
        for name in listing.stdout.splitlines():
            if not any(name.startswith(f"{other}/") for other in inner):
                expected.add(f"{package.replace('.', '/')}/{Path(name).relative_to(folder)}")
    assert names == sorted(expected)


def test_nothing_lands_beside_the_one_package(names):
    assert {name.split("/")[0] for name in names} == {"civis_usage"}
