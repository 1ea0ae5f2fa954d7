"""The registered environments of a workspace."""

from __future__ import annotations

from django.db.models import OuterRef, QuerySet, Subquery

from runs.models import RegisteredEnvironment, Workspace


def list_environments(workspace: Workspace) -> QuerySet[RegisteredEnvironment]:
    """Return the newest version of each environment by name, without its content."""
    rows = RegisteredEnvironment.objects.filter(workspace=workspace)
    same_name = rows.filter(name=OuterRef("name")).order_by("-version")
    newest = rows.filter(version=Subquery(same_name.values("version")[:1]))
    return newest.select_related("created_by").defer("content").order_by("name")


def list_versions(workspace: Workspace, name: str) -> list[int]:
    """Return the numbers of an environment's versions, the newest first."""
    rows = RegisteredEnvironment.objects.filter(workspace=workspace, name=name)
    return list(rows.order_by("-version").values_list("version", flat=True))
