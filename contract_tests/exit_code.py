"""The exit codes of the commands."""

from enum import IntEnum

__all__ = ["ExitCode"]


class ExitCode(IntEnum):
    """How a command ends; stable since the first version."""

    KEPT = 0
    """The contract is kept, the specs agree, the work is done."""
    VIOLATED = 1
    """A documented rule is violated, a breaking change was found, or the API refused a call."""
    WRONG_USE = 2
    """An option, a setting or a file cannot be used."""
    NOT_JUDGED = 3
    """No verdict: unreachable, key refused, budget spent, not the API's responses, interrupted, a fault of the kit."""
    NO_DATA = 4
    """Nothing is violated, but an operation or an organization showed no usage."""
