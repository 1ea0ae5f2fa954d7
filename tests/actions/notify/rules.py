"""A rule of failed runs, runs that fail, and the messages of rules."""

from __future__ import annotations

from runs.actions.actor import Actor
from runs.actions.notify import RuleText
from runs.actions.run.lifecycle import change_status
from runs.actions.run.run_edits import set_run_tags
from runs.actions.run.runs import create_run
from runs.models import Experiment, Notification, Run
from studio.core.statuses import RunStatus

MINUTE_MS = 60_000
FAILS = RuleText(
    "Fails", "tag:nightly", "status", {"statuses": ["Failed"]}, recipients=["ben"]
)


def fail(
    experiment: Experiment, run_id: str, actor: Actor, now: int, tag: str = "nightly"
) -> Run:
    run = create_run(experiment, run_id=run_id, actor=actor, now=now)
    set_run_tags(run, {tag: ""}, actor=actor, now=now)
    change_status(run, RunStatus.FAILED, actor=actor, now=now, message="OSError: x")
    return run


def messages() -> list[tuple[str, int]]:
    rows = Notification.objects.filter(rule__isnull=False).order_by("pk")
    return list(rows.values_list("user__username", "count"))
