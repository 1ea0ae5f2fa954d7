"""The actions on selected experiments, below their table."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _


def tray_actions(
    workspace: str, *, is_trash: bool, archived: bool
) -> list[dict[str, Any]]:
    """Return the actions of the tray below the table of experiments."""
    labels = {
        "tag": (_("Tags"), "tag"),
        "archive": (_("Archive"), "archive"),
        "unarchive": (_("Unarchive"), "archive"),
        "delete": (_("Delete"), "trash"),
        "restore": (_("Restore"), "undo"),
    }
    names = ["tag", "archive", *(["unarchive"] if archived else []), "delete"]
    return [
        {
            "action": name,
            "href": reverse("experiments-bulk", args=[workspace, name]),
            "label": labels[name][0],
            "icon": labels[name][1],
            "is_danger": name == "delete",
        }
        for name in (["restore"] if is_trash else names)
    ]
