"""Beside the plugins of other projects, whose options have common names.

Here a stub claims the names. ``.ci/run`` runs ``tests/foreign_plugins/project`` beside the real plugins, in an
environment of its own.
"""

import pytest

from .checkout import ROOT

pytestmark = pytest.mark.slow

FOREIGN = ROOT / "tests" / "foreign_plugins"
PLUGINS = {
    "pytest-asyncio",
    "pytest-base-url",
    "pytest-httpserver",
    "pytest-playwright",
    "pytest-randomly",
    "pytest-recording",
    "pytest-rerunfailures",
    "pytest-socket",
    "pytest-xdist",
}


@pytest.mark.parametrize("first", ["-p claims -p civis_usage", "-p civis_usage -p claims"], ids=["theirs", "ours"])
def test_a_plugin_that_claims_the_common_names_keeps_them_whichever_is_registered_first(pytester, first):
    pytester.makepyfile(
        claims=(FOREIGN / "project" / "claims.py").read_text(),
        test_it="""
        import claims

        def test_it(pytestconfig, usage_client):
            assert {pytestconfig.getoption(f"claimed_{name}") for name in claims.NAMES} == {"theirs"}
            assert pytestconfig.getoption("usage_seed") == 7
            assert len(usage_client.list_llm(start_date="2024-01-01", end_date="2024-02-01")) > 10
        """,
    )
    pytester.syspathinsert()
    result = pytester.runpytest_subprocess(*first.split(), "--usage-seed=7", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)


def test_what_runs_in_the_gate_and_what_runs_here():
    """The gate has the real plugins; this environment has the stub, since to install them needs an index."""
    required = {line for line in (FOREIGN / "requirements.txt").read_text().split("\n") if line and line[0] != "#"}
    assert required == PLUGINS
    gate = (ROOT / ".ci" / "run").read_text()
    assert "tests/foreign_plugins/requirements.txt" in gate
    assert "tests/foreign_plugins/run" in gate
    run = (FOREIGN / "run").read_text()
    orders = ("-p claims", "-p civis_usage", "-p no:civis_usage")
    assert [order for order in orders if order not in run] == []
