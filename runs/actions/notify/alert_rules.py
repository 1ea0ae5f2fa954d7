"""Alert rules: created, changed, switched, copied and deleted by contributors."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.changes import Edit, record_changes
from runs.actions.run_rows import check_tags
from runs.models import (
    AlertAction,
    AlertChannel,
    AlertCondition,
    AlertMatch,
    AlertRecipient,
    AlertRule,
    AlertRuleChannel,
    FiredAlert,
    Member,
    Severity,
    User,
    View,
    Workspace,
)
from runs.search.query import expand_views
from studio.core import names
from studio.core.errors import AlreadyExists, InvalidValue
from studio.core.filters import parse
from studio.core.statuses import RunStatus

MAX_NAME = 100
MAX_MINUTES = 365 * 24 * 60
MAX_RECIPIENTS = 100
#: Conditions with a number of minutes alone.
OF_MINUTES = (
    AlertCondition.DURATION,
    AlertCondition.QUEUE,
    AlertCondition.HEARTBEAT,
)
#: Of the condition that many runs enter a status.
MAX_COUNTED = 1000
#: The index of logs finds no shorter texts.
MIN_LOG_TEXT, MAX_LOG_TEXT = 3, 200
#: In a workspace: each of them is applied to what changes.
MAX_RULES = 1000


@dataclass(frozen=True)
class RuleText:
    """What a rule is made of; `recipients` are user names of members.

    `channels` are names of channels.
    """

    name: str
    q: str
    condition: str
    settings: dict[str, Any]
    severity: int = Severity.WARNING
    is_enabled: bool = True
    to_submitter: bool = False
    throttle: int = 30
    resolve_after: int | None = None
    recipients: Collection[str] = field(default=())
    channels: Collection[str] = field(default=())
    #: The tag that each matching run gets.
    tag_key: str = ""
    tag_value: str = ""
    #: Request a cancel of each matching run.
    cancels_run: bool = False


@transaction.atomic
def create_alert_rule(
    workspace: Workspace, text: RuleText, *, actor: Actor, now: int
) -> AlertRule:
    """Create a rule; raise InvalidValue, InvalidFilter, AlreadyExists."""
    checked = check_rule(workspace, text)
    _check_views(workspace, text, actor)
    _check_count(workspace)
    rule = AlertRule(workspace=workspace, created=now)
    _write(rule, checked, actor, now)
    _set_recipients(rule, text.recipients)
    _set_channels(rule, text.channels)
    _record(rule, "create alert rule", None, rule.name, actor, now)
    return rule


@transaction.atomic
def change_alert_rule(
    rule: AlertRule, text: RuleText, *, actor: Actor, now: int
) -> AlertRule:
    """Replace the rule's text. Who changes it becomes its author: the filter finds
    what they can see.
    """
    checked = check_rule(rule.workspace, text)
    _check_views(rule.workspace, text, actor)
    before = _summary(rule)
    _write(rule, checked, actor, now)
    _set_recipients(rule, text.recipients)
    _set_channels(rule, text.channels)
    _record(rule, "change alert rule", before, _summary(rule), actor, now)
    return rule


@transaction.atomic
def enable_alert_rule(rule: AlertRule, on: bool, *, actor: Actor, now: int) -> None:
    """Switch the rule; what happened while it was off is not sent later."""
    rows = AlertRule.objects.filter(pk=rule.pk, is_enabled=not on)
    if rows.update(is_enabled=on, changed=now):
        _drop_unsent(rule)
        action = "enable alert rule" if on else "disable alert rule"
        before, after = (None, rule.name) if on else (rule.name, None)
        _record(rule, action, before, after, actor, now)


@transaction.atomic
def delete_alert_rule(rule: AlertRule, *, actor: Actor, now: int) -> None:
    AlertRule.objects.filter(pk=rule.pk).update(deleted=now)
    FiredAlert.objects.filter(rule=rule, resolved__isnull=True).update(resolved=now)
    _drop_unsent(rule)
    _record(rule, "delete alert rule", rule.name, None, actor, now)


@transaction.atomic
def restore_alert_rule(rule: AlertRule, *, actor: Actor, now: int) -> None:
    """Undo the deletion; raise AlreadyExists if the name was used since."""
    _check_count(rule.workspace)
    try:
        with transaction.atomic():
            AlertRule.objects.filter(pk=rule.pk).update(deleted=None, changed=now)
    except IntegrityError as error:
        raise _name_taken() from error
    _record(rule, "restore alert rule", None, rule.name, actor, now)


def _drop_unsent(rule: AlertRule) -> None:
    """Send no message of matches that the throttle holds back; act on none of them."""
    FiredAlert.objects.filter(rule=rule, unsent__gt=0).update(unsent=0)
    AlertAction.objects.filter(alert__rule=rule).delete()


@transaction.atomic
def acknowledge_alert(alert: FiredAlert, *, actor: Actor, now: int) -> None:
    """Record who takes care of the alert; the first one stays."""
    rows = FiredAlert.objects.filter(pk=alert.pk, acknowledged__isnull=True)
    if rows.update(acknowledged=now, acknowledged_by=actor.user):
        _record(alert.rule, "acknowledge alert", None, alert.rule.name, actor, now)


def check_rule(workspace: Workspace, text: RuleText) -> RuleText:
    """Check all but the uniqueness of the name; raise InvalidValue, InvalidFilter."""
    names.check_text(text.name, "name", limit=MAX_NAME, empty=False)
    parse(text.q)
    if text.severity not in Severity.values:
        raise InvalidValue(_("The severity is a number from 0 to 4."), field="severity")
    _check_minutes(text.throttle, "throttle", least=0)
    if text.resolve_after is not None:
        _check_minutes(text.resolve_after, "resolve_after")
    _check_condition(text)
    if len(text.recipients) > MAX_RECIPIENTS:
        raise InvalidValue(
            _("A rule has at most %(limit)s recipients.") % {"limit": MAX_RECIPIENTS},
            field="recipients",
        )
    _check_action(text)
    has_action = text.tag_key or text.cancels_run
    notifies = text.recipients or text.to_submitter or text.channels
    if not notifies and not has_action:
        raise InvalidValue(_("Choose who is notified."), field="recipients")
    _find_members(workspace, text.recipients)
    _find_channels(workspace, text.channels)
    return text


def _check_action(text: RuleText) -> None:
    if text.tag_key:
        check_tags({text.tag_key: text.tag_value})
    elif text.tag_value:
        raise InvalidValue(_("Enter the name of the tag."), field="tag_key")


def _check_views(workspace: Workspace, text: RuleText, actor: Actor) -> None:
    """Raise InvalidFilter or InvalidValue for a view that the author can't see."""
    if actor.user is None:
        return
    expand_views(parse(text.q), actor.user, workspace)
    if text.condition in (AlertCondition.ENTERED, AlertCondition.LEFT):
        views = View.objects.visible_to(actor.user).active()
        slug = str(text.settings.get("view") or "")
        if not views.filter(workspace=workspace, slug=slug).exists():
            raise InvalidValue(_("Choose a view that you can see."), field="view")


