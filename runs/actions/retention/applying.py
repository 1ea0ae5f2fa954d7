"""The worker applies each retention rule once a day, at 03:00 UTC or later."""

from __future__ import annotations

from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.background_tasks import LARGE_CHANGE, start_bulk_change
from runs.actions.bulk import apply_bulk_change
from runs.actions.expiry import RetentionChange
from runs.actions.retention.plans import RetentionPlan, plan_retention
from runs.models import Member, RetentionKind, RetentionRule, Role
from studio.core.errors import InvalidState, StudioError

HOUR_OF_DAY = 3
_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS


def apply_retention_rules(now: int) -> int:
    """Apply the rules that are due; return how many runs lose something.

    A server that is off at that hour applies them when it runs again. A rule is applied
    from the next time on after it was created, changed or switched on.
    """
    today = (now - HOUR_OF_DAY * _HOUR_MS) // _DAY_MS * _DAY_MS + HOUR_OF_DAY * _HOUR_MS
    rules = RetentionRule.objects.not_deleted().filter(
        is_enabled=True, changed__lt=today
    )
    due = rules.exclude(applied__gte=today).select_related("workspace", "author")
    return sum(_apply(rule, now) for rule in due.order_by("pk"))


def _apply(rule: RetentionRule, now: int) -> int:
    # Another worker that applies it at the same time has written it already. Should
    # this one be killed now, the rule waits for the next day.
    claimed = RetentionRule.objects.filter(
        pk=rule.pk, applied=rule.applied, changed=rule.changed, is_enabled=True
    )
    if not claimed.filter(deleted__isnull=True).update(applied=now, error=""):
        return 0
    if not _may_delete(rule):
        _keep_error(rule, _("Its author is no longer an owner. Save it again."))
        return 0
    try:
        return _move_to_trash(rule, now)
    except InvalidState:
        # Too many background tasks are open: it is tried again a minute later.
        RetentionRule.objects.filter(pk=rule.pk).update(applied=rule.applied)
        return 0
    except StudioError as error:
        _keep_error(rule, error.message)
        return 0


def _may_delete(rule: RetentionRule) -> bool:
    owners = Member.objects.filter(workspace=rule.workspace_id, role=Role.OWNER)
    return owners.filter(user=rule.author_id, user__is_active=True).exists()


def _keep_error(rule: RetentionRule, text: str) -> None:
    RetentionRule.objects.filter(pk=rule.pk).update(error=text)


def _move_to_trash(rule: RetentionRule, now: int) -> int:
    what = RetentionKind(rule.kind)
    plan = plan_retention(
        rule.q, what, author=rule.author, workspace=rule.workspace, now=now
    )
    if not plan.runs:
        return 0
    actor = Actor(rule.author)
    change = RetentionChange(rule.q, what, actor, now)
    if len(plan.runs) > LARGE_CHANGE:
        start_bulk_change(
            rule.workspace,
            plan.runs,
            change,
            actor=actor,
            role=Role.OWNER,
            now=now,
        )
    else:
        apply_bulk_change(rule.workspace, plan.runs, change, actor=actor, now=now)
    _count(rule, plan, now)
    return len(plan.runs)


def _count(rule: RetentionRule, plan: RetentionPlan, now: int) -> None:
    is_runs = rule.kind == RetentionKind.RUNS
    RetentionRule.objects.filter(pk=rule.pk).update(
        removed=len(plan.runs) if is_runs else plan.files,
        freed=plan.bytes,
        removed_at=now,
    )
