"""Rows of a run that many actions write: texts, keys, locks, revision, search text."""
