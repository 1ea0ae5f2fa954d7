"""The addresses of retention rules."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.requests import WORKSPACE_URL
from runs.pages.retention.dry_run_list import dry_run_page
from runs.pages.retention.rule_actions import (
    delete_rule,
    enable_rule,
    restore_rule,
    save_rule,
)

_RULES = f"{WORKSPACE_URL}storage/retention/"
_RULE = f"{_RULES}<int:number>/"

urlpatterns: list[URLPattern] = [
    path(f"{_RULES}dry-run/", dry_run_page, name="retention-dry-run"),
    path(f"{_RULES}save/", save_rule, name="retention-save"),
    path(f"{_RULE}enable/", enable_rule, name="retention-enable"),
    path(f"{_RULE}delete/", delete_rule, name="retention-delete"),
    path(f"{_RULE}restore/", restore_rule, name="retention-restore"),
]
