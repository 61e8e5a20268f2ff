"""Faults: what goes wrong on purpose. A rule is one value; the active rules choose what happens to a request."""

from .active import NOTHING, ActiveFault, FaultRules, Injection
from .prefer import preferred
from .rule import Fault
from .schema import BadFault

__all__ = ["NOTHING", "ActiveFault", "BadFault", "Fault", "FaultRules", "Injection", "preferred"]
