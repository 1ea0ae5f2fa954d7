"""The editor of an alert rule."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from runs.access import Permission, access, view_by_method
from runs.actions.notify import (
    RuleText,
    change_alert_rule,
    create_alert_rule,
    delete_alert_rule,
    enable_alert_rule,
    restore_alert_rule,
    send_test_alert,
)
from runs.models import (
    AlertCondition,
    AlertRule,
    Experiment,
    Member,
    Severity,
    now_ms,
)
from runs.notify import is_mail_configured
from runs.pages.notify.alerts import severity_label
from runs.pages.requests import (
    FlagField,
    PageForm,
    PageRequest,
    PresenceField,
    TextField,
    TextListField,
)
from runs.render.formats import status_label
from runs.search.notify import (
    count_matching_now,
    count_preview,
    find_rule,
    list_channels,
)
from runs.search.views import visible_views_in
from studio.core.errors import InvalidValue, StudioError
from studio.core.filters import parse, to_text
from studio.core.filters.tree import Comparison, Node, Text, attribute, with_term
from studio.core.statuses import RunStatus

_MAX_DIGITS = 7
#: Of the choice of views.
_MAX_VIEWS = 500
#: The statuses of a new rule.
_PROPOSED = (RunStatus.FAILED, RunStatus.NOT_RESPONDING)


class RuleForm(PageForm):
    name = TextField()
    q = TextField()
    condition = TextField(default=AlertCondition.STATUS)
    statuses = TextListField()
    minutes = TextField()
    queue_minutes = TextField()
    heartbeat_minutes = TextField()
    count_statuses = TextListField()
    count_minutes = TextField()
    count_runs = TextField()
    log_text = TextField()
    entered_view = TextField()
    left_view = TextField()
    metric = TextField()
    op = TextField(default=">")
    value = TextField()
    nan = PresenceField()
    severity = TextField(default="2")
    is_enabled = PresenceField()
    to_submitter = PresenceField()
    throttle = TextField(default="30")
    resolve_after = TextField()
    recipients = TextListField()
    tag_key = TextField()
    tag_value = TextField()
    cancels_run = PresenceField()
    channels = TextListField()

    def rule_text(self) -> RuleText:
        """Raises InvalidValue for what is no number."""
        values = self.check()
        condition = values["condition"]
        after = values["resolve_after"]
        return RuleText(
            name=values["name"],
            q=values["q"],
            condition=condition,
            settings=_condition_settings(condition, values),
            severity=_whole(values["severity"], "severity"),
            is_enabled=values["is_enabled"],
            to_submitter=values["to_submitter"],
            throttle=_whole(values["throttle"], "throttle"),
            resolve_after=_whole(after, "resolve_after") if after else None,
            recipients=values["recipients"],
            tag_key=values["tag_key"].strip(),
            tag_value=values["tag_value"],
            cancels_run=values["cancels_run"],
            channels=values["channels"],
        )


#: The field of the minutes of each condition that has only these.
_MINUTES_FIELDS = {
    AlertCondition.DURATION: "minutes",
    AlertCondition.QUEUE: "queue_minutes",
    AlertCondition.HEARTBEAT: "heartbeat_minutes",
}


def _condition_settings(condition: str, values: dict[str, Any]) -> dict[str, Any]:
    if condition == AlertCondition.STATUS:
        return {"statuses": values["statuses"]}
    if name := _MINUTES_FIELDS.get(condition):  # type: ignore[call-overload]
        return {"minutes": _whole(values[name], "minutes")}
    if condition == AlertCondition.COUNT:
        return {
            "statuses": values["count_statuses"],
            "runs": _whole(values["count_runs"], "runs"),
            "minutes": _whole(values["count_minutes"], "minutes"),
        }
    if condition == AlertCondition.LOG:
        return {"text": values["log_text"]}
    if condition in (AlertCondition.ENTERED, AlertCondition.LEFT):
        return {"view": values[f"{condition}_view"]}
    return {
        "metric": values["metric"],
        "op": values["op"],
        "value": _decimal(values["value"]) if values["value"] else None,
        "nan": values["nan"],
    }


def _form_settings(rule: AlertRule) -> dict[str, Any]:
    """The settings by the names that they have in the form."""
    settings: dict[str, Any] = dict(rule.settings)
    if rule.condition == AlertCondition.COUNT:
        return {f"count_{name}": value for name, value in settings.items()}
    if name := _MINUTES_FIELDS.get(rule.condition):  # type: ignore[call-overload]
        return {name: settings["minutes"]}
    if rule.condition == AlertCondition.LOG:
        return {"log_text": settings["text"]}
    if "view" in settings:
        return {f"{rule.condition}_view": settings["view"]}
    return settings


def _whole(text: str, field: str) -> int:
    if not text.isdecimal() or len(text) > _MAX_DIGITS:
        raise InvalidValue(_("Enter a whole number."), field=field)
    return int(text)


def _decimal(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InvalidValue(_("Enter a number."), field="value")
    return value


@access(Permission.ALERTS)
def _show_new(request: PageRequest) -> HttpResponse:
    """A new rule with the filter that a list or *Events* shows."""
    proposed = {
        "q": _shown_filter(request),
        "condition": AlertCondition.STATUS.value,
        "statuses": [status.value for status in _PROPOSED],
        "severity": str(Severity.WARNING.value),
        "is_enabled": True,
        "throttle": "30",
        "op": ">",
        "recipients": [request.actor.user.username],
    }
    return _render(request, proposed)


def _shown_filter(request: PageRequest) -> str:
    """The filter `q`, with the experiment `in` and *My runs* of a run list."""
    q, number = request.GET.get("q", ""), request.GET.get("in", "")
    added: list[Node] = []
    if number.isdecimal() and len(number) <= _MAX_DIGITS:
        rows = Experiment.objects.filter(workspace=request.workspace)
        name = rows.filter(number=number).values_list("name", flat=True).first()
        if name is not None:
            added.append(Comparison(attribute("experiment"), "=", (Text(name),)))
    if request.GET.get("mine"):
        user = Text(request.actor.user.username)
        added.append(Comparison(attribute("submitter"), "=", (user,)))
    try:
        node = parse(q)
        for term in added:
            node = with_term(node, term)
        return to_text(node) if added and node is not None else q
    except StudioError:
        # The editor says what is wrong with it.
        return q


@access(Permission.ALERTS)
def _create(request: PageRequest) -> HttpResponse:
    form = RuleForm(request.POST)
    try:
        rule = create_alert_rule(
            request.workspace, form.rule_text(), actor=request.actor, now=now_ms()
        )
    except StudioError as error:
        return _render(request, form.cleaned_data, error=error)
    messages.success(request, _("Alert rule “%(name)s” created") % {"name": rule.name})
    return redirect("alerts", request.workspace.name)


new_rule = view_by_method(GET=_show_new, POST=_create)


@access(Permission.ALERTS)
def _show_rule(request: PageRequest, number: int) -> HttpResponse:
    rule = find_rule(request.workspace, number)
    return _render(request, _values_of(rule), rule=rule)


@access(Permission.ALERTS)
def _change(request: PageRequest, number: int) -> HttpResponse:
    rule = find_rule(request.workspace, number)
    form = RuleForm(request.POST)
    try:
        change_alert_rule(rule, form.rule_text(), actor=request.actor, now=now_ms())
    except StudioError as error:
        return _render(request, form.cleaned_data, rule=rule, error=error)
    messages.success(request, _("Saved."))
    return redirect("alerts", request.workspace.name)


edit_rule = view_by_method(GET=_show_rule, POST=_change)


def _values_of(rule: AlertRule) -> dict[str, Any]:
    names = rule.recipients.filter(is_listed=True)
    return {
        "name": rule.name,
        "q": rule.q,
        "condition": rule.condition,
        "severity": str(rule.severity),
        "is_enabled": rule.is_enabled,
        "to_submitter": rule.to_submitter,
        "throttle": str(rule.throttle),
        "resolve_after": "" if rule.resolve_after is None else str(rule.resolve_after),
        "recipients": list(names.values_list("user__username", flat=True)),
        "tag_key": rule.tag_key,
        "tag_value": rule.tag_value,
        "cancels_run": rule.cancels_run,
        "channels": [each.channel.name for each in rule.channel_rows.all()],
        "op": ">",
        **_form_settings(rule),
    }


def _render(
    request: PageRequest,
    values: dict[str, Any],
    *,
    rule: AlertRule | None = None,
    error: StudioError | None = None,
) -> HttpResponse:
    members = Member.objects.filter(workspace=request.workspace, user__is_active=True)
    chosen = set(values.get("recipients", ()))
    chosen_channels = set(values.get("channels", ()))
    context = {
        "rule": rule,
        "values": values,
        "problem": error.message if error else "",
        "statuses": _status_choices(values.get("statuses", ())),
        "count_statuses": _status_choices(
            values.get("count_statuses") or [_PROPOSED[0].value]
        ),
        "severities": [(str(each.value), severity_label(each)) for each in Severity],
        "members": [
            (each.user, each.user.username in chosen)
            for each in members.select_related("user").order_by("user__username")
        ],
        "views": list(
            visible_views_in(request.workspace, request.actor.user).order_by("name")[
                :_MAX_VIEWS
            ]
        ),
        "channels": [
            (each, each.name in chosen_channels)
            for each in list_channels(request.workspace)
        ],
        "matching": _count_matching(request, values.get("q", "")),
        "preview": _count_preview(request, values),
        "has_mail_server": is_mail_configured(),
        "action": reverse("alert-rule", args=[request.workspace.name, rule.pk])
        if rule
        else reverse("alert-rule-new", args=[request.workspace.name]),
    }
    status = error.status if error else 200
    return render(request, "notify/alert_rule.html", context, status=status)


def _status_choices(chosen: Collection[str]) -> list[tuple[str, str, bool]]:
    return [
        (each.value, status_label(each), each.value in chosen) for each in RunStatus
    ]


def _count_matching(request: PageRequest, q: str) -> int | None:
    """How many runs match now; None if the filter can't tell."""
    try:
        return count_matching_now(
            q, author=request.actor.user, workspace=request.workspace, now=now_ms()
        )
    except StudioError:
        return None


