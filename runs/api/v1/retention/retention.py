"""REST: create, try, change, switch, delete and restore retention rules."""

from __future__ import annotations

from runs.access import Permission, StudioRequest, signed_in_user, workspace_of
from runs.actions import retention as actions
from runs.api.v1.endpoints import endpoint
from runs.api.v1.retention.schemas import (
    PlannedRemoval,
    RetentionRuleInfo,
    RetentionRuleList,
    RetentionRuleText,
    RetentionSwitch,
    RetentionTry,
)
from runs.models import RetentionKind, RetentionRule, Run, now_ms
from runs.search import retention as rules
from runs.search.sql import time_limit

#: Of a dry run.
MAX_LISTED = 1000


@endpoint("GET", Permission.READ, reply=RetentionRuleList)
def list_retention_rules(request: StudioRequest) -> RetentionRuleList:
    """List the retention rules of the workspace."""
    found = rules.list_retention_rules(workspace_of(request))
    return RetentionRuleList([_info(rule) for rule in found])


@endpoint(
    "POST",
    Permission.RETENTION,
    body=RetentionRuleText,
    reply=RetentionRuleInfo,
    status=201,
)
def add_retention_rule(
    request: StudioRequest, body: RetentionRuleText
) -> RetentionRuleInfo:
    """Create a rule, which is applied daily at 03:00 UTC."""
    what = RetentionKind(body.what)
    rule = actions.create_retention_rule(
        workspace_of(request), body.q, what, actor=request.actor, now=now_ms()
    )
    return _info(rule)


@endpoint("GET", Permission.READ, reply=RetentionRuleInfo)
def get_retention_rule(request: StudioRequest, number: int) -> RetentionRuleInfo:
    """Return a retention rule."""
    return _info(rules.find_retention_rule(workspace_of(request), number))


@endpoint("PUT", Permission.RETENTION, body=RetentionRuleText, reply=RetentionRuleInfo)
def replace_retention_rule(
    request: StudioRequest, body: RetentionRuleText, number: int
) -> RetentionRuleInfo:
    """Change a retention rule. You become its author."""
    rule = rules.find_retention_rule(workspace_of(request), number)
    return _info(
        actions.change_retention_rule(
            rule,
            body.q,
            RetentionKind(body.what),
            actor=request.actor,
            now=now_ms(),
        )
    )


@endpoint("PATCH", Permission.RETENTION, body=RetentionSwitch, reply=RetentionRuleInfo)
def switch_retention_rule(
    request: StudioRequest, body: RetentionSwitch, number: int
) -> RetentionRuleInfo:
    """Switch a retention rule on or off."""
    workspace = workspace_of(request)
    rule = rules.find_retention_rule(workspace, number)
    actions.enable_retention_rule(rule, body.enabled, actor=request.actor, now=now_ms())
    return _info(rules.find_retention_rule(workspace, number))


@endpoint("DELETE", Permission.RETENTION, reply=RetentionRuleInfo)
def remove_retention_rule(request: StudioRequest, number: int) -> RetentionRuleInfo:
    """Delete a retention rule. What it moved to the trash stays there."""
    rule = rules.find_retention_rule(workspace_of(request), number)
    actions.delete_retention_rule(rule, actor=request.actor, now=now_ms())
    return _info(rule)


@endpoint("POST", Permission.RETENTION, reply=RetentionRuleInfo)
def undelete_retention_rule(request: StudioRequest, number: int) -> RetentionRuleInfo:
    """Restore a deleted retention rule."""
    rule = rules.find_retention_rule(workspace_of(request), number, is_deleted=True)
    actions.restore_retention_rule(rule, actor=request.actor, now=now_ms())
    return _info(rule)


@endpoint("POST", Permission.RETENTION, body=RetentionRuleText, reply=RetentionTry)
def try_retention_rule(request: StudioRequest, body: RetentionRuleText) -> RetentionTry:
    """Return what a rule would do now (a dry run). Nothing is changed."""
    workspace = workspace_of(request)
    with time_limit():
        plan = actions.plan_retention(
            actions.check_filter(workspace, body.q, request.actor),
            RetentionKind(body.what),
            author=signed_in_user(request),
            workspace=workspace,
            now=now_ms(),
        )
    first = plan.runs[:MAX_LISTED]
    runs = Run.objects.in_bulk(first)
    return RetentionTry(
        len(plan.runs),
        plan.files,
        plan.bytes,
        {stay.value: count for stay, count in plan.stays.items()},
        [
            PlannedRemoval(
                runs[key].run_id, runs[key].name, *plan.sizes.get(key, (0, 0))
            )
            for key in first
            if key in runs
        ],
    )


def _info(rule: RetentionRule) -> RetentionRuleInfo:
    return RetentionRuleInfo(
        rule.pk,
        str(rule.kind),
        rule.q,
        rule.is_enabled,
        rule.author.username if rule.author else None,
        rule.created,
        rule.applied,
        rule.removed,
        rule.freed,
        rule.removed_at,
        rule.error,
    )
