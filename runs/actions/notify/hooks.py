"""Tell webhooks of alerts: each message at least once, tried again for a day."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse

from runs.actions.encryption import CannotDecrypt, decrypt_text
from runs.actions.notify.attempts import (
    claim,
    end,
    postpone,
    retry_later,
    tried_for_a_day,
    waiting,
)
from runs.models import (
    AlertChannel,
    AlertCondition,
    AlertRule,
    Delivery,
    DeliveryKind,
    DeliveryState,
    HookFormat,
    Run,
    now_ms,
)
from runs.notify import (
    HookMessage,
    PermanentHookError,
    TemporaryHookError,
    post_to_webhook,
)
from runs.render.formats import run_path

#: Another use of the same secret key has another purpose.
ADDRESS_PURPOSE = b"run-studio: addresses of channels"
SECRET_PURPOSE = b"run-studio: secrets of channels"
_BATCH = 50
#: As Azure calls it, so that receivers that exist know it.
STATUS_TYPE = "Microsoft.MachineLearningServices.RunStatusChanged"
ALERT_TYPE = "RunStudio.AlertFired"
TEST_TYPE = "RunStudio.ChannelTest"


def tell_channels(rule: AlertRule, run: Run | None, count: int, now: int) -> None:
    """Create a delivery for each channel of the rule."""
    channels = AlertChannel.objects.filter(
        rule_rows__rule=rule, deleted__isnull=True, is_enabled=True
    )
    if found := list(channels):
        facts = _facts(rule, run, count)
        Delivery.objects.bulk_create(new_hook(each, facts, now) for each in found)


def new_hook(channel: AlertChannel, facts: dict[str, Any], now: int) -> Delivery:
    return Delivery(
        key=f"h{uuid.uuid4().hex}",
        kind=DeliveryKind.WEBHOOK,
        channel=channel,
        facts=facts,
        workspace_id=channel.workspace_id,
        created=now,
        due=now,
    )


def _facts(rule: AlertRule, run: Run | None, count: int) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "rule": rule.pk,
        "ruleName": rule.name,
        "condition": rule.condition,
        "severity": rule.severity,
        "count": count,
    }
    if run is not None:
        facts |= {
            "experimentId": str(run.experiment.number),
            "experimentName": run.experiment.name,
            "runId": run.run_id,
            "runName": run.name,
            "runStatus": run.state.value,
        }
    return facts


class HookSender:
    """The worker's task: sends what is due for webhooks."""

    def __init__(self, base_url: Callable[[], str]) -> None:
        #: The public address of this server, for links.
        self._base_url = base_url

    def __call__(self, _now: int) -> int:
        """Send what is due; return how many messages were accepted."""
        sent = 0
        while found := list(_due(now_ms()).order_by("due", "pk")[:_BATCH]):
            sent += sum(self._attempt(delivery) for delivery in found)
        return sent

    def _attempt(self, delivery: Delivery) -> bool:
        """Try once, unless an attempt for the same webhook has just failed."""
        now = now_ms()
        if not claim(delivery, now, "channel", "workspace"):
            return False
        if reason := _reason_to_skip(delivery):
            end(delivery, DeliveryState.SKIPPED, reason)
            return False
        channel, facts = delivery.channel, delivery.facts
        assert channel is not None
        assert facts is not None
        try:
            message = self._compose(delivery)
            post_to_webhook(
                message, now=now, allows_private=settings.HOOK_PRIVATE_ADDRESSES
            )
        except CannotDecrypt:
            reason = "the server's secret key has changed: enter the address again"
            end(delivery, DeliveryState.DEAD, reason)
        except PermanentHookError as error:
            reason = str(error)
            end(delivery, DeliveryState.DEAD, reason)
        except TemporaryHookError as error:
            reason = str(error)
            if facts.get("test"):
                end(delivery, DeliveryState.DEAD, reason)
            else:
                retry_later(delivery, reason, now_ms())
            _postpone_others(channel, reason)
        else:
            end(delivery, DeliveryState.SENT, "")
        _keep_result(channel, now, reason)
        return not reason

    def _compose(self, delivery: Delivery) -> HookMessage:
        channel = delivery.channel
        assert channel is not None
        is_cloud_event = channel.format == HookFormat.CLOUD_EVENTS
        event = _cloud_event if is_cloud_event else _grid_event
        body = event(delivery, self._base_url())
        return HookMessage(
            url=decrypt_text(bytes(channel.address), ADDRESS_PURPOSE),
            secret=decrypt_text(bytes(channel.secret), SECRET_PURPOSE),
            key=delivery.key,
            body=json.dumps(body, ensure_ascii=False).encode(),
            content_type="application/cloudevents+json"
            if is_cloud_event
            else "application/json",
        )


