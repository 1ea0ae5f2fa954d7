"""REST: the trash of a workspace."""

from __future__ import annotations

from runs.api.v1.trash.trash import list_trash_items, purge_items, restore_items

__all__ = ["list_trash_items", "purge_items", "restore_items"]
