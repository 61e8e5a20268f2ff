"""``python -m civis_usage``: the command line."""

from civis_usage.cli import main, run

__all__ = ["main", "run"]

if __name__ == "__main__":
    run()