def _due(now: int) -> QuerySet[Delivery]:
    return waiting(now).filter(kind=DeliveryKind.WEBHOOK)


def _reason_to_skip(delivery: Delivery) -> str:
    channel, facts = delivery.channel, delivery.facts
    assert channel is not None
    assert facts is not None
    if channel.deleted is not None:
        return "the channel was deleted"
    if facts.get("test"):
        return ""
    if not channel.is_enabled:
        return "the channel is disabled"
    rules = AlertRule.objects.active().filter(pk=facts["rule"])
    return "" if rules.exists() else "the rule was deleted"


def _postpone_others(channel: AlertChannel, reason: str) -> None:
    """Keep others from the webhook for a minute; give up those of a day ago."""
    now = now_ms()
    rows = _due(now).filter(channel=channel)
    tried_for_a_day(rows, now).update(state=DeliveryState.DEAD, ended=now, error=reason)
    postpone(rows, reason, now)


def _keep_result(channel: AlertChannel, now: int, reason: str) -> None:
    AlertChannel.objects.filter(pk=channel.pk).update(last_tried=now, last_error=reason)


def _grid_event(delivery: Delivery, base: str) -> list[dict[str, Any]]:
    return [
        {
            "topic": _source(delivery, base),
            "subject": _subject(delivery),
            "eventType": _event_type(delivery),
            "eventTime": _time(delivery),
            "id": delivery.key,
            "data": _data(delivery, base),
            "dataVersion": "1",
            "metadataVersion": "1",
        }
    ]


def _cloud_event(delivery: Delivery, base: str) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": delivery.key,
        "source": _source(delivery, base),
        "type": _event_type(delivery),
        "subject": _subject(delivery),
        "time": _time(delivery),
        "datacontenttype": "application/json",
        "data": _data(delivery, base),
    }


def _source(delivery: Delivery, base: str) -> str:
    assert delivery.workspace is not None
    return f"{base}{reverse('run-list', args=[delivery.workspace.name])}"


def _event_type(delivery: Delivery) -> str:
    facts = delivery.facts or {}
    if facts.get("test"):
        return TEST_TYPE
    is_of_status = facts["condition"] == AlertCondition.STATUS and "runId" in facts
    return STATUS_TYPE if is_of_status else ALERT_TYPE


def _subject(delivery: Delivery) -> str:
    facts = delivery.facts or {}
    if "runId" in facts:
        return f"experiments/{facts['experimentId']}/runs/{facts['runId']}"
    return f"rules/{facts['rule']}" if "rule" in facts else "channels/test"


def _time(delivery: Delivery) -> str:
    moment = datetime.fromtimestamp(delivery.created / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _data(delivery: Delivery, base: str) -> dict[str, Any]:
    """The facts, with the address of the run's page, or of the fired alerts."""
    assert delivery.workspace is not None
    facts, space = delivery.facts or {}, delivery.workspace.name
    if "runId" in facts:
        path = run_path(space, facts["runId"])
    else:
        path = reverse("alerts-fired", args=[space])
    return {**facts, "workspace": space, "link": f"{base}{path}"}
