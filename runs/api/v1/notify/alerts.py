"""REST: the alert rules of a workspace, and the alerts that they fired."""

from __future__ import annotations

from typing import Any

from runs.access import Permission, StudioRequest, signed_in_user, workspace_of
from runs.actions.notify import (
    OF_MINUTES,
    RuleText,
    acknowledge_alert,
    change_alert_rule,
    create_alert_rule,
    delete_alert_rule,
    enable_alert_rule,
    restore_alert_rule,
    send_test_alert,
)
from runs.api.v1.endpoints import endpoint
from runs.api.v1.schemas import (
    AlertRuleInfo,
    AlertRuleList,
    AlertRuleSwitch,
    AlertRuleText,
    FiredAlertInfo,
    FiredAlertList,
    FiredAlertQuery,
    TestMessageSent,
)
from runs.models import AlertCondition, AlertRule, FiredAlert, now_ms
from runs.search.notify import find_fired_alert, find_rule, list_fired, list_rules

_place = workspace_of
_STATUS: str = AlertCondition.STATUS
_COUNT: str = AlertCondition.COUNT
_LOG: str = AlertCondition.LOG
_OF_VIEWS = (AlertCondition.ENTERED, AlertCondition.LEFT)


@endpoint("GET", Permission.READ, reply=AlertRuleList)
def list_alert_rules(request: StudioRequest) -> AlertRuleList:
    """List the alert rules of the workspace by name."""
    return AlertRuleList([_rule_info(each) for each in list_rules(_place(request))])


@endpoint(
    "POST", Permission.ALERTS, body=AlertRuleText, reply=AlertRuleInfo, status=201
)
def add_alert_rule(request: StudioRequest, body: AlertRuleText) -> AlertRuleInfo:
    """Create an alert rule. Its filter finds the runs that you can see."""
    text = _rule_text(body)
    place = _place(request)
    rule = create_alert_rule(place, text, actor=request.actor, now=now_ms())
    return _rule_info(find_rule(place, rule.pk))


@endpoint("GET", Permission.READ, reply=AlertRuleInfo)
def get_alert_rule(request: StudioRequest, number: int) -> AlertRuleInfo:
    """Return an alert rule."""
    return _rule_info(find_rule(_place(request), number))


@endpoint("PUT", Permission.ALERTS, body=AlertRuleText, reply=AlertRuleInfo)
def replace_alert_rule(
    request: StudioRequest, body: AlertRuleText, number: int
) -> AlertRuleInfo:
    """Replace an alert rule. You become its author."""
    rule = find_rule(_place(request), number)
    text = _rule_text(body)
    change_alert_rule(rule, text, actor=request.actor, now=now_ms())
    return _rule_info(find_rule(rule.workspace, number))


@endpoint("DELETE", Permission.ALERTS, reply=AlertRuleInfo)
def remove_alert_rule(request: StudioRequest, number: int) -> AlertRuleInfo:
    """Delete an alert rule; its open alerts are resolved."""
    rule = find_rule(_place(request), number)
    delete_alert_rule(rule, actor=request.actor, now=now_ms())
    return _rule_info(rule)


@endpoint("POST", Permission.ALERTS, reply=AlertRuleInfo)
def undelete_alert_rule(request: StudioRequest, number: int) -> AlertRuleInfo:
    """Restore a deleted alert rule."""
    rule = find_rule(_place(request), number, is_deleted=True)
    restore_alert_rule(rule, actor=request.actor, now=now_ms())
    return _rule_info(rule)


@endpoint("PATCH", Permission.ALERTS, body=AlertRuleSwitch, reply=AlertRuleInfo)
def switch_alert_rule(
    request: StudioRequest, body: AlertRuleSwitch, number: int
) -> AlertRuleInfo:
    """Enable or disable an alert rule."""
    place = _place(request)
    rule = find_rule(place, number)
    enable_alert_rule(rule, body.enabled, actor=request.actor, now=now_ms())
    return _rule_info(find_rule(place, number))


