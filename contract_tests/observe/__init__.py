"""Observing: which answers to the open questions (``schemas/behavior.json``) the evidence of a run leaves possible.

``observation`` has the values, ``facts`` what the lists show, ``windows``, ``organizations`` and ``values`` a pure
function for each question, ``observe`` all of them in order; ``further`` sends the few requests that settle more,
``save`` writes a behavior file, and ``fidelity`` compares with one.
"""
