"""REST: public links, which show a view or a run to people without an account."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from runs.access import (
    Permission,
    StudioRequest,
    public_origin,
    signed_in_user,
    workspace_of,
)
from runs.actions.public import create_share_link, revoke_share_link, share_path
from runs.api.v1.endpoints import endpoint
from runs.api.v1.lookups import find_run
from runs.api.v1.schemas import NewPublicLink, PublicLinkInfo, PublicLinkList
from runs.models import Run, ShareLink, View, now_ms
from runs.search.views import find_view
from studio.core.errors import InvalidValue, NotFound


@endpoint("GET", Permission.SHARE_OUT, reply=PublicLinkList)
def list_public_links(request: StudioRequest) -> PublicLinkList:
    """List the active public links, without those of other members' private views."""
    rows = _visible_links(request).filter(revoked__isnull=True, expires__gt=now_ms())
    found = rows.select_related("created_by", "view", "run").order_by("-pk")
    return PublicLinkList([_link_info(each) for each in found])


@endpoint(
    "POST",
    Permission.SHARE_OUT,
    body=NewPublicLink,
    reply=PublicLinkInfo,
    status=201,
)
def create_public_link(request: StudioRequest, body: NewPublicLink) -> PublicLinkInfo:
    """Create a public link. The reply is the only one with its address."""
    link, secret = create_share_link(
        workspace_of(request),
        _find_shown(request, body),
        note=body.note,
        days=body.days,
        is_feed=body.feed,
        actor=request.actor,
        now=now_ms(),
    )
    return _link_info(link, public_origin(request) + share_path(link, secret))


@endpoint("DELETE", Permission.SHARE_OUT, reply=PublicLinkInfo)
def revoke_public_link(request: StudioRequest, number: int) -> PublicLinkInfo:
    """Revoke a public link; it stops working at once."""
    rows = _visible_links(request).filter(pk=min(number, 2**63 - 1))
    link = rows.select_related("created_by", "view", "run").first()
    if link is None:
        raise NotFound(_("This link doesn't exist."))
    revoke_share_link(link, actor=request.actor, now=now_ms())
    return _link_info(link)


def _visible_links(request: StudioRequest) -> QuerySet[ShareLink]:
    # A private view stays private, even for owners.
    seen = View.objects.visible_to(signed_in_user(request))
    rows = ShareLink.objects.filter(workspace=workspace_of(request))
    return rows.filter(Q(run__isnull=False) | Q(view__in=seen))


def _find_shown(request: StudioRequest, body: NewPublicLink) -> View | Run:
    if bool(body.view) == bool(body.run):
        raise InvalidValue(_("Give either view or run."), field="view")
    if body.run:
        return find_run(request, body.run)
    return find_view(body.view, signed_in_user(request), workspace_of(request))


def _link_info(link: ShareLink, address: str | None = None) -> PublicLinkInfo:
    return PublicLinkInfo(
        link.pk,
        link.view.slug if link.view else None,
        link.run.run_id if link.run else None,
        link.note,
        link.created_by.username if link.created_by else None,
        link.expires,
        address,
        link.is_feed,
    )