def _check_condition(text: RuleText) -> None:
    settings = text.settings
    if text.condition == AlertCondition.STATUS:
        _check_statuses(settings)
    elif text.condition in OF_MINUTES:
        _check_minutes(settings.get("minutes"), "minutes")
    elif text.condition == AlertCondition.COUNT:
        _check_statuses(settings)
        _check_minutes(settings.get("minutes"), "minutes")
        _check_runs(settings.get("runs"))
    elif text.condition == AlertCondition.LOG:
        _check_log_text(settings.get("text"))
    elif text.condition == AlertCondition.METRIC:
        names.check_text(
            str(settings.get("metric") or ""), "metric", limit=250, empty=False
        )
        if settings.get("value") is None and not settings.get("nan"):
            raise InvalidValue(_("Enter a value, or choose NaN."), field="value")
        if settings.get("op", ">") not in (">", "<"):
            raise InvalidValue(_("The operator is > or <."), field="op")
    elif text.condition in (AlertCondition.ENTERED, AlertCondition.LEFT):
        names.check_text(
            str(settings.get("view") or ""), "view", limit=100, empty=False
        )
    else:
        allowed = ", ".join(AlertCondition.values)
        raise InvalidValue(
            _("The condition is one of %(allowed)s.") % {"allowed": allowed},
            field="condition",
        )


def _check_statuses(settings: Mapping[str, Any]) -> None:
    known = {status.value for status in RunStatus}
    statuses = settings.get("statuses")
    if not statuses or set(statuses) - known:
        raise InvalidValue(_("Choose at least one status."), field="statuses")


def _check_runs(value: Any) -> None:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if not is_number or not 2 <= value <= MAX_COUNTED:
        raise InvalidValue(
            _("The number of runs is a whole number from 2 to %(limit)s.")
            % {"limit": MAX_COUNTED},
            field="runs",
        )


def _check_log_text(value: Any) -> None:
    text = str(value or "")
    names.check_text(text, "text", limit=MAX_LOG_TEXT, empty=False)
    if len(text.strip()) < MIN_LOG_TEXT or "\n" in text:
        raise InvalidValue(
            _("Enter a text of a line of a log, of at least %(least)s characters.")
            % {"least": MIN_LOG_TEXT},
            field="text",
        )


