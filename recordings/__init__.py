"""Recordings: answers of a live API in one file, for work offline.

A recording holds *exchanges*, each a question that the check asked and the answer to it. Whoever the answers speak of
is replaced on the way (:mod:`.replacement`): the check itself sees the replaced answers only, so what it says of the
API and what it says of the recording cannot differ. :mod:`.document` writes and reads the file, :mod:`.usage` gives the
usage records in it.
"""
