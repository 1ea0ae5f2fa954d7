"""What every page's frame shows: workspace and neighbours, reader, theme."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from runs.models import Workspace
from runs.models.accounts import Role, Theme

#: Which entry of the navigation a page belongs to; everything else of a workspace
#: hangs below its experiments.
SECTIONS = {"run-list": "runs", "members": "members"}


def frame(request: HttpRequest) -> dict[str, Any]:
    workspace = getattr(request, "workspace", None)
    member = getattr(request, "member", None)
    return {
        "workspace": workspace,
        "workspaces": _workspaces(request),
        "role": Role(member.role).label if member else "",
        "theme": getattr(request.user, "theme", Theme.SYSTEM),
        "section": _section(request) if workspace else "",
        "nav_folded": request.COOKIES.get("nav") == "folded",
    }


def _workspaces(request: HttpRequest) -> Callable[[], list[Workspace]]:
    """Called by the frame's template alone, so that a fragment costs no query."""

    def names() -> list[Workspace]:
        if not request.user.is_authenticated:
            return []
        visible = Workspace.objects.visible_to(request.user)
        return list(visible.only("name").order_by("name"))

    return names


def _section(request: HttpRequest) -> str:
    match = request.resolver_match
    return SECTIONS.get((match.url_name or "") if match else "", "experiments")
