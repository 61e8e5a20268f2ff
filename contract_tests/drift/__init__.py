"""The API's own spec against the contract: what of ``/usage`` changed, and whether the change breaks programs.

``spec`` reads a description of any dialect into flat ``statements``, ``compare`` compares the contract's with the
API's, and ``report`` writes the differences down.
"""
