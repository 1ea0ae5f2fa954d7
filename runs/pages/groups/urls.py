"""The addresses of groups of runs."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.groups.group_choice import choose_grouping
from runs.pages.groups.group_formats import copy_groups
from runs.pages.requests import WORKSPACE_URL

urlpatterns: list[URLPattern] = [
    path(f"{WORKSPACE_URL}list/group/", choose_grouping, name="list-group"),
    path(f"{WORKSPACE_URL}list/groups/", copy_groups, name="list-groups"),
]
