"""A pytest plugin of somebody else's, which adds options with common names.

(``--strict`` is pytest's own. ``--base-url`` is pytest-base-url's, if that is installed.)
"""

from importlib.util import find_spec

NAMES = {
    "allow-no-data",
    "base-url",
    "end-date",
    "from",
    "max-requests",
    "org-id",
    "recording",
    "seed",
    "start-date",
    "to",
    "waivers",
    "with-drift",
}


def pytest_addoption(parser):
    for name in sorted(NAMES - ({"base-url"} if find_spec("pytest_base_url") else set())):
        parser.addoption(f"--{name}", dest=f"claimed_{name}", default="theirs")
