"""What lies in the trash of a workspace."""

from __future__ import annotations

from runs.search.trash.trash_list import (
    TRASH_MS,
    TrashContents,
    TrashItem,
    TrashKind,
    TrashPage,
    find_trash,
    list_trash,
)

__all__ = [
    "TRASH_MS",
    "TrashContents",
    "TrashItem",
    "TrashKind",
    "TrashPage",
    "find_trash",
    "list_trash",
]
