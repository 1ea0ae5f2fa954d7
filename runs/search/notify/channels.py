"""Channels of a workspace."""

from __future__ import annotations

from django.utils.translation import gettext as _

from runs.models import AlertChannel, Workspace
from studio.core.errors import NotFound


def list_channels(workspace: Workspace) -> list[AlertChannel]:
    rows = AlertChannel.objects.filter(workspace=workspace, deleted__isnull=True)
    return list(rows.order_by("name"))


def find_channel(
    workspace: Workspace, number: int, *, is_deleted: bool = False
) -> AlertChannel:
    """Return the channel, one that was deleted with `is_deleted`; raise NotFound."""
    rows = AlertChannel.objects.filter(
        workspace=workspace, deleted__isnull=not is_deleted
    )
    found = rows.filter(pk=number).first() if number < 2**63 else None
    if found is None:
        raise NotFound(_("This channel doesn't exist."))
    return found
