"""Causes: the findings of all checks, grouped by what is probably wrong with the API, each in one sentence.

One fault breaks several rules: a truncated list lacks records in one window, and does not add up to its summary. Here
the evidence is looked at as a whole: what the odd responses have in common (a parameter, a length, an end of a window)
names the cause, and every finding that it explains is grouped under it. A cause never changes a verdict.
"""

from .grouping import causes

__all__ = ["causes"]
