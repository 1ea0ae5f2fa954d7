"""Links for outsiders: each shows one view or one run, read only, until it ends.

A link shows what its maker may see at that moment, and ends when its maker stops being
an owner or is deactivated. The secret is shown once and stored as its SHA-256.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.account import generate_secret, hash_secret
from runs.actions.actor import Actor
from runs.models import Member, Role, Run, ShareLink, View, Workspace
from studio.core.errors import InvalidState, InvalidValue, NotFound

DAY_MS = 86_400_000
#: How many days a link may live; and how many unless somebody says so.
MAX_LINK_DAYS, DEFAULT_LINK_DAYS = 90, 14
MAX_NOTE_LENGTH = 200


@transaction.atomic
def create_share_link(
    workspace: Workspace,
    shown: View | Run,
    *,
    note: str = "",
    days: int = DEFAULT_LINK_DAYS,
    actor: Actor,
    now: int,
) -> tuple[ShareLink, str]:
    """A link and its secret, which nobody can read again. Raises InvalidValue."""
    if actor.user is None:
        raise InvalidState(_("A link needs somebody who shares."))
    if not 1 <= days <= MAX_LINK_DAYS:
        raise InvalidValue(
            _("A link lives 1 to %s days.") % MAX_LINK_DAYS, field="days"
        )
    if len(note) > MAX_NOTE_LENGTH or not note.isprintable():
        raise InvalidValue(_("The note is one line of text."), field="note")
    secret = generate_secret()
    link = ShareLink.objects.create(
        workspace=workspace,
        view=shown if isinstance(shown, View) else None,
        run=shown if isinstance(shown, Run) else None,
        digest=hash_secret(secret),
        note=note,
        created_by=actor.user,
        created=now,
        expires=now + days * DAY_MS,
    )
    return link, secret


def find_share_link(secret: str, *, now: int) -> ShareLink:
    """The link if it still shows something; NotFound in one sentence for all else."""
    link = (
        ShareLink.objects.select_related(
            "workspace",
            "created_by",
            "view__experiment",
            "view__owner",
            "run__experiment",
            "run__submitter",
        )
        .filter(digest=hash_secret(secret), revoked__isnull=True, expires__gt=now)
        .first()
    )
    if link is None or not _creator_is_owner(link) or not _target_exists(link):
        raise NotFound(
            _("This link has ended, or was taken back. Ask who sent it for another.")
        )
    return link


def find_inactive_links(links: Iterable[ShareLink]) -> set[int]:
    """Which of open links show nothing now, and would again: one query."""
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
        or not _target_exists(link)
    }


def _creator_is_owner(link: ShareLink) -> bool:
    return Member.objects.filter(
        workspace=link.workspace_id,
        user=link.created_by_id,
        user__is_active=True,
        role=Role.OWNER,
    ).exists()


def _target_exists(link: ShareLink) -> bool:
    if link.run is not None:
        return link.run.deleted is None and link.run.experiment.deleted is None
    view = link.view
    is_own = view is not None and view.owner_id == link.created_by_id
    return view is not None and view.deleted is None and (view.shared or is_own)


@transaction.atomic
def revoke_share_link(link: ShareLink, *, actor: Actor, now: int) -> None:
    """Take it back; it shows nothing from this moment on."""
    ShareLink.objects.filter(pk=link.pk, revoked__isnull=True).update(revoked=now)


def delete_expired_share_links(now: int) -> int:
    """Those that ended a month ago; returns how many there were."""
    return ShareLink.objects.filter(expires__lt=now - 30 * DAY_MS).delete()[0]
