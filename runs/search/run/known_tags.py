"""Tags that runs of the workspace have already, for whoever types one."""

from __future__ import annotations

from django.db.models.functions import Left

from runs.models import Key, KeyKind, RunTag, Workspace
from runs.search.run.details import BOOKKEEPING

#: Only the newest runs with the key are asked for values, and no essays.
NEWEST, LONGEST = 2_000, 100
MOST = 20


def known_keys(workspace: Workspace, part: str) -> list[str]:
    """Keys that begin with `part`, in any case."""
    found = Key.objects.filter(
        workspace=workspace, kind=KeyKind.TAG, name__istartswith=part
    ).exclude(name__startswith=BOOKKEEPING)
    return list(found.order_by("name").values_list("name", flat=True)[:MOST])


def known_values(workspace: Workspace, key: str, part: str) -> list[str]:
    """Values of the key that begin with `part`, in any case."""
    newest = (
        RunTag.objects.filter(
            key__workspace=workspace, key__kind=KeyKind.TAG, key__name=key
        )
        .order_by("-run")
        .values_list(Left("value", LONGEST + 1), flat=True)[:NEWEST]
    )
    fitting = {
        value
        for value in newest
        if value and len(value) <= LONGEST and value.lower().startswith(part.lower())
    }
    return sorted(fitting)[:MOST]
