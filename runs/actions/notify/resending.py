"""Send again what was given up."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.changes import Edit, record_changes
from runs.models import Delivery, DeliveryState
from studio.core.errors import InvalidState


@transaction.atomic
def send_again(delivery: Delivery, *, actor: Actor, now: int) -> None:
    """Let the worker try a delivery for another day; raise InvalidState.

    Its key stays the same, so receivers can tell a message that had arrived. Whether
    the recipient may still get it is checked when it is sent.
    """
    rows = Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.DEAD)
    if not rows.update(
        state=DeliveryState.WAITING, due=now, resent=now, attempts=0, ended=None
    ):
        raise InvalidState(_("Only a delivery that was given up is sent again."))
    assert delivery.workspace is not None
    name = _subject(delivery)
    edit = Edit(f"deliveries.{name}", None, name)
    record_changes(
        delivery.workspace, "send delivery again", [edit], actor=actor, now=now
    )


def _subject(delivery: Delivery) -> str:
    """The rule or the run that it is about; of a test the channel.

    Everyone reads the history, and only contributors see who gets mails.
    """
    facts: dict[str, Any] = delivery.facts or {}
    notification = delivery.notification
    if notification is None:
        channel = delivery.channel
        return facts.get("ruleName") or (channel.name if channel else "")
    if notification.rule is not None:
        return notification.rule.name
    return notification.event.run.name if notification.event else ""
