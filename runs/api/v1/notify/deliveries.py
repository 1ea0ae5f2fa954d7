"""REST: the mails and the messages to webhooks of a workspace."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from runs.access import Permission, StudioRequest, signed_in_user, workspace_of
from runs.actions.notify import send_again
from runs.api.v1.endpoints import endpoint
from runs.api.v1.schemas import RequestStruct
from runs.models import Delivery, now_ms
from runs.search.notify import find_delivery, list_deliveries


class DeliveryQuery(RequestStruct):
    """`before` continues a page."""

    before: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None = None


class DeliveryInfo(Struct):
    """A mail to `user`, or a message for `channel`.

    `state` is `waiting`, `sent`, `skipped`, or `dead` for one that was given up.
    `error` is the reason, or the last reply of the server.
    """

    number: int
    state: str
    user: str | None
    channel: str | None
    attempts: int
    created: int
    due: int
    ended: int | None
    error: str


class DeliveryList(Struct):
    """`before` is the parameter for the next page, None on the last one."""

    deliveries: list[DeliveryInfo]
    before: int | None


@endpoint("GET", Permission.READ, query=DeliveryQuery, reply=DeliveryList)
def list_alert_deliveries(request: StudioRequest, query: DeliveryQuery) -> DeliveryList:
    """List the deliveries, the newest first. Readers see mails to them."""
    page = list_deliveries(
        workspace_of(request),
        viewer=signed_in_user(request),
        role=request.role,
        before=query.before,
    )
    return DeliveryList([_info(each) for each in page.deliveries], page.older)


@endpoint("POST", Permission.CHANNELS, reply=DeliveryInfo)
def send_delivery_again(request: StudioRequest, number: int) -> DeliveryInfo:
    """Send a delivery again that was given up: for another day."""
    place = workspace_of(request)
    send_again(find_delivery(place, number), actor=request.actor, now=now_ms())
    return _info(find_delivery(place, number))


def _info(delivery: Delivery) -> DeliveryInfo:
    user, channel = delivery.user, delivery.channel
    return DeliveryInfo(
        number=delivery.pk,
        state=delivery.state,
        user=user.username if user else None,
        channel=channel.name if channel else None,
        attempts=delivery.attempts,
        created=delivery.created,
        due=delivery.due,
        ended=delivery.ended,
        error=delivery.error,
    )