def _check_minutes(value: Any, name: str, least: int = 1) -> None:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if not is_number or not least <= value <= MAX_MINUTES:
        raise InvalidValue(
            _("%(field)s is a whole number of minutes from %(least)s to %(limit)s.")
            % {"field": name, "least": least, "limit": MAX_MINUTES},
            field=name,
        )


def _check_count(workspace: Workspace) -> None:
    rows = AlertRule.objects.active().filter(workspace=workspace)
    if rows.count() >= MAX_RULES:
        raise InvalidValue(
            _("A workspace has at most %(limit)s alert rules.") % {"limit": MAX_RULES},
            field="name",
        )


#: What decides which runs match.
_MATCHING = ("q", "condition", "settings")
_OTHERS = (
    "name",
    "severity",
    "is_enabled",
    "to_submitter",
    "throttle",
    "resolve_after",
    "tag_key",
    "tag_value",
    "cancels_run",
)


def _write(rule: AlertRule, text: RuleText, actor: Actor, now: int) -> None:
    def meaning() -> list[object]:
        return [getattr(rule, name) for name in (*_MATCHING, "author")]

    before, was_on = meaning(), rule.pk is not None and rule.is_enabled
    for name in (*_MATCHING, *_OTHERS):
        setattr(rule, name, getattr(text, name))
    rule.author, rule.error = actor.user, ""
    is_other = rule.pk is None or meaning() != before
    # Matches that wait for the worker still count after another name or throttle.
    if is_other or (rule.is_enabled and not was_on):
        rule.changed = now
    try:
        with transaction.atomic():
            rule.save()
    except IntegrityError as error:
        raise _name_taken() from error
    if is_other:
        # A run meets a condition once; another condition begins again.
        AlertMatch.objects.filter(rule=rule).delete()
    if not rule.is_enabled:
        _drop_unsent(rule)


def _name_taken() -> AlreadyExists:
    return AlreadyExists(
        _("Another alert rule has this name. Choose another."), field="name"
    )


def _find_members(workspace: Workspace, wanted: Collection[str]) -> list[User]:
    members = Member.objects.filter(workspace=workspace).select_related("user")
    by_name = {member.user.username.lower(): member.user for member in members}
    missing = [name for name in wanted if name.lower() not in by_name]
    if missing:
        raise InvalidValue(
            _("%(name)s is not a member of this workspace.") % {"name": missing[0]},
            field="recipients",
        )
    return [by_name[name.lower()] for name in wanted]


def _set_recipients(rule: AlertRule, wanted: Collection[str]) -> None:
    users = _find_members(rule.workspace, wanted)
    rows = AlertRecipient.objects.filter(rule=rule)
    rows.exclude(user__in=users).update(is_listed=False)
    # A member who unsubscribed stays so when added again.
    for user in users:
        AlertRecipient.objects.update_or_create(
            rule=rule, user=user, defaults={"is_listed": True}
        )


def _find_channels(workspace: Workspace, wanted: Collection[str]) -> list[AlertChannel]:
    rows = AlertChannel.objects.filter(workspace=workspace, deleted__isnull=True)
    by_name = {channel.name: channel for channel in rows}
    missing = [name for name in wanted if name not in by_name]
    if missing:
        raise InvalidValue(
            _("This workspace has no channel %(name)s.") % {"name": missing[0]},
            field="channels",
        )
    return [by_name[name] for name in wanted]


def _set_channels(rule: AlertRule, wanted: Collection[str]) -> None:
    channels = _find_channels(rule.workspace, wanted)
    rows = AlertRuleChannel.objects.filter(rule=rule)
    # A channel that is restored is told again.
    rows.filter(channel__deleted__isnull=True).exclude(channel__in=channels).delete()
    for channel in channels:
        AlertRuleChannel.objects.get_or_create(rule=rule, channel=channel)


def _summary(rule: AlertRule) -> str:
    text = f"{rule.name}: {rule.q} · {rule.condition} {rule.settings}"
    if rule.tag_key:
        text += f" · tag {rule.tag_key}: {rule.tag_value}"
    return f"{text} · cancel" if rule.cancels_run else text


def _record(
    rule: AlertRule,
    action: str,
    before: str | None,
    after: str | None,
    actor: Actor,
    now: int,
) -> None:
    edit = Edit(f"alert_rules.{rule.name}", before, after)
    record_changes(rule.workspace, action, [edit], actor=actor, now=now)
