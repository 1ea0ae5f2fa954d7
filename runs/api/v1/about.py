"""REST: the fields of the filter language, and the caller's workspaces."""

from __future__ import annotations

import msgspec

from runs.access import SIGNED_IN, StudioRequest, signed_in_user
from runs.api.v1.endpoints import endpoint
from runs.api.v1.schemas import FieldInfo, FieldList, WorkspaceInfo, WorkspaceList
from runs.models import Member, Role, StudioIdentity, TokenKind
from studio.core.filters.fields import CATALOG


@endpoint("GET", SIGNED_IN, reply=FieldList, scoped_tokens=True)
def list_fields(_request: StudioRequest) -> FieldList:
    """List the fields of the filter language, which sort and columns use too."""
    infos = [msgspec.convert(spec.as_json(), FieldInfo) for spec in CATALOG]
    return FieldList(infos)


@endpoint("GET", SIGNED_IN, reply=WorkspaceList, scoped_tokens=True)
def list_workspaces(request: StudioRequest) -> WorkspaceList:
    """List the workspaces that you are a member of, with your role in each.

    `server` is this server's identity, which stays the same if its address changes.
    """
    user = signed_in_user(request)
    rows = Member.objects.filter(user=user)
    if request.token is not None and request.token.kind != TokenKind.ORDINARY:
        rows = rows.filter(workspace=request.token.workspace_id)
    found = rows.select_related("workspace").order_by("workspace__name")
    # The role that counts in requests with this token, not the member's own.
    cap = request.token.role_cap if request.token else Role.OWNER
    return WorkspaceList(
        [
            WorkspaceInfo(row.workspace.name, Role(min(row.role, cap)).label)
            for row in found
        ],
        user.username,
        StudioIdentity.objects.values_list("identity", flat=True).first() or "",
    )
