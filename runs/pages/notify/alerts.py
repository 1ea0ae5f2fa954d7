"""*Alerts*: rules, fired alerts and deliveries of a workspace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_POST, require_safe

from runs.access import Permission, access
from runs.actions.notify import acknowledge_alert, send_again
from runs.models import (
    ActionOutcome,
    AlertCondition,
    AlertRule,
    Delivery,
    DeliveryState,
    Severity,
    View,
    now_ms,
)
from runs.pages.notify.alert_tabs import alert_frame, read_before
from runs.pages.requests import PageRequest, safe_return_path
from runs.pages.run_shell import role_refusal
from runs.render.formats import grouped, number, run_path, status_label
from runs.search.notify import (
    count_messages,
    find_delivery,
    find_fired_alert,
    list_deliveries,
    list_fired,
    sees_all_deliveries,
)

OUTCOME_LABELS = {
    ActionOutcome.TAGGED: gettext_lazy("tagged"),
    ActionOutcome.CANCELED: gettext_lazy("cancel requested"),
    ActionOutcome.LOCKED: gettext_lazy("skipped because locked"),
    ActionOutcome.ENDED: gettext_lazy("not canceled because ended or canceling"),
    ActionOutcome.TRASHED: gettext_lazy("skipped in the trash"),
    ActionOutcome.ROLE: gettext_lazy("skipped: the rule's author is no contributor"),
    ActionOutcome.FAILED: gettext_lazy("skipped: the change was refused"),
}


def severity_label(severity: int) -> str:
    return pgettext("severity", Severity(severity).label)


def _condition_templates() -> dict[str, str]:
    return {
        AlertCondition.STATUS: _("Status becomes %(statuses)s"),
        AlertCondition.DURATION: _("Runs longer than %(minutes)s min"),
        AlertCondition.QUEUE: _("Queued longer than %(minutes)s min"),
        AlertCondition.HEARTBEAT: _("No heartbeat for %(minutes)s min"),
        AlertCondition.COUNT: _("%(runs)s runs in %(minutes)s min become %(statuses)s"),
        AlertCondition.LOG: _("A line of a log contains “%(text)s”"),
        AlertCondition.ENTERED: _("Enters the view %(name)s"),
        AlertCondition.LEFT: _("Leaves the view %(name)s"),
    }


def condition_text(rule: AlertRule) -> str:
    settings: dict[str, Any] = dict(rule.settings)
    template = _condition_templates().get(rule.condition)
    if template is None:
        return _metric_condition(settings)
    if "statuses" in settings:
        labels = (status_label(each) for each in settings["statuses"])
        settings["statuses"] = ", ".join(labels)
    if "view" in settings:
        view = View.objects.filter(slug=settings["view"]).first()
        settings["name"] = view.name if view else settings["view"]
    return template % settings


def _metric_condition(settings: dict[str, Any]) -> str:
    parts = []
    if settings.get("value") is not None:
        parts.append(f"{settings.get('op', '>')} {number(settings['value'])}")
    if settings.get("nan"):
        parts.append("NaN")
    return f"{settings['metric']} {_('or').join(f' {part} ' for part in parts)}".strip()


def action_text(rule: AlertRule) -> str:
    """What the rule does to a run; empty if it only notifies."""
    parts = []
    if rule.tag_key:
        tag = f"{rule.tag_key}: {rule.tag_value}" if rule.tag_value else rule.tag_key
        parts.append(_("sets the tag %(tag)s") % {"tag": tag})
    if rule.cancels_run:
        parts.append(_("cancels the run"))
    return ", ".join(parts)


def outcomes_text(outcomes: dict[str, int]) -> str:
    """What the rule did to the runs that matched, and why it skipped some."""
    return " · ".join(
        f"{label}: {grouped(outcomes[outcome])}"
        for outcome, label in OUTCOME_LABELS.items()
        if outcomes.get(outcome)
    )


@access(Permission.READ)
@require_safe
def fired_page(request: PageRequest) -> HttpResponse:
    page = list_fired(request.workspace, read_before(request))
    space = request.workspace.name
    context = {
        **alert_frame(request, "fired"),
        "rows": [
            {
                "alert": alert,
                "severity": severity_label(alert.rule.severity),
                "outcomes": outcomes_text(alert.outcomes),
                "run_href": run_path(space, alert.run.run_id) if alert.run else "",
            }
            for alert in page.alerts
        ],
        "older": page.older,
    }
    return render(request, "notify/fired_alerts.html", context)


@access(Permission.ALERTS)
@require_POST
def acknowledge_fired_alert(request: PageRequest, number: int) -> HttpResponse:
    alert = find_fired_alert(request.workspace, number)
    acknowledge_alert(alert, actor=request.actor, now=now_ms())
    messages.success(request, _("Alert acknowledged"))
    target = safe_return_path(request)
    return (
        redirect(target) if target else redirect("alerts-fired", request.workspace.name)
    )


@access(Permission.READ)
@require_safe
def deliveries_page(request: PageRequest) -> HttpResponse:
    page = list_deliveries(
        request.workspace,
        viewer=request.actor.user,
        role=request.role,
        before=read_before(request),
    )
    messages_of = count_messages(page.deliveries)
    context = {
        **alert_frame(request, "deliveries"),
        "rows": [_delivery_row(request, each, messages_of) for each in page.deliveries],
        "older": page.older,
        "is_all": sees_all_deliveries(request.role),
        "resend_refusal": role_refusal(request, Permission.CHANNELS),
    }
    return render(request, "notify/deliveries.html", context)


@access(Permission.CHANNELS)
@require_POST
def resend_delivery(request: PageRequest, number: int) -> HttpResponse:
    delivery = find_delivery(request.workspace, number)
    send_again(delivery, actor=request.actor, now=now_ms())
    messages.success(request, _("The message is sent again."))
    target = safe_return_path(request)
    space = request.workspace.name
    return redirect(target) if target else redirect("alerts-deliveries", space)


def _delivery_row(
    request: PageRequest, delivery: Delivery, messages_of: Mapping[int, int]
) -> dict[str, Any]:
    notification = delivery.notification
    event = notification.event if notification else None
    run = notification.run if notification else None
    run = event.run if event else run
    rule = notification.rule if notification else None
    # A webhook has facts instead of a notification.
    facts: dict[str, Any] = delivery.facts or {}
    run_id = run.run_id if run else facts.get("runId")
    return {
        "delivery": delivery,
        "state": state_label(delivery.state),
        "run_name": run.name if run else facts.get("runName", ""),
        "run_href": run_path(request.workspace.name, run_id) if run_id else "",
        "rule_name": rule.name if rule else facts.get("ruleName", ""),
        "is_test": facts.get("test", False),
        "messages": messages_of.get(delivery.pk, 0),
        "is_held": delivery.state == DeliveryState.WAITING
        and not delivery.attempts
        and delivery.due > now_ms(),
    }


def state_label(state: str) -> str:
    return {
        DeliveryState.WAITING: pgettext("state of a mail", "Waiting"),
        DeliveryState.SENT: pgettext("state of a mail", "Sent"),
        DeliveryState.DEAD: pgettext("state of a mail", "Given up"),
        DeliveryState.SKIPPED: pgettext("state of a mail", "Skipped"),
    }[DeliveryState(state)]
