"""A fake, a reference client and a contract check for the ``/usage`` resource of the Civis Platform API."""

__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    """Return ``__version__`` from the installed distribution, looked up only when asked for."""
    if name == "__version__":
        from importlib.metadata import version

        return version("civis-usage-kit")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
