"""REST: members of a workspace and invitations."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from runs.access import Permission, StudioRequest, public_origin, workspace_of
from runs.actions import account as account_actions
from runs.api.v1.endpoints import endpoint
from runs.api.v1.schemas import (
    InvitationInfo,
    InvitationList,
    MemberInfo,
    MemberList,
    NewRole,
)
from runs.models import Invitation, Member, Role, now_ms
from studio.core.errors import NotFound

MAX_KEY = 2**63 - 1


@endpoint("GET", Permission.READ, reply=MemberList)
def list_members(request: StudioRequest) -> MemberList:
    """List the members of the workspace, owners first."""
    rows = Member.objects.filter(workspace=workspace_of(request))
    found = rows.select_related("user").order_by("-role", "user__username")
    return MemberList([_member_info(member) for member in found])


@endpoint("PATCH", Permission.MEMBERS, body=NewRole, reply=MemberInfo)
def change_member(request: StudioRequest, number: int, body: NewRole) -> MemberInfo:
    """Change a member's role. A workspace keeps at least one owner."""
    role = Role[body.role.upper()]
    found = account_actions.set_role(
        _find_member(request, number), role, actor=request.actor, now=now_ms()
    )
    return _member_info(found)


@endpoint("DELETE", Permission.MEMBERS, reply=MemberInfo)
def remove_member(request: StudioRequest, number: int) -> MemberInfo:
    """Remove a member from the workspace; their runs stay."""
    found = _find_member(request, number)
    info = _member_info(found)
    account_actions.remove_member(found, actor=request.actor, now=now_ms())
    return info


@endpoint("GET", Permission.MEMBERS, reply=InvitationList)
def list_invitations(request: StudioRequest) -> InvitationList:
    """List the invitations that can still be used."""
    rows = Invitation.objects.filter(
        workspace=workspace_of(request),
        used__isnull=True,
        revoked__isnull=True,
        expires__gt=timezone.now(),
    )
    found = rows.select_related("created_by").order_by("-pk")
    return InvitationList([_invitation_info(each) for each in found])


@endpoint("POST", Permission.MEMBERS, body=NewRole, reply=InvitationInfo, status=201)
def create_invitation(request: StudioRequest, body: NewRole) -> InvitationInfo:
    """Create an invitation. The reply is the only one with its link."""
    found, secret = account_actions.create_invitation(
        workspace_of(request),
        Role[body.role.upper()],
        actor=request.actor,
        now=now_ms(),
    )
    link = public_origin(request) + reverse("invitation", args=[secret])
    return _invitation_info(found, link)


@endpoint("DELETE", Permission.MEMBERS, reply=InvitationInfo)
def revoke_invitation(request: StudioRequest, number: int) -> InvitationInfo:
    """Revoke an invitation; members who joined with it stay."""
    rows = Invitation.objects.filter(workspace=workspace_of(request))
    found = rows.filter(pk=min(number, MAX_KEY)).select_related("created_by").first()
    if found is None:
        raise NotFound(_("This invitation doesn't exist."))
    account_actions.revoke_invitation(found, actor=request.actor, now=now_ms())
    return _invitation_info(found)


def _find_member(request: StudioRequest, number: int) -> Member:
    rows = Member.objects.filter(workspace=workspace_of(request))
    rows = rows.select_related("user", "workspace")
    found = rows.filter(pk=min(number, MAX_KEY)).first()
    if found is None:
        raise NotFound(_("This member doesn't exist."))
    return found


def _member_info(member: Member) -> MemberInfo:
    user = member.user
    role = Role(member.role).name.lower()
    return MemberInfo(member.pk, user.username, user.display_name, role)


def _invitation_info(found: Invitation, link: str | None = None) -> InvitationInfo:
    return InvitationInfo(
        found.pk,
        Role(found.role).name.lower(),
        found.created_by.username if found.created_by else None,
        int(found.expires.timestamp() * 1000),
        link,
    )
