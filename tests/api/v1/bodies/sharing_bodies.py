"""Bodies for comments, alerts, members, links and conclusions: right and wrong ones."""

from __future__ import annotations

from typing import Any

from tests.api.v1.bodies.view_bodies import VIEW

RULE = {
    "name": "A",
    "condition": "status",
    "statuses": ["Failed"],
    "to_submitter": True,
}
CHANNEL = {"name": "A", "address": "https://a.example/", "secret": "s" * 16}
RETENTION = {"what": "checkpoints", "q": "ended:<-90d -starred"}
RIGHT: dict[str, tuple[str, str, dict[str, Any]]] = {
    "read_notifications": ("POST", "notifications/read", {"ids": [1], "until": 1}),
    "add_alert_rule": ("POST", "alert-rules", RULE),
    "add_run_comment": ("POST", "runs/r1/comments", {"text": "Good."}),
    "add_view_comment": ("POST", f"{VIEW}/comments", {"text": "Good."}),
    "create_history_export": ("POST", "history-exports", {"q": "status:completed"}),
    "restore_items": ("POST", "storage/trash/restore", {"items": ["experiment.0"]}),
    "set_conclusion": ("PUT", "conclusion", {"runs": ["r1", "r2"], "text": "Equal."}),
}
#: Of owners, or about a member, rule, token, comment or metric of other tests.
RIGHT_ELSEWHERE: dict[str, dict[str, Any]] = {
    "add_alert_channel": CHANNEL,
    "edit_alert_channel": {"name": "B", "format": "eventgrid"},
    "change_comment": {"text": "Better."},
    "add_retention_rule": RETENTION,
    "try_retention_rule": RETENTION,
    "replace_retention_rule": RETENTION,
    "switch_retention_rule": {"enabled": False},
    "set_storage_quota": {"quota": 5_000_000},
    "purge_items": {"items": ["experiment.1"]},
    "change_member": {"role": "reader"},
    "create_invitation": {"role": "reader"},
    "create_public_link": {"run": "r1", "days": 3},
    "replace_alert_rule": RULE,
    "set_metric_goal": {"key": "m", "goal": "lower"},
    "switch_alert_rule": {"enabled": False},
    "undo_token_changes": {"token": "script", "since": 0, "dry_run": True},
}
WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("read_notifications", {"ids": ["x"]}, "ids[0]"),
    ("add_alert_rule", {"severity": 5}, "severity"),
    ("add_alert_rule", {"statuses": ["Nope"]}, "statuses"),
    ("read_notifications", {"until": 2**64}, "until"),
    ("add_run_comment", {"text": ""}, "text"),
    ("add_run_comment", {"text": "a\x00"}, "text"),
    ("add_run_comment", {"text": "x" * 70_000}, "text"),
    ("add_view_comment", {"text": 5}, "text"),
    ("create_history_export", {"experiment": "x"}, "experiment"),
    ("set_conclusion", {"text": "a\x00"}, "conclusion"),
    ("set_conclusion", {"runs": "r1"}, "runs"),
]
