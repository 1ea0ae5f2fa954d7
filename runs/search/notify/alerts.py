"""Alert rules, fired alerts, and deliveries of a workspace."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Prefetch, QuerySet, Subquery
from django.utils.translation import gettext as _

from runs.models import (
    AlertRecipient,
    AlertRule,
    AlertRuleChannel,
    Delivery,
    DeliveryKind,
    DeliveryState,
    FiredAlert,
    Notification,
    Role,
    Run,
    RunEvent,
    RunQuerySet,
    User,
    View,
    Workspace,
)
from runs.search.notify.pages import read_newest
from runs.search.query import runs_matching
from runs.search.sql import time_limit
from studio.core.errors import NotFound
from studio.core.filters import parse
from studio.core.statuses import RunStatus

PAGE_SIZE = 50
MAX_COUNTED_RUNS = 10_000
PREVIEW_DAYS = 7
_MINUTE_MS = 60_000


def list_rules(workspace: Workspace) -> list[AlertRule]:
    """Return the rules by name, with their recipients."""
    rows = _with_recipients(AlertRule.objects.active())
    return list(rows.filter(workspace=workspace).order_by("name"))


def _with_recipients(rows: QuerySet[AlertRule]) -> QuerySet[AlertRule]:
    recipients = AlertRecipient.objects.filter(is_listed=True).select_related("user")
    channels = AlertRuleChannel.objects.filter(channel__deleted__isnull=True)
    return rows.select_related("author").prefetch_related(
        Prefetch("recipients", queryset=recipients.order_by("user__username")),
        Prefetch(
            "channel_rows",
            queryset=channels.select_related("channel").order_by("channel__name"),
        ),
    )


def last_alerts(rules: list[AlertRule]) -> dict[int, FiredAlert]:
    """Return the latest alert of each rule, by the rule's key."""
    newest = (
        FiredAlert.objects.filter(rule=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    )
    keys = AlertRule.objects.filter(pk__in=[rule.pk for rule in rules]).annotate(
        newest=Subquery(newest)
    )
    rows = FiredAlert.objects.filter(pk__in=keys.values("newest"))
    return {alert.rule_id: alert for alert in rows.select_related("run")}


def find_rule(
    workspace: Workspace, number: int, *, is_deleted: bool = False
) -> AlertRule:
    """Return the rule, one that was deleted with `is_deleted`; raise NotFound."""
    rows = _with_recipients(AlertRule.objects.filter(workspace=workspace))
    rows = rows.filter(deleted__isnull=not is_deleted)
    found = rows.filter(pk=number).first() if number < 2**63 else None
    if found is None:
        raise NotFound(_("This alert rule doesn't exist."))
    return found


def find_fired_alert(workspace: Workspace, number: int) -> FiredAlert:
    rows = FiredAlert.objects.filter(rule__workspace=workspace)
    rows = rows.select_related("rule", "run", "acknowledged_by")
    found = rows.filter(pk=number).first() if number < 2**63 else None
    if found is None:
        raise NotFound(_("This alert doesn't exist."))
    return found


@dataclass(frozen=True)
class AlertPage:
    alerts: list[FiredAlert]
    older: int | None


def list_fired(workspace: Workspace, before: int | None = None) -> AlertPage:
    """Return the fired alerts, the newest first."""
    rows = FiredAlert.objects.filter(rule__workspace=workspace)
    rows = rows.select_related("rule", "run", "acknowledged_by")
    return AlertPage(*read_newest(rows, PAGE_SIZE, before))


@dataclass(frozen=True)
class DeliveryPage:
    deliveries: list[Delivery]
    older: int | None


def list_deliveries(
    workspace: Workspace, *, viewer: User, role: Role | None, before: int | None = None
) -> DeliveryPage:
    """Return the deliveries that the viewer sees, the newest first."""
    rows = _with_subjects(Delivery.objects.filter(workspace=workspace))
    if not sees_all_deliveries(role):
        rows = rows.filter(user=viewer)
    return DeliveryPage(*read_newest(rows, PAGE_SIZE, before))


def count_messages(deliveries: Collection[Delivery]) -> dict[int, int]:
    """Return of how many notifications each mail tells that has several."""
    keys = [each.pk for each in deliveries if each.kind == DeliveryKind.DIGEST]
    rows = Notification.objects.filter(digest__in=keys).order_by()
    return dict(rows.values_list("digest").annotate(Count("pk")))


def sees_all_deliveries(role: Role | None) -> bool:
    """Readers see mails to them only, because deliveries name recipients."""
    return role is not None and role >= Role.CONTRIBUTOR


def _with_subjects(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    return rows.select_related(
        "channel",
        "user",
        "notification__event__run",
        "notification__rule",
        "notification__run",
    )


def find_delivery(workspace: Workspace, number: int) -> Delivery:
    rows = _with_subjects(Delivery.objects.filter(workspace=workspace))
    found = rows.filter(pk=number).first() if number < 2**63 else None
    if found is None:
        raise NotFound(_("This delivery doesn't exist."))
    return found


@dataclass(frozen=True)
class WaitingMails:
    """Mails that the mail server did not accept yet, and its last reply."""

    count: int
    error: str


def count_waiting_mails(workspace: Workspace) -> WaitingMails | None:
    """Return the mails that an attempt failed for; None if there are none."""
    rows = Delivery.objects.filter(
        workspace=workspace, state=DeliveryState.WAITING, user__isnull=False
    ).exclude(error="")
    last = rows.order_by("-due").values_list("error", flat=True).first()
    return None if last is None else WaitingMails(rows.count(), last)


def runs_of_rule(rule: AlertRule, now: int) -> RunQuerySet:
    """Return the runs that the rule's filter finds for its author.

    None without an author, or if they are no longer a member. Raises InvalidFilter.
    """
    if rule.author is None:
        return Run.objects.none()
    return runs_matching(
        parse(rule.q), viewer=rule.author, workspace=rule.workspace, now=now
    ).not_deleted()


def runs_of_view(view: View, viewer: User, now: int) -> RunQuerySet:
    """Return the runs of the view's list; raise InvalidFilter."""
    node, space = parse(f"view:{view.slug}"), view.workspace
    runs = runs_matching(node, viewer=viewer, workspace=space, now=now).not_deleted()
    if view.experiment_id is not None:
        runs = runs.filter(experiment=view.experiment_id)
    if not view.spec.get("children"):
        runs = runs.filter(parent__isnull=True)
    return runs


def count_matching_now(q: str, *, author: User, workspace: Workspace, now: int) -> int:
    """Count the runs that a filter finds, up to one more than MAX_COUNTED_RUNS.

    Raises InvalidFilter and QueryTimeout.
    """
    runs = runs_matching(parse(q), viewer=author, workspace=workspace, now=now)
    with time_limit():
        found = runs.not_deleted().order_by()
        return found[: MAX_COUNTED_RUNS + 1].count()


def count_preview(
    q: str, statuses: Collection[str], *, author: User, workspace: Workspace, now: int
) -> int:
    """Count the runs that would have fired a rule of statuses in PREVIEW_DAYS.

    Up to one more than MAX_COUNTED_RUNS. Raises InvalidFilter and QueryTimeout.
    """
    since = now - PREVIEW_DAYS * 24 * 60 * _MINUTE_MS
    codes = [status.code for status in RunStatus if status.value in statuses]
    entered = RunEvent.objects.filter(
        run=OuterRef("pk"), new__in=codes, time__gte=since
    ).exclude(old=F("new"))
    runs = runs_matching(parse(q), viewer=author, workspace=workspace, now=now)
    with time_limit():
        found = runs.not_deleted().filter(Exists(entered), updated__gte=since)
        return found.order_by()[: MAX_COUNTED_RUNS + 1].count()
