"""Members of a workspace, their roles, and invitation links."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from runs.access import (
    Permission,
    StudioRequest,
    access,
    public_origin,
    signed_in_user,
    workspace_of,
)
from runs.actions import account as account_actions
from runs.actions.account import (
    create_invitation,
    members_for_links,
    revoke_invitation,
)
from runs.actions.public import find_inactive_links
from runs.models import Invitation, Member, Role, ShareLink, View, now_ms
from runs.pages.account.forms import RoleForm


@access(Permission.READ)
@require_safe
def members_page(request: StudioRequest) -> HttpResponse:
    return show_members(request)


def show_members(request: StudioRequest, **extra: Any) -> HttpResponse:
    workspace, links = workspace_of(request), _list_open_share_links(request)
    rows = Member.objects.filter(workspace=workspace).select_related("user")
    members = list(rows.order_by("-role", "user__username"))
    context = {
        "members": members,
        "linkable": _find_linkable(request, members),
        "invitations": _list_open_invitations(request),
        "roles": Role.choices,
        "can_manage": request.role == Role.OWNER,
        "share_links": links,
        "inactive_links": find_inactive_links(links),
        **extra,
    }
    return render(request, "account/members.html", context)


def _find_linkable(request: StudioRequest, members: list[Member]) -> set[int]:
    """Return the keys of the users for whom the reader can create sign-in links."""
    if request.role != Role.OWNER:
        return set()
    reader = signed_in_user(request)
    return members_for_links(reader, members) - {reader.pk}


def _list_open_invitations(request: StudioRequest) -> list[Invitation]:
    """Return the invitations that can still be used; only owners see them."""
    if request.role != Role.OWNER:
        return []
    rows = Invitation.objects.filter(
        workspace=workspace_of(request),
        used__isnull=True,
        revoked__isnull=True,
        expires__gt=timezone.now(),
    )
    return list(rows.select_related("created_by").order_by("-pk"))


def _list_open_share_links(request: StudioRequest) -> list[ShareLink]:
    """Return the active public links; only owners see them.

    Links to other members' private views are left out.
    """
    if request.role != Role.OWNER:
        return []
    # A private view stays private, even for owners.
    seen = View.objects.visible_to(signed_in_user(request))
    rows = ShareLink.objects.filter(
        workspace=workspace_of(request), revoked__isnull=True, expires__gt=now_ms()
    ).filter(Q(run__isnull=False) | Q(view__in=seen))
    rows = rows.select_related("created_by", "view", "run__experiment")
    return list(rows.order_by("-pk"))


@access(Permission.MEMBERS)
@require_POST
def set_role(request: StudioRequest, number: int) -> HttpResponse:
    member = _find_member(request, number)
    role = RoleForm(request.POST).check()["role"]
    account_actions.set_role(member, role, actor=request.actor, now=now_ms())
    names = {"name": member.user, "role": _(role.label)}
    messages.success(request, _("The role of %(name)s is now %(role)s.") % names)
    return _redirect_to_members(request)


@access(Permission.MEMBERS)
@require_POST
def remove_member(request: StudioRequest, number: int) -> HttpResponse:
    member = _find_member(request, number)
    account_actions.remove_member(member, actor=request.actor, now=now_ms())
    messages.success(request, _("%s is no longer a member.") % member.user)
    return (
        # Members who removed themselves can no longer see this page.
        redirect("home")
        if member.user == request.actor.user
        else _redirect_to_members(request)
    )


@access(Permission.MEMBERS)
@require_POST
def invite_member(request: StudioRequest) -> HttpResponse:
    """Create an invitation, and show its link: no other page can show it."""
    role = RoleForm(request.POST).check()["role"]
    invitation, secret = create_invitation(
        workspace_of(request), role, actor=request.actor, now=now_ms()
    )
    path = reverse("invitation", args=[secret])
    address = public_origin(request)
    return show_members(request, new_invitation=invitation, link=address + path)


@access(Permission.MEMBERS)
@require_POST
def revoke_invitation_page(request: StudioRequest, number: int) -> HttpResponse:
    # The role holds in this workspace only, so numbers of others are not found.
    mine = Invitation.objects.filter(workspace=workspace_of(request))
    invitation = get_object_or_404(mine, pk=number)
    revoke_invitation(invitation, actor=request.actor, now=now_ms())
    messages.success(request, _("Invitation revoked."))
    return _redirect_to_members(request)


def _find_member(request: StudioRequest, number: int) -> Member:
    rows = Member.objects.filter(workspace=workspace_of(request))
    return get_object_or_404(rows.select_related("user", "workspace"), pk=number)


def _redirect_to_members(request: StudioRequest) -> HttpResponse:
    return redirect("members", workspace_of(request).name)