@endpoint("POST", Permission.ALERTS, reply=TestMessageSent)
def test_alert_rule(request: StudioRequest, number: int) -> TestMessageSent:
    """Send a test message of the rule to you, and to no other recipient."""
    rule = find_rule(_place(request), number)
    send_test_alert(rule, actor=request.actor, now=now_ms())
    return TestMessageSent(signed_in_user(request).username)


@endpoint("GET", Permission.READ, query=FiredAlertQuery, reply=FiredAlertList)
def list_alerts(request: StudioRequest, query: FiredAlertQuery) -> FiredAlertList:
    """List the fired alerts, the newest first."""
    page = list_fired(_place(request), query.before)
    return FiredAlertList([_alert_info(each) for each in page.alerts], page.older)


@endpoint("POST", Permission.ALERTS, reply=FiredAlertInfo)
def acknowledge_one_alert(request: StudioRequest, number: int) -> FiredAlertInfo:
    """Record that you take care of a fired alert; the first one stays."""
    place = _place(request)
    alert = find_fired_alert(place, number)
    acknowledge_alert(alert, actor=request.actor, now=now_ms())
    return _alert_info(find_fired_alert(place, number))


def _rule_text(body: AlertRuleText) -> RuleText:
    settings: dict[str, Any]
    if body.condition == _STATUS:
        settings = {"statuses": body.statuses}
    elif body.condition in OF_MINUTES:
        settings = {"minutes": body.minutes}
    elif body.condition == _COUNT:
        settings = {
            "statuses": body.statuses,
            "runs": body.runs,
            "minutes": body.minutes,
        }
    elif body.condition == _LOG:
        settings = {"text": body.text}
    elif body.condition in _OF_VIEWS:
        settings = {"view": body.view}
    else:
        settings = {
            "metric": body.metric,
            "op": body.op,
            "value": body.value,
            "nan": body.nan,
        }
    return RuleText(
        name=body.name,
        q=body.q,
        condition=body.condition,
        settings=settings,
        severity=body.severity,
        is_enabled=body.enabled,
        to_submitter=body.to_submitter,
        throttle=body.throttle,
        resolve_after=body.resolve_after,
        recipients=body.recipients,
        tag_key=body.tag,
        tag_value=body.tag_value,
        cancels_run=body.cancel,
        channels=body.channels,
    )


def _rule_info(rule: AlertRule) -> AlertRuleInfo:
    settings: dict[str, Any] = rule.settings
    return AlertRuleInfo(
        number=rule.pk,
        name=rule.name,
        condition=rule.condition,
        q=rule.q,
        statuses=settings.get("statuses", []),
        minutes=settings.get("minutes"),
        runs=settings.get("runs"),
        text=settings.get("text", ""),
        metric=settings.get("metric", ""),
        op=settings.get("op", ">"),
        value=settings.get("value"),
        nan=bool(settings.get("nan")),
        view=settings.get("view", ""),
        severity=rule.severity,
        enabled=rule.is_enabled,
        to_submitter=rule.to_submitter,
        throttle=rule.throttle,
        resolve_after=rule.resolve_after,
        recipients=[each.user.username for each in rule.recipients.all()],
        tag=rule.tag_key,
        tag_value=rule.tag_value,
        cancel=rule.cancels_run,
        channels=[each.channel.name for each in rule.channel_rows.all()],
        author=rule.author.username if rule.author else None,
        error=rule.error,
    )


def _alert_info(alert: FiredAlert) -> FiredAlertInfo:
    by = alert.acknowledged_by
    return FiredAlertInfo(
        number=alert.pk,
        rule=alert.rule_id,
        rule_name=alert.rule.name,
        severity=alert.rule.severity,
        run_id=alert.run.run_id if alert.run else None,
        run_name=alert.run.name if alert.run else alert.run_name,
        started=alert.started,
        last=alert.last,
        matches=alert.matches,
        acknowledged=alert.acknowledged,
        acknowledged_by=by.username if by else None,
        resolved=alert.resolved,
        outcomes=alert.outcomes,
    )
