"""REST: the notifications of the caller in a workspace."""

from __future__ import annotations

from typing import Any

from runs.access import Permission, StudioRequest, signed_in_user, workspace_of
from runs.actions.notify import mark_all_read, mark_read
from runs.api.v1.endpoints import endpoint
from runs.api.v1.schemas import (
    NotificationInfo,
    NotificationList,
    NotificationQuery,
    NotificationsRead,
    NotificationsToRead,
)
from runs.models import Notification, now_ms
from runs.search.notify import list_inbox
from studio.core.statuses import RunStatus


@endpoint("GET", Permission.FOLLOW, query=NotificationQuery, reply=NotificationList)
def list_notifications(
    request: StudioRequest, query: NotificationQuery
) -> NotificationList:
    """List your notifications of the workspace, the newest first."""
    tab = "unread" if query.unread else "all"
    page = list_inbox(
        signed_in_user(request), tab, query.before, workspace=workspace_of(request)
    )
    return NotificationList([_info(each) for each in page.entries], page.older)


@endpoint("POST", Permission.FOLLOW, body=NotificationsToRead, reply=NotificationsRead)
def read_notifications(
    request: StudioRequest, body: NotificationsToRead
) -> NotificationsRead:
    """Mark these notifications as read, or all up to one of them."""
    user, place, now = signed_in_user(request), workspace_of(request), now_ms()
    count = mark_read(user, body.ids, workspace=place, now=now)
    if body.until is not None:
        count += mark_all_read(user, until=body.until, workspace=place, now=now)
    return NotificationsRead(count)


def _status(code: int | None) -> str | None:
    return None if code is None else RunStatus.from_code(code).value


def _info(notification: Notification) -> NotificationInfo:
    event, comment = notification.event, notification.comment
    reason: Any = notification.reason
    run = event.run if event else comment.run if comment else notification.run
    return NotificationInfo(
        id=notification.pk,
        time=notification.created,
        reason=reason,
        read=notification.read,
        run_id=run.run_id if run else None,
        old=_status(event.old) if event else None,
        new=_status(event.new) if event else None,
        comment=comment.pk if comment else None,
    )
