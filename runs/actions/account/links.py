"""Links that work once: sign-in links and invitations."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.account.accounts import add_member
from runs.actions.account.secrets import generate_secret, hash_secret, to_datetime
from runs.actions.actor import Actor
from runs.actions.changes import Edit, record_changes
from runs.models import ChangeWay, Invitation, Member, Role, SignInLink, User, Workspace
from studio.core.errors import InvalidState, LinkUsedUp

SIGN_IN_MINUTES = 15
INVITATION_DAYS = 7


@transaction.atomic
def create_sign_in_link(
    user: User, *, actor: Actor, now: int
) -> tuple[SignInLink, str]:
    """Create a sign-in link for `user`; return it and its secret. Expires in 15
    minutes.
    """
    time = to_datetime(now)
    # Expired links stay for a day, so that the page can tell why a link no longer
    # works.
    SignInLink.objects.filter(expires__lt=time - timedelta(days=1)).delete()
    secret = generate_secret()
    link = SignInLink.objects.create(
        user=user,
        digest=hash_secret(secret),
        expires=time + timedelta(minutes=SIGN_IN_MINUTES),
    )
    return link, secret


@transaction.atomic
def create_link_for_member(
    member: Member, *, actor: Actor, now: int
) -> tuple[SignInLink, str]:
    """Create a sign-in link that an owner gives to a member; return its secret, too.

    The link opens all workspaces of the member. So its creator must own all of them.
    Raises InvalidState.
    """
    if actor.user is None or not members_for_links(actor.user, [member]):
        raise InvalidState(
            _(
                "%(name)s is also a member of workspaces that you don't own. An "
                "operator can run: python manage.py member NAME."
            )
            % {"name": member.user}
        )
    link, secret = create_sign_in_link(member.user, actor=actor, now=now)
    edit = Edit(f"members.{member.user.username}.sign_in_link", None, link.pk)
    record_changes(member.workspace, "members", [edit], actor=actor, now=now)
    return link, secret


def members_for_links(owner: User, members: Collection[Member]) -> set[int]:
    """Return the keys of the users among the members, whose workspaces `owner` owns."""
    users = {member.user_id for member in members if member.user.is_active}
    owned = Member.objects.filter(user=owner, role=Role.OWNER)
    others = Member.objects.filter(user__in=users).exclude(
        workspace__in=owned.values("workspace")
    )
    return users - set(others.values_list("user_id", flat=True))


def find_sign_in_link(secret: str, *, now: int) -> SignInLink:
    """Return the link if it is still valid; this does not use it up."""
    link = (
        SignInLink.objects.select_related("user")
        .filter(
            digest=hash_secret(secret), used__isnull=True, expires__gt=to_datetime(now)
        )
        # A link that was created before its user was deactivated must not sign in.
        .filter(user__is_active=True)
        .first()
    )
    if link is None:
        raise _sign_in_link_error()
    return link


def _sign_in_link_error() -> LinkUsedUp:
    return LinkUsedUp(
        _(
            "This sign-in link was used or has expired. A link works once and "
            "for %(minutes)s minutes. To get a new one, ask an owner of your "
            "workspace. On the server you can also restart it, or "
            "run: python manage.py member NAME. For the first owner, NAME is "
            "the user name that first started the server."
        )
        % {"minutes": SIGN_IN_MINUTES}
    )


@transaction.atomic
def use_sign_in_link(secret: str, *, now: int) -> User:
    """Use up the link and return its user; of two attempts at once one succeeds."""
    link = find_sign_in_link(secret, now=now)
    # The condition is checked again: on PostgreSQL two requests can read the same
    # unused link.
    won = SignInLink.objects.filter(pk=link.pk, used__isnull=True).update(
        used=to_datetime(now)
    )
    if not won:
        raise _sign_in_link_error()
    return link.user


@transaction.atomic
def create_invitation(
    workspace: Workspace, role: Role, *, actor: Actor, now: int
) -> tuple[Invitation, str]:
    """Create an invitation with `role`; return it and its secret. Expires in 7 days."""
    if actor.user is None:
        raise InvalidState(_("Only a signed-in user can create an invitation."))
    secret = generate_secret()
    invitation = Invitation.objects.create(
        workspace=workspace,
        role=role,
        digest=hash_secret(secret),
        created_by=actor.user,
        expires=to_datetime(now) + timedelta(days=INVITATION_DAYS),
    )
    _record(invitation, None, Role(role).label, actor=actor, now=now)
    return invitation, secret


def _record(
    invitation: Invitation,
    before: str | None,
    after: str | None,
    *,
    actor: Actor,
    now: int,
) -> None:
    edit = Edit(f"invitations.{invitation.pk}", before, after)
    record_changes(invitation.workspace, "invitations", [edit], actor=actor, now=now)


def find_invitation(secret: str, *, now: int) -> Invitation:
    """Return the invitation if it is still valid."""
    invitation = (
        Invitation.objects.select_related("workspace", "created_by")
        .filter(digest=hash_secret(secret), used__isnull=True, revoked__isnull=True)
        .filter(expires__gt=to_datetime(now))
        .first()
    )
    # An invitation of someone who lost the role would keep granting what only owners
    # can.
    if invitation is None or not _inviter_is_owner(invitation):
        raise _invitation_error()
    return invitation


def _invitation_error() -> LinkUsedUp:
    return LinkUsedUp(
        _(
            "This invitation was used, revoked or has expired. It works once "
            "and for %(days)s days. Ask an owner of the workspace for a new "
            "one."
        )
        % {"days": INVITATION_DAYS}
    )


def _inviter_is_owner(invitation: Invitation) -> bool:
    return Member.objects.filter(
        workspace=invitation.workspace_id,
        user=invitation.created_by_id,
        role=Role.OWNER,
    ).exists()


@transaction.atomic
def use_invitation(secret: str, user: User, *, now: int) -> Workspace:
    """Make `user` a member with the invitation's role, and use up the invitation.

    A user who is already a member keeps the higher of both roles.
    """
    invitation = find_invitation(secret, now=now)
    won = Invitation.objects.filter(
        pk=invitation.pk, used__isnull=True, revoked__isnull=True
    ).update(used=to_datetime(now), used_by=user)
    if not won:
        raise _invitation_error()
    workspace = invitation.workspace
    old = Member.objects.filter(workspace=workspace, user=user).first()
    # An owner who opens a reader's link should not lose permissions.
    if old is None or old.role < invitation.role:
        role = Role(invitation.role)
        joined = Actor(user, way=ChangeWay.BROWSER)
        add_member(workspace, user, role, actor=joined, now=now)
    return workspace


@transaction.atomic
def revoke_invitation(invitation: Invitation, *, actor: Actor, now: int) -> None:
    """Revoke the invitation; members who joined with it stay."""
    rows = Invitation.objects.filter(
        pk=invitation.pk, used__isnull=True, revoked__isnull=True
    )
    if rows.update(revoked=to_datetime(now)):
        role = Role(invitation.role).label
        _record(invitation, role, None, actor=actor, now=now)
