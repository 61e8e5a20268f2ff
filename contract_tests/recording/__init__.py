"""Recordings: what a live API answered to the check, in one file, for work offline.

``record`` runs the check and keeps every interaction, ``anonymize`` replaces identifiers in one pass afterwards,
``cassette`` writes and reads the file, and ``replay`` answers the check from it.
"""
