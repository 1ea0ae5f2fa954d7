"""Homes on which the server must not start: half restored, or left by a move."""

from __future__ import annotations

from pathlib import Path

from runs.management import moved
from runs.management.backup.restore import refuse_partial_restore


def refuse_unfinished(folder: Path, *, adopt: bool = False) -> None:
    """Raises CommandError; `adopt` takes the present database, whatever was moved."""
    refuse_partial_restore(folder)
    if adopt:
        moved.forget(folder)
    else:
        moved.refuse_moved(folder)
