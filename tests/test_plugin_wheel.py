"""The built wheel in somebody else's project, which has packages named ``client``, ``schemas`` and ``fixtures``."""

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from .checkout import check_out

pytestmark = pytest.mark.slow

PROJECT = {
    "client/__init__.py": "OWNER = 'the project'\n",
    "schemas/__init__.py": "OWNER = 'the project'\n",
    "fixtures/__init__.py": "OWNER = 'the project'\n",
    "mock_server/__init__.py": "OWNER = 'the project'\n",
    "client/billing.py": (
        "from civis_usage.client import UsageClient\n"
        "\n"
        "def spent(org):\n"
        "    with UsageClient() as usage:\n"
        "        return usage.get_llm_organization_summary(org).credits\n"
    ),
    "tests/test_own.py": (
        "import civis_usage, client, fixtures, mock_server, schemas, sys\n"
        "from pathlib import Path\n"
        "from client.billing import spent\n"
        "\n"
        "def test_the_projects_packages_are_its_own():\n"
        "    assert {each.OWNER for each in (client, fixtures, mock_server, schemas)} == {'the project'}\n"
        "\n"
        "def test_the_kit_is_the_installed_wheel():\n"
        "    assert Path(civis_usage.__file__).is_relative_to(sys.prefix)\n"
        "\n"
        "def test_over_http(usage_records, usage_environment):\n"
        "    usage_records.llm(organization_id=1, credits=5)\n"
        "    assert spent(1) == 5\n"
        "\n"
        "def test_in_process(usage_intercept, usage_records, monkeypatch):\n"
        "    monkeypatch.setenv('CIVIS_API_KEY', 'k')\n"
        "    usage_records.llm(organization_id=1, credits=7)\n"
        "    assert spent(1) == 7\n"
    ),
}


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """Return the Python of an environment with the wheel in it; the dependencies are those of this one."""
    folder = tmp_path_factory.mktemp("wheel")
    check_out(folder / "source")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*command, str(folder / "source")], check=True, capture_output=True)

    venv.create(folder / "env", symlinks=True)
    python = folder / "env" / "bin" / "python"
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip())
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(site)
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return python


def test_the_plugin_works_beside_packages_of_the_same_names(python, tmp_path):
    for name, text in PROJECT.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    command = [
        python,
        "-m",
        "pytest",
        "-q",
        "-W",
        "error",
        "--assert=plain",
        "-p",
        "no:schemathesis",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout
