"""Numbers of the page *Alerts*: what each tab has, and how often rules fired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, F, Model, QuerySet

from runs.models import AlertChannel, AlertRule, Delivery, FiredAlert, Workspace

DAY_MS = 86_400_000
SHOWN_DAYS = 7
#: Counting stops here, because a workspace can have millions of deliveries.
MAX_COUNT = 10_000


@dataclass(frozen=True)
class AlertCounts:
    """How many there are; fired alerts and deliveries at most `MAX_COUNT`."""

    rules: int
    fired: int
    deliveries: int
    channels: int


def count_alerts(workspace: Workspace) -> AlertCounts:
    return AlertCounts(
        AlertRule.objects.active().filter(workspace=workspace).count(),
        _count_up_to(FiredAlert.objects.filter(rule__workspace=workspace)),
        _count_up_to(Delivery.objects.filter(workspace=workspace)),
        AlertChannel.objects.filter(workspace=workspace, deleted=None).count(),
    )


def _count_up_to(rows: QuerySet[Model]) -> int:
    return rows.order_by().values("pk")[:MAX_COUNT].count()


def fired_by_day(rules: Sequence[AlertRule], now: int) -> dict[int, list[int]]:
    """Return how often each rule fired in each of the last 7 times 24 hours.

    The last number is that of the last 24 hours.
    """
    since = now - SHOWN_DAYS * DAY_MS
    rows = FiredAlert.objects.filter(
        rule__in=[rule.pk for rule in rules], started__gt=since, started__lte=now
    )
    # A moment is in the day that it ends, so that `now` is in the last one.
    days = rows.annotate(day=(F("started") - since - 1) / DAY_MS).order_by()
    found: dict[int, list[int]] = {rule.pk: [0] * SHOWN_DAYS for rule in rules}
    for rule, day, count in days.values_list("rule", "day").annotate(Count("pk")):
        found[rule][day] = count
    return found
