"""The API's own spec against the contract: what of ``/usage`` changed, and whom the change breaks.

A spec (``document``) is read, references and dialect with it (``nodes``, ``schemas``, ``operations``), into one neutral
form (``form``), the contract too (``contract``); the two are compared (``comparison``, ``values``), and each
``Difference`` is reported (``report``) or proposed as a change of the contract's files (``proposal``).
"""
