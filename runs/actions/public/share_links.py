"""Public links: each shows one view or one run, read-only, until it expires.

A link shows what its creator can see. It stops working when its creator is no longer an
owner, or is deactivated. The secret is shown once and stored as SHA-256.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from runs.actions.account import generate_secret, hash_secret
from runs.actions.actor import Actor
from runs.actions.changes import Edit, record_changes
from runs.models import Member, Role, Run, ShareLink, View, Workspace
from studio.core.errors import InvalidState, InvalidValue, NotFound

DAY_MS = 86_400_000
#: The maximum lifetime of a link, and the default, in days.
MAX_LINK_DAYS, DEFAULT_LINK_DAYS = 90, 14
MAX_NOTE_LENGTH = 200


@transaction.atomic
def create_share_link(
    workspace: Workspace,
    shown: View | Run,
    *,
    note: str = "",
    days: int = DEFAULT_LINK_DAYS,
    is_feed: bool = False,
    actor: Actor,
    now: int,
) -> tuple[ShareLink, str]:
    """Create a link; return it and its secret, which is not stored. Raises
    InvalidValue.
    """
    if actor.user is None:
        raise InvalidState(_("Only a signed-in user can create a public link."))
    if not 1 <= days <= MAX_LINK_DAYS:
        raise InvalidValue(
            _("A link can be valid for 1 to %s days.") % MAX_LINK_DAYS, field="days"
        )
    if len(note) > MAX_NOTE_LENGTH or not note.isprintable():
        raise InvalidValue(_("The note must be one line of text."), field="note")
    if is_feed and not isinstance(shown, View):
        raise InvalidValue(_("Only a view has a feed."), field="feed")
    secret = generate_secret()
    link = ShareLink.objects.create(
        workspace=workspace,
        view=shown if isinstance(shown, View) else None,
        run=shown if isinstance(shown, Run) else None,
        is_feed=is_feed,
        digest=hash_secret(secret),
        note=note,
        created_by=actor.user,
        created=now,
        expires=now + days * DAY_MS,
    )
    _record(link, None, True, actor=actor, now=now)
    return link, secret


def share_path(link: ShareLink, secret: str) -> str:
    """Return the address of what the link shows."""
    return reverse("shared-feed" if link.is_feed else "shared", args=[secret])


def _record(
    link: ShareLink,
    before: bool | None,
    after: bool | None,
    *,
    actor: Actor,
    now: int,
) -> None:
    name = link.run.run_id if link.run else link.view.name if link.view else ""
    edit = Edit(f"public_links.{name}", before, after, run=link.run, view=link.view)
    record_changes(link.workspace, "public links", [edit], actor=actor, now=now)


def find_share_link(secret: str, *, is_feed: bool = False, now: int) -> ShareLink:
    """Return the link if it still works; otherwise raise NotFound, always with one
    message. The link of a feed shows no page, and that of a page no feed.
    """
    link = (
        ShareLink.objects.select_related(
            "workspace",
            "created_by",
            "view__experiment",
            "view__owner",
            "run__experiment",
            "run__submitter",
        )
        .filter(
            digest=hash_secret(secret),
            is_feed=is_feed,
            revoked__isnull=True,
            expires__gt=now,
        )
        .first()
    )
    # One message for all reasons, so that a guessed link reveals nothing.
    if link is None or not _creator_is_owner(link) or not _is_target_visible(link):
        raise NotFound(
            _("This link has expired or was revoked. Ask its sender for a new one.")
        )
    return link


def find_inactive_links(links: Iterable[ShareLink]) -> set[int]:
    """Return the keys of unexpired links that do not work at the moment. One query."""
    links = list(links)
    makers = Member.objects.filter(
        workspace__in={link.workspace_id for link in links},
        user__is_active=True,
        role=Role.OWNER,
    )
    owners = set(makers.values_list("workspace", "user"))
    return {
        link.pk
        for link in links
        if (link.workspace_id, link.created_by_id) not in owners
        or not _is_target_visible(link)
    }


def _creator_is_owner(link: ShareLink) -> bool:
    return Member.objects.filter(
        workspace=link.workspace_id,
        user=link.created_by_id,
        user__is_active=True,
        role=Role.OWNER,
    ).exists()


def _is_target_visible(link: ShareLink) -> bool:
    if link.run is not None:
        return link.run.deleted is None and link.run.experiment.deleted is None
    view = link.view
    # The link shows what its creator can see: a private view only if it is the
    # creator's own.
    is_own = view is not None and view.owner_id == link.created_by_id
    return view is not None and view.deleted is None and (view.shared or is_own)


@transaction.atomic
def revoke_share_link(link: ShareLink, *, actor: Actor, now: int) -> None:
    """Revoke the link; it stops working at once."""
    if ShareLink.objects.filter(pk=link.pk, revoked__isnull=True).update(revoked=now):
        _record(link, True, None, actor=actor, now=now)


def delete_expired_share_links(now: int) -> int:
    """Delete links that expired a month ago; return how many."""
    return ShareLink.objects.filter(expires__lt=now - 30 * DAY_MS).delete()[0]
