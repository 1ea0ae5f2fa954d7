"""Retention rules: created, changed, switched and deleted by owners."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.changes import Edit, record_changes
from runs.models import RetentionKind, RetentionRule, Workspace, now_ms
from runs.search.retention import matching_runs
from studio.core.errors import InvalidValue

#: In a workspace: each of them is applied once a day.
MAX_RULES = 100
MAX_FILTER = 4000


@transaction.atomic
def create_retention_rule(
    workspace: Workspace, q: str, what: RetentionKind, *, actor: Actor, now: int
) -> RetentionRule:
    """Create a rule, which is applied from the next 03:00 UTC on.

    Raises InvalidFilter and InvalidValue.
    """
    q = check_filter(workspace, q, actor)
    if RetentionRule.objects.not_deleted().filter(workspace=workspace).count() >= (
        MAX_RULES
    ):
        raise InvalidValue(
            _("A workspace has at most %(limit)s retention rules.")
            % {"limit": MAX_RULES}
        )
    rule = RetentionRule.objects.create(
        workspace=workspace,
        kind=what,
        q=q,
        author=actor.user,
        created=now,
        changed=now,
    )
    _record(rule, "create retention rule", None, _text(rule), actor, now)
    return rule


@transaction.atomic
def change_retention_rule(
    rule: RetentionRule, q: str, what: RetentionKind, *, actor: Actor, now: int
) -> RetentionRule:
    """Change what a rule does. Who changes it becomes its author."""
    q = check_filter(rule.workspace, q, actor)
    rule = _locked(rule)
    before = _text(rule)
    rule.q, rule.kind, rule.author = q, what, actor.user
    rule.changed, rule.error = now, ""
    rule.save()
    _record(rule, "change retention rule", before, _text(rule), actor, now)
    return rule


@transaction.atomic
def enable_retention_rule(
    rule: RetentionRule, on: bool, *, actor: Actor, now: int
) -> None:
    """Switch a rule on or off."""
    rule = _locked(rule)
    if rule.is_enabled == on:
        return
    RetentionRule.objects.filter(pk=rule.pk).update(is_enabled=on, changed=now)
    action = "enable retention rule" if on else "disable retention rule"
    before, after = (None, _text(rule)) if on else (_text(rule), None)
    _record(rule, action, before, after, actor, now)


@transaction.atomic
def delete_retention_rule(rule: RetentionRule, *, actor: Actor, now: int) -> None:
    """Delete a rule; what it moved to the trash stays there."""
    rows = RetentionRule.objects.not_deleted().filter(pk=rule.pk)
    if rows.update(deleted=now):
        _record(rule, "delete retention rule", _text(rule), None, actor, now)


@transaction.atomic
def restore_retention_rule(rule: RetentionRule, *, actor: Actor, now: int) -> None:
    """Bring a deleted rule back; it is applied from the next 03:00 UTC on."""
    rows = RetentionRule.objects.filter(pk=rule.pk, deleted__isnull=False)
    if rows.update(deleted=None, changed=now):
        _record(rule, "restore retention rule", None, _text(rule), actor, now)


def check_filter(workspace: Workspace, q: str, actor: Actor) -> str:
    """Return the filter without spaces around it; raise InvalidFilter, InvalidValue."""
    q = q.strip()
    if not q:
        raise InvalidValue(
            _("A retention rule needs a filter: it would delete every run."), field="q"
        )
    if len(q) > MAX_FILTER:
        raise InvalidValue(
            _("The filter has at most %(limit)s characters.") % {"limit": MAX_FILTER},
            field="q",
        )
    matching_runs(q, actor.user, workspace, now_ms())
    return q


def _locked(rule: RetentionRule) -> RetentionRule:
    return RetentionRule.objects.select_for_update().get(pk=rule.pk)


def _text(rule: RetentionRule) -> str:
    return f"{rule.kind}: {rule.q}"


def _record(
    rule: RetentionRule,
    action: str,
    before: str | None,
    after: str | None,
    actor: Actor,
    now: int,
) -> None:
    edit = Edit(f"retention_rules.{rule.pk}", before, after)
    record_changes(rule.workspace, action, [edit], actor=actor, now=now)
