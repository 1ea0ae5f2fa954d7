"""Retention rules: made by owners, tried in a dry run, applied once a day."""

from __future__ import annotations

from runs.actions.retention.applying import apply_retention_rules
from runs.actions.retention.plans import RetentionPlan, plan_retention
from runs.actions.retention.rules import (
    MAX_RULES,
    change_retention_rule,
    check_filter,
    create_retention_rule,
    delete_retention_rule,
    enable_retention_rule,
    restore_retention_rule,
)

__all__ = [
    "MAX_RULES",
    "RetentionPlan",
    "apply_retention_rules",
    "change_retention_rule",
    "check_filter",
    "create_retention_rule",
    "delete_retention_rule",
    "enable_retention_rule",
    "plan_retention",
    "restore_retention_rule",
]
