"""Views that a member can see: one by its slug, the menu's, starred, revisions.

All begin with `visible_to`, so that a private view is nowhere for others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from runs.models import (
    ChangeSet,
    Experiment,
    User,
    View,
    ViewDefault,
    ViewQuerySet,
    ViewRevision,
    ViewStar,
    Workspace,
)
from studio.core.errors import InvalidValue, NotFound

#: Views of a section of the menu; more are found by their name.
MAX_MENU_VIEWS = 50
#: Fields that a list of views doesn't need.
_HEAVY_COLUMNS = ("description", "words")


@dataclass(frozen=True)
class ViewMenu:
    """`more_…` says that there are others, to be looked for."""

    private: Sequence[View]
    shared: Sequence[View]
    more_private: bool
    more_shared: bool


def visible_views_in(workspace: Workspace, viewer: User) -> ViewQuerySet:
    """Living views of the workspace that `viewer` may see, each with `starred`."""
    return _annotate_starred(
        View.objects.visible_to(viewer).active().filter(workspace=workspace), viewer
    )


def _annotate_starred(views: ViewQuerySet, viewer: User) -> ViewQuerySet:
    star = ViewStar.objects.filter(view=OuterRef("pk"), user=viewer)
    return views.select_related("owner", "experiment", "workspace").annotate(
        starred=Exists(star)
    )


def find_view(
    slug: str,
    viewer: User,
    workspace: Workspace | None = None,
    *,
    deleted: bool = False,
) -> View:
    """The view of that slug; NotFound, in the same words, for all that is not seen."""
    views = _annotate_starred(View.objects.visible_to(viewer), viewer)
    views = views.deleted() if deleted else views.active()
    if workspace is not None:
        views = views.filter(workspace=workspace)
    # An address can contain a NUL, which PostgreSQL refuses.
    fits = slug.isascii() and slug.isalnum()
    found = views.filter(slug=slug).first() if fits else None
    if found is None:
        raise NotFound(_("This view doesn't exist, or it is not shared with you."))
    return found


def filter_by_owner(views: ViewQuerySet, which: str, viewer: User) -> ViewQuerySet:
    """Of `views` those that are `shared`, `mine`, or `all`; raises InvalidValue."""
    if which == "shared":
        return views.filter(shared=True)
    if which == "mine":
        return views.filter(owner=viewer)
    if which != "all":
        raise InvalidValue(
            pgettext("request parameter", "only must be all, shared or mine."),
            field="only",
        )
    return views


def split_search_words(find: str) -> list[str]:
    """The words that are looked for, without case."""
    return find.casefold().replace("\x00", " ").split()[:10]


def filter_by_words(views: ViewQuerySet, find: str) -> ViewQuerySet:
    """Those with all the words in their name or description, whatever their case."""
    for word in split_search_words(find):
        views = views.filter(words__contains=word)
    return views


def find_menu(workspace: Workspace, viewer: User, find: str = "") -> ViewMenu:
    """What the menu shows; two queries, whatever the number of views."""
    views = filter_by_words(visible_views_in(workspace, viewer), find).defer(
        *_HEAVY_COLUMNS
    )
    ordered = views.order_by("name", "pk")
    own = list(ordered.filter(owner=viewer, shared=False)[: MAX_MENU_VIEWS + 1])
    shared = list(ordered.filter(shared=True)[: MAX_MENU_VIEWS + 1])
    return ViewMenu(
        own[:MAX_MENU_VIEWS],
        shared[:MAX_MENU_VIEWS],
        len(own) > MAX_MENU_VIEWS,
        len(shared) > MAX_MENU_VIEWS,
    )


def find_default(
    workspace: Workspace, viewer: User, experiment: Experiment | None
) -> View | None:
    """What the list opens with: the viewer's choice, else the workspace's; one query.

    None: as it is built in.
    """
    rows = (
        ViewDefault.objects.filter(workspace=workspace, experiment=experiment)
        .filter(Q(user=viewer) | Q(user__isnull=True))
        .select_related("view__owner", "view__experiment")
        # The viewer's own choice comes first. The databases disagree about the place of
        # NULL.
        .order_by(F("user").asc(nulls_last=True))
    )
    for row in rows:
        # The viewer chose the list as it is built in.
        if row.view is None:
            return None
        own = row.view.owner_id == viewer.pk
        if row.view.deleted is None and (own or row.view.shared):
            return row.view
    return None


def list_view_revisions(
    view: View, viewer: User, limit: int = 200, *, before: int = 0
) -> list[ViewRevision]:
    """The newest first, or those before one; to others only those since the view was
    shared."""
    rows = _readable_revisions(view, viewer).select_related("author", "experiment")
    if before:
        rows = rows.filter(number__lt=before)
    return list(rows.order_by("-number")[:limit])


def find_revision(view: View, viewer: User, number: int) -> ViewRevision:
    """One of them; NotFound for all else."""
    rows = _readable_revisions(view, viewer).select_related("author", "experiment")
    found = rows.filter(number=number).first()
    if found is None:
        raise NotFound(_("This version of the view doesn't exist."))
    return found


def _readable_revisions(view: View, viewer: User) -> QuerySet[ViewRevision]:
    rows = ViewRevision.objects.filter(view=view)
    if view.owner_id != viewer.pk:
        rows = rows.filter(number__gte=view.shared_from)
    return rows


def find_view_change(workspace: Workspace, viewer: User, number: int) -> ChangeSet:
    """What `viewer` changed of a view, deleted or not, that is still seen; NotFound.

    Only the author can undo: the view may have been private at that time.
    """
    seen = View.objects.visible_to(viewer).filter(workspace=workspace)
    own = ChangeSet.objects.filter(actor=viewer, changes__view__in=seen)
    found = own.filter(pk=number).first()
    if found is None:
        raise NotFound(_("This change of a view doesn't exist."))
    return found


def list_deleted_views(
    workspace: Workspace, viewer: User, limit: int = 50
) -> list[View]:
    """What was deleted lately and may come back, as `viewer` may see it."""
    rows = View.objects.visible_to(viewer).deleted().filter(workspace=workspace)
    return list(rows.select_related("owner").order_by("-deleted")[:limit])


def find_defaults(workspace: Workspace, viewer: User) -> dict[str, set[int | None]]:
    """The views that lists open with: for the viewer (`mine`), for all (`all`).

    `plain` has the experiments (None: All runs) whose lists the viewer opens as they
    are built in.
    """
    rows = ViewDefault.objects.filter(workspace=workspace)
    rows = rows.filter(Q(user=viewer) | Q(user__isnull=True))
    found: dict[str, set[int | None]] = {"mine": set(), "all": set(), "plain": set()}
    for row in rows:
        if row.view_id is not None:
            found["all" if row.user_id is None else "mine"].add(row.view_id)
        elif row.user_id is not None:
            found["plain"].add(row.experiment_id)
    return found


def find_last_edit(view: View) -> ChangeSet | None:
    """The newest change of the view; who made it is read with it."""
    return (
        ChangeSet.objects.filter(changes__view=view)
        .select_related("actor")
        .order_by("-pk")
        .first()
    )
