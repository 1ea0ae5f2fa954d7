"""REST: retention rules."""

from __future__ import annotations

from runs.api.v1.retention.retention import (
    add_retention_rule,
    get_retention_rule,
    list_retention_rules,
    remove_retention_rule,
    replace_retention_rule,
    switch_retention_rule,
    try_retention_rule,
    undelete_retention_rule,
)

__all__ = [
    "add_retention_rule",
    "get_retention_rule",
    "list_retention_rules",
    "remove_retention_rule",
    "replace_retention_rule",
    "switch_retention_rule",
    "try_retention_rule",
    "undelete_retention_rule",
]
