"""Homes on which the server must not start: half restored, or left by a move."""

from __future__ import annotations

from pathlib import Path

from runs.management import move_record
from runs.management.backup import refuse_partial_restore


def refuse_unusable(folder: Path, *, adopt: bool = False) -> None:
    """Raises CommandError; `adopt` takes the present database, whatever was moved."""
    refuse_partial_restore(folder)
    if adopt:
        move_record.forget_move(folder)
    else:
        move_record.refuse_moved(folder)
