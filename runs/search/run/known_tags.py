"""Existing tags of the workspace, for completion."""

from __future__ import annotations

from django.db.models.functions import Left

from runs.models import Key, KeyKind, RunTag, Workspace
from runs.search.run.details import SYSTEM_TAG_PREFIX

#: Only the newest runs with the key are asked for values, and no essays.
NEWEST_RUNS, MAX_VALUE_LENGTH = 2_000, 100
MAX_SUGGESTIONS = 20


def suggest_tag_keys(workspace: Workspace, part: str) -> list[str]:
    """Keys that begin with `part`, in any case."""
    found = Key.objects.filter(
        workspace=workspace, kind=KeyKind.TAG, name__istartswith=part
    ).exclude(name__startswith=SYSTEM_TAG_PREFIX)
    return list(found.order_by("name").values_list("name", flat=True)[:MAX_SUGGESTIONS])


def suggest_tag_values(workspace: Workspace, key: str, part: str) -> list[str]:
    """Values of the key that begin with `part`, in any case."""
    newest = (
        RunTag.objects.filter(
            key__workspace=workspace, key__kind=KeyKind.TAG, key__name=key
        )
        .order_by("-run")
        # One character more than the limit shows that a value is too long.
        .values_list(Left("value", MAX_VALUE_LENGTH + 1), flat=True)[:NEWEST_RUNS]
    )
    fitting = {
        value
        for value in newest
        if value
        and len(value) <= MAX_VALUE_LENGTH
        and value.lower().startswith(part.lower())
    }
    return sorted(fitting)[:MAX_SUGGESTIONS]
