"""What webhooks are told of alerts."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from django.urls import reverse

from runs.actions.encryption import decrypt_text
from runs.models import (
    AlertChannel,
    AlertCondition,
    AlertRule,
    Delivery,
    DeliveryKind,
    HookFormat,
    Run,
)
from runs.notify import HookMessage
from runs.render.formats import run_path

#: Another use of the same secret key has another purpose.
ADDRESS_PURPOSE = b"run-studio: addresses of channels"
SECRET_PURPOSE = b"run-studio: secrets of channels"
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


def compose_hook(delivery: Delivery, base: str) -> HookMessage:
    """Return the message of a delivery; raise CannotDecrypt."""
    channel = delivery.channel
    assert channel is not None
    is_cloud_event = channel.format == HookFormat.CLOUD_EVENTS
    event = _cloud_event if is_cloud_event else _grid_event
    return HookMessage(
        url=decrypt_text(bytes(channel.address), ADDRESS_PURPOSE),
        secret=decrypt_text(bytes(channel.secret), SECRET_PURPOSE),
        key=delivery.key,
        body=json.dumps(event(delivery, base), ensure_ascii=False).encode(),
        content_type="application/cloudevents+json"
        if is_cloud_event
        else "application/json",
    )


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
