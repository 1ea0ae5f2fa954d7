"""Context of the frame of every page: workspaces, user, theme, language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language, pgettext

from runs.models import Role, Theme, User, View, Workspace
from runs.render.formats import moment_for_print
from runs.search.notify import MAX_BADGE, unread_notifications
from runs.storage.prepared import Prepared

#: The entry of the navigation for a page; other pages of a workspace belong to
#: *Experiments*. Views of all lists belong to no entry.
SECTIONS = {
    "run-list": "runs",
    "view": "runs",
    "log-search": "logs",
    "members": "members",
    "member-sign-in-link": "members",
    "invitations": "members",
    **dict.fromkeys(("activity", "activity-change", "activity-token-undo"), "activity"),
    **dict.fromkeys(
        (
            *("compute", "compute-target", "compute-target-new", "compute-agent-new"),
            *("compute-target-runs", "compute-target-test-run"),
        ),
        "compute",
    ),
    "compute-secrets": "compute",
    "tasks": "tasks",
    **dict.fromkeys(
        (
            "storage",
            "storage-refresh",
            "storage-quota",
            "trash-restore",
            "trash-purge",
            "retention-dry-run",
            "retention-save",
            "retention-enable",
            "retention-delete",
            "retention-restore",
        ),
        "storage",
    ),
    **dict.fromkeys(
        (
            "alerts",
            "alerts-fired",
            "alerts-deliveries",
            "alerts-events",
            "alert-rule",
            "alert-rule-new",
            "alert-rule-copy",
            *("alerts-channels", "alert-channel", "alert-channel-new"),
        ),
        "alerts",
    ),
    **dict.fromkeys(("views", "view-edit", "view-share", "view-history"), ""),
}

MAX_STARRED = 12
_AFTER = {"system": "light", "light": "dark", "dark": "system"}


def frame_context(request: HttpRequest) -> dict[str, Any]:
    # Pages outside of any workspace have none, and error pages may have none.
    here = getattr(request, "workspace", None)
    workspace = here or _last_workspace(request)
    member = getattr(request, "member", None)
    return {
        "workspace": workspace,
        "workspaces": _lazy_workspaces(request),
        "starred_views": _lazy_starred_views(request, workspace),
        "unread_notifications": _lazy_unread_text(request),
        "role": Role(member.role).label if member else "",
        "theme": _theme(request),
        "theme_label": {
            "light": pgettext("theme", "light"),
            "dark": pgettext("theme", "dark"),
        }.get(_theme(request), pgettext("theme", "system")),
        "next_theme": _AFTER[_theme(request)],
        "language": get_language(),
        "languages": settings.LANGUAGES,
        "section": _site_section(request) if here else "",
        # Templates call it where it is shown, so that fragments don't compute it.
        "printed_at": _print_time_text,
        "nav_folded": request.COOKIES.get("nav") == "folded",
    }


def _print_time_text() -> str:
    return moment_for_print(timezone.localtime())


def _theme(request: HttpRequest) -> str:
    """Return the user's theme; a visitor's is in a cookie."""
    chosen = getattr(request.user, "theme", request.COOKIES.get("theme", ""))
    return chosen if chosen in Theme.values else str(Theme.SYSTEM)


def _last_workspace(request: HttpRequest) -> Workspace | None:
    """Return the last workspace, for pages outside of any, such as the account."""
    user = request.user
    if not isinstance(user, User) or user.last_workspace_id is None:
        return None
    visible = Workspace.objects.visible_to(user)
    return visible.filter(pk=user.last_workspace_id).first()


# Every page sends these. Composing them took longer than running them.
_workspaces = Prepared(
    lambda user: Workspace.objects.visible_to(user).only("name").order_by("name")
)
_starred_views = Prepared(
    lambda user, workspace: (
        View.objects.visible_to(user)
        .active()
        .starred_by(user)
        .filter(workspace=workspace)
        .only("slug", "name")
        .order_by("name", "pk")[:MAX_STARRED]
    )
)


def _lazy_workspaces(request: HttpRequest) -> Callable[[], list[Workspace]]:
    """Return a function that only full pages call, so that fragments need no query."""

    def read_workspaces() -> list[Workspace]:
        if not isinstance(request.user, User):
            return []
        return _workspaces.all(request.user.pk)

    return read_workspaces


def _lazy_starred_views(
    request: HttpRequest, workspace: Workspace | None
) -> Callable[[], list[View]]:
    def read_views() -> list[View]:
        if not isinstance(request.user, User) or workspace is None:
            return []
        return _starred_views.all(request.user.pk, workspace.pk)

    return read_views


def _lazy_unread_text(request: HttpRequest) -> Callable[[], str]:
    """Return a function of the badge's text; empty without unread notifications."""

    def read_text() -> str:
        if not isinstance(request.user, User):
            return ""
        count = len(unread_notifications.all(request.user.pk))
        return f"{MAX_BADGE}+" if count > MAX_BADGE else str(count or "")

    return read_text


def _site_section(request: HttpRequest) -> str:
    match = request.resolver_match
    name = (match.url_name or "") if match else ""
    if name.startswith("list-"):
        # A part of a list's page, opened on its own: `in` names the experiment.
        return "experiments" if request.GET.get("in") else "runs"
    if name.startswith(("model", "logged-model", "dataset")):
        return "models"
    return SECTIONS.get(name, "experiments")
