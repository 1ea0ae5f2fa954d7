"""Find the comments of a run or view, the oldest first."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from runs.models import Comment, Member, Run, User, View, Workspace
from studio.core.errors import NotFound

MAX_SUGGESTIONS = 8
#: Comments on one page; older ones are read by REST.
MAX_COMMENTS = 500


def list_comments(
    subject: Run | View, *, after: int = 0, limit: int = MAX_COMMENTS
) -> list[Comment]:
    """Return the comments with keys above `after`, the oldest first."""
    rows = _of(subject).filter(pk__gt=after).select_related("author")
    return list(rows.order_by("pk")[:limit])


def list_newest_comments(
    subject: Run | View, *, light: bool = False
) -> tuple[list[Comment], bool]:
    """Return the newest comments, and whether there are older ones.

    With `light` they are without texts and authors.
    """
    rows = _of(subject).order_by("-pk")
    rows = rows.only("pk", "edited") if light else rows.select_related("author")
    found = list(rows[: MAX_COMMENTS + 1])
    return found[:MAX_COMMENTS][::-1], len(found) > MAX_COMMENTS


def count_comments(subject: Run | View) -> int:
    return _of(subject).count()


def _of(subject: Run | View) -> QuerySet[Comment]:
    of = Q(run=subject) if isinstance(subject, Run) else Q(view=subject)
    return Comment.objects.active().filter(of)


def find_comment(workspace: Workspace, viewer: User, number: int) -> Comment:
    """Return the comment if `viewer` sees its run or view; raise NotFound otherwise."""
    unknown = NotFound(_("This comment doesn't exist."))
    # A longer number can exceed 64 bits, which both databases refuse.
    if number >= 2**63:
        raise unknown
    seen = View.objects.visible_to(viewer).active()
    rows = Comment.objects.active().filter(workspace=workspace, pk=number)
    rows = rows.filter(
        Q(run__isnull=False, workspace__members__user=viewer) | Q(view__in=seen)
    )
    found = rows.select_related("run", "view", "author", "workspace").first()
    if found is None:
        raise unknown
    return found


def find_members_by_name(
    workspace: Workspace, names: Collection[str]
) -> dict[str, int]:
    """Return the keys of the members with these user names, by lower-case name."""
    if not names:
        return {}
    # Texts can have any number of names, so the members bound the query.
    members = Member.objects.filter(workspace=workspace)
    found = members.values_list("user__username", "user_id")
    return {name.lower(): key for name, key in found if name.lower() in names}


def suggest_members(workspace: Workspace, part: str) -> list[User]:
    """Return members whose user name or name begins with `part`."""
    users = User.objects.filter(
        Q(username__istartswith=part) | Q(display_name__istartswith=part),
        memberships__workspace=workspace,
        is_active=True,
    )
    return list(users.order_by("username")[:MAX_SUGGESTIONS])
