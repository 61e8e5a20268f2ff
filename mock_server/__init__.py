"""The fake of the API, a Flask application: ``flask --app civis_usage.mock_server run`` serves it.

:func:`~civis_usage.mock_server.app.create_app` and :class:`~civis_usage.mock_server.settings.Settings` are imported
when they are first used: whoever needs neither does not wait for Flask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import create_app
    from .settings import Settings

__all__ = ["Settings", "create_app"]


def __getattr__(name: str) -> Any:
    if name == "create_app":
        from .app import create_app

        return create_app
    if name == "Settings":
        from .settings import Settings

        return Settings
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
