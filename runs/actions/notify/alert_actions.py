"""Tag or cancel the runs that matched an alert rule, in the name of its author.

A match and its `AlertAction` are stored by one transaction; what is done deletes the
`AlertAction` in its own. So a run is changed once per match, whenever a worker ends.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from runs.actions.actor import Actor
from runs.actions.bulk import (
    BulkChange,
    BulkResult,
    CancelChange,
    Skip,
    TagChange,
    change_batch,
    lock_runs,
)
from runs.actions.changes import Edit
from runs.actions.run import request_cancel
from runs.models import (
    ActionOutcome,
    AlertAction,
    AlertRule,
    FiredAlert,
    Member,
    Role,
    Run,
)
from studio.core.errors import StudioError

#: Runs of one transaction, so that none holds up what scripts log.
BATCH = 500
_OUTCOMES: Mapping[Skip, ActionOutcome] = {
    Skip.ENDED: ActionOutcome.ENDED,
    Skip.CANCELING: ActionOutcome.ENDED,
}


def plan_actions(alert: FiredAlert, runs: Sequence[int]) -> None:
    """Let the worker act on runs that the caller's transaction counts as matches."""
    AlertAction.objects.bulk_create(
        (AlertAction(alert=alert, run_id=run) for run in dict.fromkeys(runs)),
        # The run matched again before the worker acted.
        ignore_conflicts=True,
    )


def perform_alert_actions(now: int) -> int:
    """Tag or cancel the runs of all open actions; return how many runs that were."""
    return sum(act_on_runs(alert, runs, now) for alert, runs in _open_actions())


def _open_actions() -> Iterator[tuple[int, list[int]]]:
    """Yield the open actions in batches of one alert: its key, and those of runs."""
    alerts = AlertAction.objects.order_by("alert").values_list("alert_id", flat=True)
    for alert in list(alerts.distinct()):
        rows = AlertAction.objects.filter(alert=alert).order_by("pk")
        while runs := list(rows.values_list("run_id", flat=True)[:BATCH]):
            yield alert, runs


@transaction.atomic
def act_on_runs(alert: int, runs: Sequence[int], now: int) -> int:
    """Tag or cancel runs of open actions; return how many no one else worked off."""
    # A worker that waits here for another one finds no actions afterwards.
    locked = lock_runs(runs)
    rows = AlertAction.objects.filter(alert=alert, run__in=runs)
    taken = set(rows.values_list("run_id", flat=True))
    if not taken:
        return 0
    rows.filter(run__in=taken).delete()
    rule = AlertRule.objects.select_related("author", "workspace").get(fired=alert)
    is_on = rule.is_enabled and rule.deleted is None
    if is_on and rule.has_action:
        _count(alert, _act(rule, [run for run in locked if run.pk in taken], now))
    return len(taken)


def _act(rule: AlertRule, runs: Sequence[Run], now: int) -> Counter[ActionOutcome]:
    if not _can_act(rule):
        return Counter({ActionOutcome.ROLE: len(runs)})
    skipped = {run.pk: ActionOutcome.LOCKED for run in runs if run.locked}
    trashed = {run.pk: ActionOutcome.TRASHED for run in runs if run.deleted is not None}
    skipped |= trashed
    left = [run.pk for run in runs if run.pk not in skipped]
    actor = Actor(rule.author, alert_rule=rule)
    outcomes = Counter(skipped.values())
    for change, done in _changes(rule, actor, now):
        outcomes += _apply(rule, left, change, done, actor, now)
    return outcomes


def _can_act(rule: AlertRule) -> bool:
    """Whether the rule's author could do it now by hand."""
    rows = Member.objects.filter(user=rule.author_id, workspace=rule.workspace_id)
    return rows.filter(user__is_active=True, role__gte=Role.CONTRIBUTOR).exists()


def _changes(
    rule: AlertRule, actor: Actor, now: int
) -> Iterator[tuple[BulkChange, ActionOutcome]]:
    if rule.tag_key:
        tags = {rule.tag_key: rule.tag_value or None}
        yield TagChange(tags).check(), ActionOutcome.TAGGED
    if rule.cancels_run:
        yield _RuleCancel(actor, now), ActionOutcome.CANCELED


def _apply(
    rule: AlertRule,
    runs: Sequence[int],
    change: BulkChange,
    done: ActionOutcome,
    actor: Actor,
    now: int,
) -> Counter[ActionOutcome]:
    result = BulkResult()
    try:
        with transaction.atomic():
            change_batch(rule.workspace, runs, change, result, actor=actor, now=now)
    except StudioError:
        return Counter({ActionOutcome.FAILED: len(runs)})
    found = Counter({done: result.changed})
    for skip, number in result.skipped.items():
        # A run that has the tag already is as the rule wants it.
        found[_OUTCOMES.get(skip, done)] += number
    return found


def _count(alert: int, outcomes: Counter[ActionOutcome]) -> None:
    # Last, because a purge locks the run before its alert, too.
    row = FiredAlert.objects.select_for_update(no_key=True).get(pk=alert)
    total = Counter(row.outcomes) + Counter(
        {outcome.value: number for outcome, number in outcomes.items()}
    )
    FiredAlert.objects.filter(pk=alert).update(outcomes=dict(total))


@dataclass(frozen=True)
class _RuleCancel(CancelChange):
    """Unlike that of a cancel by hand, its change set names the runs, for the rule."""

    def write(self, runs: Sequence[Run]) -> list[Edit]:
        rule = self.actor.alert_rule
        message = f"Cancel was requested by the alert rule {rule}"
        edits = []
        for run in runs:
            before = run.state
            request_cancel(run, actor=self.actor, now=self.now, message=message)
            edits.append(Edit("status", before.value, run.state.value, run))
        return edits
