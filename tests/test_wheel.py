"""The wheel holds every file of the packages, under one name, and nothing else."""

import subprocess
import sys
import tomllib
import zipfile

import pytest

from .checkout import ROOT, check_out, tracked

pytestmark = pytest.mark.slow


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
    packages = {f"{folder}/": f"{package.replace('.', '/')}/" for package, folder in mapping.items()}
    longest_first = sorted(packages, key=len, reverse=True)
    expected = set()
    for name in tracked():
        if folder := next((folder for folder in longest_first if name.startswith(folder)), None):
            expected.add(packages[folder] + name.removeprefix(folder))
    assert names == sorted(expected)


def test_nothing_lands_beside_the_one_package(names):
    assert {name.split("/")[0] for name in names} == {"civis_usage"}