def _count_preview(request: PageRequest, values: dict[str, Any]) -> int | None:
    """How many runs would have fired a rule of statuses; None for other conditions."""
    if values.get("condition") != AlertCondition.STATUS:
        return None
    try:
        return count_preview(
            values.get("q", ""),
            values.get("statuses", ()),
            author=request.actor.user,
            workspace=request.workspace,
            now=now_ms(),
        )
    except StudioError:
        return None


@access(Permission.ALERTS)
@require_POST
def copy_rule(request: PageRequest, number: int) -> HttpResponse:
    """Open the editor with a copy, which is not saved yet."""
    rule = find_rule(request.workspace, number)
    name = _("Copy of %(name)s") % {"name": rule.name}
    return _render(request, {**_values_of(rule), "name": name[:100]})


class SwitchForm(PageForm):
    on = FlagField()


@access(Permission.ALERTS)
@require_POST
def enable_rule(request: PageRequest, number: int) -> HttpResponse:
    rule = find_rule(request.workspace, number)
    on = SwitchForm(request.POST).check()["on"]
    enable_alert_rule(rule, on, actor=request.actor, now=now_ms())
    messages.success(request, _("Alert rule is on.") if on else _("Alert rule is off."))
    return redirect("alerts", request.workspace.name)


@access(Permission.ALERTS)
@require_POST
def delete_rule(request: PageRequest, number: int) -> HttpResponse:
    rule = find_rule(request.workspace, number)
    delete_alert_rule(rule, actor=request.actor, now=now_ms())
    undo = reverse("alert-rule-restore", args=[request.workspace.name, rule.pk])
    messages.success(request, _("Alert rule deleted"), extra_tags=undo)
    return redirect("alerts", request.workspace.name)


@access(Permission.ALERTS)
@require_POST
def restore_rule(request: PageRequest, number: int) -> HttpResponse:
    rule = find_rule(request.workspace, number, is_deleted=True)
    restore_alert_rule(rule, actor=request.actor, now=now_ms())
    return redirect("alerts", request.workspace.name)


@access(Permission.ALERTS)
@require_POST
def test_rule(request: PageRequest, number: int) -> HttpResponse:
    """Send a message of the rule only to the member who clicks."""
    rule = find_rule(request.workspace, number)
    send_test_alert(rule, actor=request.actor, now=now_ms())
    messages.success(request, _("A test message is on its way to you."))
    return redirect("alert-rule", request.workspace.name, rule.pk)
