"""Who changed targets, agents, secrets and environments of a workspace."""

from __future__ import annotations

from runs.models import ChangeSet, Workspace


def list_compute_changes(
    workspace: Workspace, limit: int
) -> tuple[list[ChangeSet], bool]:
    """Return the newest change sets with their changes; and whether there are more."""
    rows = ChangeSet.objects.filter(workspace=workspace, is_compute=True)
    newest = rows.order_by("-pk").select_related("actor", "token")
    # One more than the limit shows whether there are more.
    found = list(newest.prefetch_related("changes")[: limit + 1])
    return found[:limit], len(found) > limit
