"""Stand-ins that break the contract, each in one way: the table behind ``test_check_mutations.py``.

A deviation is a function around one method of :class:`Standin`: ``function(api, right, …)``, where ``right`` is the
correct method. Its docstring says what is wrong. :func:`deviates` enters it into the table, once for each operation.
"""

from __future__ import annotations

from . import (  # noqa: F401 (they fill the table)
    arithmetic,
    combinations,
    cuts,
    doubles,
    fields,
    identities,
    keys,
    late,
    lists,
    organizations,
    others,
    recorded,
    refusals,
    replicas,
    singles,
    summaries,
    tasks,
    transport,
    values,
    variety,
    windows,
)
from .fields import FIELD_MISTAKES
from .table import DEVIATIONS, Deviation

__all__ = ["DEVIATIONS", "FIELD_MISTAKES", "Deviation"]
