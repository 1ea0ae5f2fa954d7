"""What was given up is sent again when an owner asks for it, for another day."""

from __future__ import annotations

import pytest

from runs.actions.actor import Actor
from runs.actions.notify import HookSender, create_notifications, send_again
from runs.models import (
    AlertRule,
    ChangeSet,
    Delivery,
    DeliveryState,
    Experiment,
    User,
    now_ms,
)
from studio.core.errors import InvalidState
from tests.access.people import browser_of
from tests.actions.notify.conftest import BASE, work
from tests.actions.notify.receiver import Receiver
from tests.actions.notify.rules import fail
from tests.actions.notify.smtp import Postbox

pytestmark = pytest.mark.django_db
DAY_MS = 24 * 3_600_000


def give_up(delivery: Delivery) -> None:
    """As the worker does when a day of attempts has passed."""
    rows = Delivery.objects.filter(pk=delivery.pk)
    rows.update(
        state=DeliveryState.DEAD,
        created=now_ms() - 2 * DAY_MS,
        attempts=30,
        error="the reply has status 500",
        ended=now_ms(),
    )


def test_a_message_to_a_webhook_is_tried_for_another_day_with_the_same_key(
    rule_of_chat: AlertRule,
    receiver: Receiver,
    experiment: Experiment,
    actor: Actor,
) -> None:
    fail(experiment, "r1", actor, now_ms())
    create_notifications(now_ms())
    delivery = Delivery.objects.get(kind="webhook")
    give_up(delivery)
    sender = HookSender(lambda: BASE)
    assert sender(now_ms()) == 0
    send_again(delivery, actor=actor, now=now_ms())
    receiver.status = 500
    assert sender(now_ms()) == 0
    delivery.refresh_from_db()
    # The day begins when it is sent again: one failure does not end it.
    assert (delivery.state, delivery.attempts) == (DeliveryState.WAITING, 1)
    Delivery.objects.update(due=now_ms())
    receiver.status = 200
    assert sender(now_ms()) == 1
    keys = {headers["Idempotency-Key"] for _path, headers, _body in receiver.got}
    assert keys == {delivery.key}
    with pytest.raises(InvalidState):
        send_again(delivery, actor=actor, now=now_ms())
    change_set = ChangeSet.objects.get(action="send delivery again")
    assert change_set.changes.get().after == "Fails"


def test_another_day_of_failures_gives_it_up_again(
    rule_of_chat: AlertRule,
    receiver: Receiver,
    experiment: Experiment,
    actor: Actor,
) -> None:
    fail(experiment, "r1", actor, now_ms())
    create_notifications(now_ms())
    delivery = Delivery.objects.get(kind="webhook")
    give_up(delivery)
    send_again(delivery, actor=actor, now=now_ms())
    receiver.status = 500
    Delivery.objects.update(resent=now_ms() - DAY_MS)
    HookSender(lambda: BASE)(now_ms())
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.DEAD


def test_a_mail_is_sent_again_and_only_to_who_may_still_get_it(
    rule: AlertRule,
    postbox: Postbox,
    experiment: Experiment,
    actor: Actor,
    ben: User,
) -> None:
    fail(experiment, "r1", actor, now_ms())
    create_notifications(now_ms())
    delivery = Delivery.objects.get(user=ben)
    give_up(delivery)
    send_again(delivery, actor=actor, now=now_ms())
    work(now_ms())
    delivery.refresh_from_db()
    assert (delivery.state, len(postbox.mails)) == (DeliveryState.SENT, 1)
    give_up(delivery)
    ben.memberships.all().delete()
    send_again(delivery, actor=actor, now=now_ms())
    work(now_ms())
    delivery.refresh_from_db()
    assert (delivery.state, len(postbox.mails)) == (DeliveryState.SKIPPED, 1)


def test_owners_send_again_on_the_page(
    rule: AlertRule,
    experiment: Experiment,
    postbox: Postbox,
    actor: Actor,
    ben: User,
    owner: User,
) -> None:
    fail(experiment, "r1", actor, now_ms())
    create_notifications(now_ms())
    delivery = Delivery.objects.get(user=ben)
    path = f"/w/default/alerts/deliveries/{delivery.pk}/again/"
    pages = "/w/default/alerts/deliveries/"
    assert path not in browser_of(owner).get(pages).content.decode()
    give_up(delivery)
    assert path in browser_of(owner).get(pages).content.decode()
    of_ben = browser_of(ben).get(pages).content.decode()
    assert "disabled title=" in of_ben
    assert browser_of(ben).post(path).status_code == 403
    browser_of(owner).post(path, {"next": f"{pages}?before=99"})
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.WAITING
    history = browser_of(owner).get("/w/default/activity/").content.decode()
    assert "sent a message about <b>Fails</b> again" in history
