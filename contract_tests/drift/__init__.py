"""The API's own spec against the contract: what of ``/usage`` changed, and whether the change breaks programs.

``spec`` reads a spec of any dialect into flat statements, ``compare`` compares those of the contract with those of the
API, and ``report`` writes the differences down.
"""
