"""Restore and purge what members chose from the trash."""

from __future__ import annotations

from runs.actions.trash.trash import TrashResult, purge_trash, restore_trash

__all__ = ["TrashResult", "purge_trash", "restore_trash"]
