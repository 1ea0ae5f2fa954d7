"""Statuses, and groups of them, in the reader's language."""

from __future__ import annotations

from studio.core.messages import translated
from studio.core.statuses import LABELS


def status_label(word: object) -> str:
    """Return the label of a status or group; a word that is neither stays."""
    return translated(LABELS.get(str(word), str(word)))
