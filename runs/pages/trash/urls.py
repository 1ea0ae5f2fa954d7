"""The addresses that restore and purge."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.requests import WORKSPACE_URL
from runs.pages.trash.trash_actions import purge_items, restore_items

_TRASH = f"{WORKSPACE_URL}storage/trash/"

urlpatterns: list[URLPattern] = [
    path(f"{_TRASH}restore/", restore_items, name="trash-restore"),
    path(f"{_TRASH}purge/", purge_items, name="trash-purge"),
]
